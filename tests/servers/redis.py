"""A Redis of our own on a free loopback port, that can be killed and started again."""

from __future__ import annotations

import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port


class RedisServer:
    """Use with ``with``. It keeps nothing on the disk: killed, it has forgotten everything."""

    def __init__(self) -> None:
        self._port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="guichet-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "redis-server", "--bind", "127.0.0.1", "--port", str(self._port),
                "--save", "", "--appendonly", "no", "--dir", self._folder.name,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = Redis.from_url(self.url)
        until = time.monotonic() + 10
        while True:
            try:
                client.ping()
            except RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                client.close()
                return

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        """Make it forget everything."""
        with Redis.from_url(self.url) as client:
            client.flushall()
