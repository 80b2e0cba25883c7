"""Guichet as an operator runs it, and what it needs, each as a real process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.surge.told import Told
from tests.fakes.twilio import FROM, SID, TOKEN
from tests.road.running import Processes
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer
from tests.servers.service import Service

EMPTY = " with an empty view"
#: What can run, each with its command.
_COMMANDS = {
    "provider": "python -m benchmarks.surge.provider {provider} {told}",
    "web": "python -m gateway serve",
    f"web{EMPTY}": "python -m benchmarks.empty",
    "worker": "python -m gateway work",
    "poller": "python -m gateway poll",
}


class House(Service):
    """``processes`` on PostgreSQL or the ``database`` given, with Redis. Use with ``with``."""

    def __init__(
        self,
        folder: Path,
        *processes: str,
        postgres: Postgres | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._names, self._postgres, self._redis = processes, postgres, RedisServer()
        self._provider, self.told = free_port(), Told(folder / "told")
        self._folder, self._environ = folder, environ or {}
        self._open = ExitStack()

    def start(self) -> None:
        """Start all of it, and return once the web answers."""
        self._open.enter_context(self._redis)
        file = f"sqlite:///{self._folder}/guichet.db"
        self.database = self._postgres.database() if self._postgres else file
        self.running = Processes(
            self._folder,
            {
                "DATABASE_URL": self.database,
                "REDIS_URL": self._redis.url,
                "LOG_LEVEL": "warning",
                "TWILIO_ACCOUNT_SID": SID,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_FROM": FROM,
                "TWILIO_API_URL": f"http://127.0.0.1:{self._provider}",
                **self._environ,
            },
            *(
                _COMMANDS[name]
                .replace("{provider}", str(self._provider))
                .replace("{told}", str(self.told.file))
                for name in self._names
            ),
        )
        if (made := self.running.command("init-db")).returncode:
            raise SystemExit(made.stderr)
        self._open.enter_context(self.running)

    def close(self) -> None:
        """End all of it."""
        self._open.close()

    @property
    def port(self) -> int:
        """Where the web listens."""
        return self.running.port

    @property
    def hook(self) -> str:
        """Where the provider posts texts: what it signs begins with our public address."""
        return f"http://localhost:{self.port}/hooks/sms"

    @property
    def pids(self) -> dict[str, int]:
        """All processes by name; the second of its kind is called so."""
        pids: dict[str, int] = {}
        for place, pid in sorted(self.running.pids.items()):
            name = self._names[place].removesuffix(EMPTY)
            pids[f"{name} 2" if name in pids else name] = pid
        if self._postgres:
            pids["PostgreSQL"] = self._postgres.pid
        return pids | {"Redis": self._redis.pid}

    @contextmanager
    def asleep(self, what: str) -> Iterator[None]:
        """Those of a kind do nothing meanwhile: what they would do waits."""
        pids = [pid for name, pid in self.pids.items() if name.startswith(what)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
