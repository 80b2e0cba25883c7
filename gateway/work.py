"""Does what waits: in threads of the serving process, or in RQ workers beside it."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker

from channels.base import Pulled
from gateway import clock
from gateway.house import House
from gateway.pipeline.poll import Progress
from gateway.queue import DELIVER, FETCH, PROCESS, Bell, RedisBell, ThreadBell
from gateway.rounds import make_rounds

log = structlog.get_logger(__name__)

#: A job leaves the worker to other kinds of work after so many seconds, and rings for what it did
#: not do: nobody's message waits longer for its turn, however long the backlogs are.
_SHARE = 0.3
#: After a batch that was not full the next one of its kind begins so many seconds later: what comes
#: meanwhile is done together, and a batch costs more than a message.
_APART = 0.1


def kinds(house: House) -> Iterator[tuple[str, str]]:
    """Every kind of work there is, as (kind, channel)."""
    yield PROCESS, ""
    yield FETCH, ""
    for channel in house.channels:
        yield DELIVER, channel


def batch(house: House, kind: str, channel: str) -> int:
    """Do one batch of one kind of work; how many rows were taken."""
    pipeline = house.pipeline
    match kind:
        case "process":
            return pipeline.process()
        case "fetch":
            return pipeline.fetch()
        case "deliver":
            return pipeline.deliver(channel)
    raise ValueError(kind)


class Threads:
    """The one-process install: a thread per kind of work and per pulled channel."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin. What another life of this process had claimed is due again at once."""
        self._house.store.release_claims(clock.now())
        self._house.warm_up()
        for kind, channel in kinds(self._house):
            self._begin(f"{kind} {channel}".strip(), self._work, kind, channel)
        self._begin("rounds", make_rounds, self._house, self._stop)
        for name, adapter in self._house.channels.items():
            if isinstance(adapter, Pulled):
                self._begin(f"poll {name}", self._house.pipeline.poll_until, name, self._stop)

    def stop(self, seconds: float = 10.0) -> None:
        """End after the batches in hand; waits for them so long."""
        self._stop.set()
        if isinstance(self._house.bell, ThreadBell):
            for kind, channel in kinds(self._house):
                self._house.bell.ring(kind, channel)
        until = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))

    def _begin(self, name: str, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, kind: str, channel: str) -> None:
        bell = self._house.bell
        assert isinstance(bell, ThreadBell)  # noqa: S101  # what an embedded house is built with
        rung = bell.event(kind, channel)
        while not self._stop.is_set():
            rung.wait(self._house.settings.sweep_seconds)
            # Cleared before draining: what is committed from here on rings again.
            rung.clear()
            while not self._stop.is_set() and _batch_safely(self._house, kind, channel):
                pass


#: How long pollers may take to finish what they have in hand, in seconds.
_GOODBYE = 3.0
#: How long to wait before listening again, once Redis has gone, in seconds.
_REDIS_PAUSE = 2.0
#: The house that this process's jobs work for, and what tells them to stop: RQ calls them with
#: nothing but their names.
_at_work: list[tuple[House, threading.Event]] = []


def drain_job(kind: str, channel: str) -> int:
    """What an RQ job runs. It never fails: RQ would keep what was raised, word for word."""
    house, stop = _at_work[-1]
    if isinstance(house.bell, RedisBell):
        house.bell.heard(kind, channel)
    return _take_turns(house, [(kind, channel)], stop)


class _Worker(SimpleWorker):
    """Told to stop, it ends after the batch in hand and not after the whole backlog."""

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ has no types here
        _at_work[-1][1].set()


