"""Lets one thread make several calls side by side: each goes on until it waits for the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it publishes none

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(slots=True)
class _Meeting:
    """Calls that wait for one another, what they brought, and what is to be done with that."""

    work: Callable[[Sequence[Any]], Sequence[Any]]
    fibres: list[_Fibre] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)


class _Fibre(greenlet):  # type: ignore[misc]  # as above
    """One of the calls. It runs in the thread that made it, and nothing interrupts it."""

    def __init__(self, call: Callable[[], None], meetings: dict[Hashable, _Meeting]) -> None:
        super().__init__(call)
        self.meetings = meetings


def run(calls: Iterable[Callable[[], None]]) -> None:
    """Make all of these calls, none of which raises."""
    meetings: dict[Hashable, _Meeting] = {}
    for call in calls:
        _Fibre(call, meetings).switch()
    while meetings:
        _, meeting = meetings.popitem()
        try:
            outcomes = meeting.work(meeting.items)
        except BaseException as error:  # noqa: BLE001  # each of them hears of it
            outcomes = [error] * len(meeting.items)
        for fibre, outcome in zip(meeting.fibres, outcomes, strict=True):
            fibre.switch(outcome)


def together(
    what: Hashable, item: Item, work: Callable[[Sequence[Item]], Sequence[Outcome]]
) -> Outcome:
    """What ``work`` makes of ``item``. It is given the items of all calls side by side that are
    about the same, when each of them has come so far; else this one alone."""
    fibre = getcurrent()
    if not isinstance(fibre, _Fibre):
        return work([item])[0]
    meeting = fibre.meetings.setdefault(what, _Meeting(work))
    meeting.fibres.append(fibre)
    meeting.items.append(item)
    outcome: Outcome = fibre.parent.switch()
    return outcome
