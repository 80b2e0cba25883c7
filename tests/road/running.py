"""Guichet as its users start it: real processes that can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service

ROOT = Path(__file__).parents[2]
#: Calls to providers that one process has on their way at a time: those that a kill may repeat.
ON_THEIR_WAY = 8

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], what: str) -> Found:
    """What ``look`` finds once it finds something."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come")


class Processes(Service):
    """``python -m gateway`` commands with one environment. Use with ``with``."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *commands: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PORT": str(self.port),
            "SECRET_KEY": "for the tests only",
            # These visitors have no JavaScript, and no time to wait.
            "SUBMIT_EFFORT": "0",
            "ATTACHMENTS_URL": f"file:{folder}/attachments",
            **environ,
        }
        self._commands = commands
        self._log = folder / "log"
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def log(self) -> str:
        """All that was logged so far."""
        return self._log.read_text(encoding="utf-8")

    def close(self) -> None:
        """End them all at once."""
        self.kill()

    def start(self) -> None:
        """Start those that do not run, and wait until the web answers."""
        self.begin()
        eventually(self._answers, f"the web ({self._log})")

    def begin(self) -> None:
        """Start those that do not run."""
        for place in range(len(self._commands)):
            if place not in self._running:
                self._begin(place)

    def _begin(self, place: int) -> None:
        with self._log.open("ab") as log:
            self._running[place] = subprocess.Popen(
                self._commands[place].format(port=self.port).split(),
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *places: int) -> None:
        """End them at once, as a power cut does: all, or those at these places of the commands."""
        for place in places or [*self._running]:
            process = self._running.pop(place)
            # Honcho gives its processes groups of their own: they would live on without it.
            family = _begun_by(process.pid)
            # Who ended by itself left nobody to kill.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()

    @property
    def pids(self) -> dict[int, int]:
        """The processes that run, by their places."""
        return {place: process.pid for place, process in self._running.items()}

    def alive(self) -> bool:
        """Whether none of them ended by itself."""
        return all(process.poll() is None for process in self._running.values())

    def stop(self, *places: int) -> list[int]:
        """Ask them to stop, as a service manager does: all, or those at these places of the
        commands; their exit codes."""
        asked = [self._running.pop(place) for place in places or [*self._running]]
        for process in asked:
            process.send_signal(signal.SIGTERM)
        return [process.wait(PATIENCE) for process in asked]

    def command(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run another command beside them, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            cwd=ROOT,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _answers(self) -> bool:
        for process in self._running.values():
            if process.poll() is not None:
                raise AssertionError(f"{process.args!r} ended:\n{self.log}")
        try:
            with urlopen(f"{self.url}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False


def _begun_by(pid: int) -> list[int]:
    """The processes that one began, and what these began in turn (man 5 proc)."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]