def work(house: House) -> None:
    """Run an RQ worker in this process until it is told to stop.

    Jobs run without a fork: each drains many rows, and a fork would cost more than they do. A
    thread beside it sweeps for rows that no bell announced, and goes on alone while Redis is away.
    """
    bell = house.bell
    assert isinstance(bell, RedisBell)  # noqa: S101  # the command line made sure
    stop = threading.Event()
    _at_work.append((house, stop))
    house.warm_up()
    sweeper = threading.Thread(target=_sweep, args=(house, stop), name="sweep", daemon=True)
    sweeper.start()
    rounds = threading.Thread(target=make_rounds, args=(house, stop), name="rounds", daemon=True)
    rounds.start()
    try:
        while not _listen(bell):
            leave_when_asked()
            log.warning("work.without_redis", again_in=_REDIS_PAUSE)
            stop.wait(_REDIS_PAUSE)
    finally:
        stop.set()
        # A batch takes half a lease at most, and then the call that is on its way.
        sweeper.join(house.settings.lease_seconds)


def leave_when_asked() -> None:
    """End on SIGTERM, also as a container's first process, which it does not end by itself; and
    while RQ, which finishes its job first, does not listen for it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _listen(bell: RedisBell) -> bool:
    """Run jobs as they come; False when Redis went away, True when we were told to stop."""
    worker: Any = None
    try:
        worker = _Worker([Queue("guichet", connection=bell.redis)], connection=bell.redis)
        # Its own lines are written as loudly as all others.
        worker.work(with_scheduler=False, logging_level=logging.getLogger("rq").level)
    except RedisError:
        if worker is not None and worker.pubsub_thread is not None:
            # Its thread that hears commands would go on asking for ever, beside the next one's.
            worker.pubsub_thread.stop()
        return False
    return True


def poll(
    house: House,
    channels: Sequence[str],
    stop: threading.Event,
    progress: Progress | None = None,
) -> None:
    """Poll several channels, each in a thread of its own, until told to stop."""
    threads = [
        threading.Thread(
            target=house.pipeline.poll_until,
            args=(channel, stop, progress),
            name=f"poll {channel}",
            # What is stored is stored: a thread that still waits for its provider may just end.
            daemon=True,
        )
        for channel in channels
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(_GOODBYE / len(threads))


def _sweep(house: House, stop: threading.Event) -> None:
    """Do what no bell announced; while nobody can hear the bell, all that there is."""
    while not stop.wait(house.settings.sweep_seconds):
        while _take_turns(house, [*kinds(house)], stop) and not _can_be_heard(house.bell):
            pass


def _take_turns(house: House, wanted: Sequence[tuple[str, str]], stop: threading.Event) -> int:
    """Do these kinds of work, and those that they ring for, a batch of each in turn; until nothing
    is due, our share of time is over, or we are told to stop. How many rows were done."""
    bell = house.bell
    assert isinstance(bell, RedisBell)  # noqa: S101  # only a worker takes turns
    until, done = monotonic() + _SHARE, 0
    resting: dict[tuple[str, str], float] = {}
    with bell.keeping() as waiting:
        waiting.update(dict.fromkeys(wanted))
        while (waiting or resting) and not stop.is_set() and monotonic() < until:
            one = next(iter(waiting or resting))
            if one not in waiting:
                stop.wait(max(0.0, resting[one] - monotonic()))
            waiting.pop(one, None)
            resting.pop(one, None)
            begun = monotonic()
            if taken := _batch_safely(house, *one):
                done += taken
                if one in waiting:
                    # There is more of it than one batch: whoever is free may help.
                    bell.call(*one)
                else:
                    resting[one] = begun + _APART
    for one in waiting | resting:
        bell.call(*one)
    return done


def _can_be_heard(bell: Bell) -> bool:
    try:
        bell.check()
    except RedisError:
        return False
    return True


def _batch_safely(house: House, kind: str, channel: str) -> int:
    """One batch. It never raises: its thread outlives a lost database."""
    try:
        return batch(house, kind, channel)
    except Exception as error:  # noqa: BLE001  # the border: the sweep comes here again
        log.warning("work.failed", kind=kind, channel=channel, error=type(error).__name__)
        return 0
