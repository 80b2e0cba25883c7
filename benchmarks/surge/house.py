"""Guichet as an operator runs it, and what it needs, each as a real process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.surge.machine import cpu_seconds, memory
from tests.fakes.twilio import FROM, SID, TOKEN
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer

ROOT = Path(__file__).parents[2]


class House:
    """PostgreSQL, Redis, a provider, the web and workers. Use with ``with``."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, workers
        self.port, self._provider_port = free_port(), free_port()
        self.told = folder / "told"
        self.postgres, self._redis = Postgres(durable=True), RedisServer()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.postgres.__enter__()
        self._redis.__enter__()
        self.database = self.postgres.database()
        self.environ = {
            **os.environ,
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SECRET_KEY": "for the benchmark only",
            "DATABASE_URL": self.database,
            "REDIS_URL": self._redis.url,
            "ATTACHMENTS_URL": f"file:{self.folder}/files",
            "LOG_LEVEL": "warning",
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": FROM,
            "TWILIO_API_URL": f"http://127.0.0.1:{self._provider_port}",
        }
        self.told.touch()
        subprocess.run(
            [sys.executable, "-m", "gateway", "init-db"], env=self.environ, check=True, cwd=ROOT
        )
        self._start("provider", "benchmarks.surge.provider", str(self._provider_port), self.told)
        self._start("web", "gateway", "serve")
        for n in range(self.workers):
            self._start(f"worker {n + 1}", "gateway", "work")
        self.eventually(self._answers, "the web")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._redis.__exit__(kind, error, trace)
        self.postgres.__exit__(kind, error, trace)

    def costs(self) -> dict[str, float]:
        """CPU seconds so far, by process."""
        return {name: cpu_seconds(pid) for name, pid in self._pids().items()}

    def sizes(self) -> dict[str, float]:
        """Resident megabytes, by process."""
        return {name: memory(pid) / 2**20 for name, pid in self._pids().items()}

    def heard(self) -> dict[str, float]:
        """When the provider was last told something for each number."""
        lines = self.told.read_text().splitlines()
        return {to: float(at) for to, _, at in (line.partition(" ") for line in lines)}

    def eventually(self, look: Callable[[], bool], what: str, seconds: float = 300) -> None:
        """Wait until something is so."""
        until = time.monotonic() + seconds
        while not look():
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise SystemExit(f"{name} ended; see {self.folder / name}.log")
            if time.monotonic() > until:
                raise SystemExit(f"{what} did not come within {seconds:.0f} seconds")
            time.sleep(0.1)

    def _start(self, name: str, module: str, *arguments: str | Path) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _pids(self) -> dict[str, int]:
        pids = {name: process.pid for name, process in self._running.items()}
        return pids | {"postgresql": self.postgres.pid, "redis": self._redis.pid}

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False
