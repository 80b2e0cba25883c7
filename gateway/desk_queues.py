"""The queues of the desk: which cases are in each, in words that an index of theirs knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, literal_column, true

from gateway.models import OPEN, TURNED, Case
from gateway.roles import StaffView

#: An open case that falls due within so long is due soon.
SOON = timedelta(days=7)
#: The queue of every case. It begins with what was received last; the others with the most urgent.
ALL = "all"

Condition = ColumnElement[bool]
Queue = Callable[[StaffView, datetime], Condition]

# As text: no planner knows from a value that is filled in later which rows a partial index has.
_open: Condition = literal_column(OPEN)
_turned: Condition = literal_column(TURNED)


def _mine(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.assignee_id == who.id)


def _unassigned(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.assignee_id.is_(None), Case.administration.is_not(None))


def _triage(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.administration.is_(None), Case.disputed.is_(False))


def _disputed(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.administration.is_(None), Case.disputed.is_(True))


def _arriving(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.sent_by.is_not(None), Case.accepted_at.is_(None))


def _soon(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.due_at >= now, Case.due_at < now + SOON)


def _late(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.due_at < now)


def _awaiting(who: StaffView, now: datetime) -> Condition:
    return and_(_turned, Case.status == "awaiting_citizen")


def _reopened(who: StaffView, now: datetime) -> Condition:
    return and_(_turned, Case.status == "reopened")


def _all(who: StaffView, now: datetime) -> Condition:
    return true()


#: The queues, in the order in which they are shown.
QUEUES: Mapping[str, Queue] = {
    "mine": _mine,
    "unassigned": _unassigned,
    "triage": _triage,
    "disputed": _disputed,
    "arriving": _arriving,
    "soon": _soon,
    "late": _late,
    "awaiting": _awaiting,
    "reopened": _reopened,
    ALL: _all,
}
#: Those of cases that are no administration's.
NOBODYS = ("triage", "disputed")


def queues_of(who: StaffView) -> list[str]:
    """The queues that can hold something for them."""
    hidden: set[str] = set()
    if who.role == "triage":
        hidden = set(QUEUES) - {"mine", ALL, *NOBODYS}
    elif who.administration is not None:
        hidden = set(NOBODYS)
    if who.role == "auditor":
        hidden = {"mine"}
    return [name for name in QUEUES if name not in hidden]
