"""A Redis of our own on a free loopback port, that can be killed and started again."""

from __future__ import annotations

import subprocess
import tempfile
import time

from redis import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port
from tests.servers.service import PATIENCE, Service


class RedisServer(Service):
    """Use with ``with``. It keeps nothing on the disk: killed, it has forgotten everything.
    ``host`` is where it listens."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="guichet-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://{self._host}:{self._port}/0"

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "redis-server", "--bind", self._host, "--port", str(self._port),
                "--protected-mode", "no",
                "--save", "", "--appendonly", "no", "--dir", self._folder.name,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = Redis.from_url(self.url)
        until = time.monotonic() + PATIENCE
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
