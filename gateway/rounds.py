"""What is done by the clock: each round looks for what has become due and does it once.

Every worker makes the rounds. What one has done another must not do again, so a round claims its
rows or gives what it queues a cause that is unique.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog

from gateway import clock, links, proofs, questions, search
from gateway.asking import give_up
from gateway.house import House
from gateway.pipeline import pace, transcribe
from gateway.reconcile import reconcile_by_clock
from gateway.reminders import remind

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of work by the clock. ``seconds`` lie between two of them."""

    name: str
    seconds: float
    make: Callable[[House, datetime], object]


def _give_up(house: House, now: datetime) -> None:
    give_up(house.pipeline.parts, now)


def _learn(house: House, now: datetime) -> None:
    house.learner.retrain_if_due(now)


def _forget(house: House, now: datetime) -> None:
    with house.store.write() as session:
        links.forget(session, now)
        proofs.forget(session, now)


def _index(house: House, _now: datetime) -> None:
    with house.store.write() as session:
        search.catch_up(session)


def mend_clock(house: House, now: datetime) -> None:
    """After a clock that was ahead has been put right, what was put off by it would wait for hours:
    let it be done now."""
    house.store.release_claims(now, beyond=clock.LEAP)
    house.store.release_claims(now, beyond=clock.LONGEST_WAIT, failed=True)
    pace.mend(house.pipeline.parts, now)
    transcribe.mend(house.pipeline.parts, now)
    with house.store.write() as session:
        questions.mend(session, now)


ROUNDS: tuple[Round, ...] = (
    Round("forget", 3600, _forget),
    Round("learn", 600, _learn),
    Round("search", 300, _index),
    Round("reconcile", 900, reconcile_by_clock),
    Round("remind", 300, remind),
    Round("questions", 30, _give_up),
    Round("clock", 15, mend_clock),
)


def make_rounds(house: House, stop: threading.Event, rounds: Sequence[Round] | None = None) -> None:
    """Make every round in its time until told to stop."""
    rounds = ROUNDS if rounds is None else rounds
    due = {one.name: monotonic() + one.seconds for one in rounds}
    while not stop.wait(max(0.0, min(due.values()) - monotonic())):
        for one in rounds:
            if monotonic() < due[one.name]:
                continue
            make_round(house, one)
            due[one.name] = monotonic() + one.seconds


def make_round(house: House, one: Round) -> None:
    """Make one round now; what goes wrong is logged, and tried again in the next one."""
    try:
        one.make(house, clock.now())
    except Exception as error:  # noqa: BLE001  # the border: the other rounds go on
        log.warning("round.failed", round=one.name, error=type(error).__name__)
