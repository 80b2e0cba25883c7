"""The bell: tells whoever works that rows wait. It carries no work itself; losing it costs time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Protocol

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

log = structlog.get_logger(__name__)

#: The kinds of work. Delivering rings once per channel, so that a slow one delays no other.
PROCESS = "process"
FETCH = "fetch"
DELIVER = "deliver"

#: What an RQ job runs; named, not imported, because work knows the queue and not the reverse.
JOB = "gateway.work.drain_job"
#: A rung bell stays rung so long at most, should the worker that heard it die before draining.
_RUNG_SECONDS = 30
#: What is announced within so many seconds is rung once.
_TOGETHER = 0.01
#: A job that drains a long backlog ends by then; it rings again before it does.
JOB_SECONDS = 600


class Bell(Protocol):
    """Rings for one kind of work."""

    def ring(self, kind: str, channel: str = "") -> None:
        """Announce that rows wait. Never raises: the sweep finds what no bell announced."""
        ...

    def check(self) -> None:
        """Raise unless the bell can be heard."""
        ...

    def close(self) -> None:
        """Ring what is still to be rung."""
        ...


class ThreadBell:
    """The bell inside one process: an event per kind of work."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], threading.Event] = {}
        self._lock = threading.Lock()

    def ring(self, kind: str, channel: str = "") -> None:
        """Wake the thread that does this kind of work."""
        self.event(kind, channel).set()

    def check(self) -> None:
        """Nothing can come between threads of one process."""

    def close(self) -> None:
        """Nothing is rung later than at once."""

    def event(self, kind: str, channel: str = "") -> threading.Event:
        """What the working thread waits for."""
        with self._lock:
            return self._events.setdefault((kind, channel), threading.Event())


class RedisBell:
    """The bell between processes: one RQ job waits per kind of work, however often it rings.

    A thread rings it, so that nobody who stores a message waits for Redis, and so that a hundred
    messages a second are one ring and not a hundred.
    """

    def __init__(self, url: str) -> None:
        self.redis: Redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._queue = Queue("guichet", connection=self.redis)
        self._lock = threading.Lock()
        self._wanted: set[tuple[str, str]] = set()
        self._wake = threading.Event()
        self._ringer: threading.Thread | None = None
        self._here = threading.local()

    def ring(self, kind: str, channel: str = "") -> None:
        """Have it rung, within a hundredth of a second; or keep it, see ``keeping``."""
        kept: dict[tuple[str, str], None] | None = getattr(self._here, "kept", None)
        if kept is None:
            self.call(kind, channel)
        else:
            kept[kind, channel] = None

    @contextmanager
    def keeping(self) -> Iterator[dict[tuple[str, str], None]]:
        """What this thread rings for meanwhile, in order. It does that itself: nobody is told."""
        kept: dict[tuple[str, str], None] = {}
        self._here.kept = kept
        try:
            yield kept
        finally:
            self._here.kept = None

    def call(self, kind: str, channel: str = "") -> None:
        """Have it rung for whoever is free."""
        with self._lock:
            self._wanted.add((kind, channel))
            if self._ringer is None:
                self._ringer = threading.Thread(target=self._ring, name="bell", daemon=True)
                self._ringer.start()
        self._wake.set()

    def close(self) -> None:
        """Ring what is still to be rung: a command may end before its thread has come to it."""
        self._ring_all()

    def _ring(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._ring_all()
            sleep(_TOGETHER)

    def _ring_all(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, set()
        for kind, channel in wanted:
            self._ring_now(kind, channel)

    def _ring_now(self, kind: str, channel: str) -> None:
        """Enqueue one job, unless one waits already."""
        try:
            if self.redis.set(self._key(kind, channel), 1, nx=True, ex=_RUNG_SECONDS):
                self._queue.enqueue(
                    JOB, kind, channel, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600
                )
        except RedisError as away:
            log.warning("bell.unheard", kind=kind, channel=channel, error=type(away).__name__)

    def heard(self, kind: str, channel: str = "") -> None:
        """Let it ring again. Called before draining: rows committed later ring anew."""
        self.redis.delete(self._key(kind, channel))

    def check(self) -> None:
        """Raise RedisError unless Redis answers."""
        self.redis.ping()

    @staticmethod
    def _key(kind: str, channel: str) -> str:
        return f"guichet:bell:{kind}:{channel}"
