"""The bell: tells whoever works that rows wait. It carries no work itself; losing it costs time."""

from __future__ import annotations

import threading
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

    def event(self, kind: str, channel: str = "") -> threading.Event:
        """What the working thread waits for."""
        with self._lock:
            return self._events.setdefault((kind, channel), threading.Event())


class RedisBell:
    """The bell between processes: one RQ job waits per kind of work, however often it rings."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._queue = Queue("guichet", connection=self.redis)

    def ring(self, kind: str, channel: str = "") -> None:
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
