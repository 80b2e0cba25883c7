"""A gateway with its simulator, really started, and somebody who plays with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.road.running import ROOT
from tests.servers.ports import free_port
from tests.servers.service import PATIENCE

Entry = dict[str, Any]


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """``python -m gateway serve`` with SIMULATOR=1 on a free port; the simulator's address."""
    port = free_port()
    log = folder / "log"
    environ = {
        "PATH": os.environ["PATH"],
        "SIMULATOR": "1",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/guichet.db",
        "ATTACHMENTS_URL": f"file:{folder}/files",
        "SECRET_KEY": "for the tests only",
        # A browser does work for its form here too, but not for long.
        "SUBMIT_EFFORT": "50",
        # What it waits for at most when it is told to end.
        "POLL_SECONDS": "1",
    }
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve"],
            cwd=ROOT,
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}/simulator"
        _await(url, server, log)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=PATIENCE)


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(f"{url}/state", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError(f"the gateway did not start:\n{log.read_text()}")


class Visitor:
    """Does what the page's script does, and reads what it would show, each entry once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._last = 0
        self._unread: list[Entry] = []

    def do(self, name: str, person: str, **fields: str) -> None:
        """Do something on a device; what happened before it is no longer of interest."""
        self._look()
        self._unread.clear()
        answer = requests.post(
            f"{self.url}/do/{name}",
            data={"person": person, **fields},
            headers={"X-Guichet-Simulator": "1"},
            timeout=PATIENCE,
        )
        assert answer.status_code == 202, answer.text

    def next(self, kind: str, person: str, **facts: object) -> Entry:
        """The next entry of that kind, with those facts."""
        return self.until(kind, person, **facts)[-1]

    def until(self, kind: str, person: str, **facts: object) -> list[Entry]:
        """The person's entries of that kind up to the one with those facts."""
        passed: list[Entry] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for position, entry in enumerate(self._unread):
                if (entry["kind"], entry["person"]) != (kind, person) or entry in passed:
                    continue
                passed.append(entry)
                if facts.items() <= entry["data"].items():
                    del self._unread[: position + 1]
                    return passed
            time.sleep(0.05)
            self._look()
        raise AssertionError(f"no {kind} with {facts} came; only {passed}")

    def cases(self) -> list[dict[str, Any]]:
        """What lies on the desk."""
        return list(self._look()["cases"])

    def change(self, number: str, status: str, message: str) -> None:
        """Give a case a status, as the administration."""
        answer = self.try_change(number, status, message)
        assert answer.ok, answer.text

    def try_change(self, number: str, status: str, message: str) -> requests.Response:
        """The same, where it may be refused."""
        self._look()
        return requests.post(
            f"{self.url}/case/{number}",
            data={"status": status, "message": message},
            headers={"X-Guichet-Simulator": "1"},
            timeout=PATIENCE,
        )

    def _look(self) -> dict[str, Any]:
        url = f"{self.url}/state?since={self._last}"
        state: dict[str, Any] = requests.get(url, timeout=PATIENCE).json()
        for entry in state["entries"]:
            self._last = entry["seq"]
            self._unread.append(entry)
        return state
