"""Lets threads of one process share what each would otherwise do alone at the same moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from threading import Lock
from time import monotonic, sleep
from typing import Generic, TypeVar

from gateway.pipeline import fibres

Item = TypeVar("Item")
Result = TypeVar("Result")
#: Is given several, and answers for each in their order: what became of it, or what is to be raised
#: for it alone. What it raises itself is raised for all of them.
Work = Callable[[Sequence[Item]], Sequence[Result | Exception]]


class _Ticket(Generic[Item, Result]):
    """What a thread brought, and what became of it. ``called`` is held until the thread is called:
    because all of it is done, or because it is its turn to work."""

    __slots__ = ("called", "done", "items", "outcomes")

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.called = Lock()
        self.called.acquire()
        self.done = False
        self.outcomes: Sequence[Result | Exception] = ()


class Moment(Generic[Item, Result]):
    """Whoever finds nobody at work begins at once, so that one who is alone waits for nothing.
    What comes meanwhile is done together by the next one, however many they are.

    After several were done together, the next one first waits ``company`` seconds: where many
    come, more of them then share what it costs to begin.
    """

    def __init__(self, company: float = 0.0) -> None:
        self._company, self._next = company, 0.0
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._somebody_works = False
        self._lock = Lock()

    def share(self, item: Item, work: Work[Item, Result]) -> Result:
        """What became of ``item``. A thread that waits for it is woken once; one that makes several
        calls side by side brings the items of all."""
        outcome = fibres.together(self, item, partial(self._share_all, work))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _share_all(
        self, work: Work[Item, Result], items: Sequence[Item]
    ) -> Sequence[Result | Exception]:
        ticket: _Ticket[Item, Result] = _Ticket(items)
        with self._lock:
            self._waiting.append(ticket)
            waits, self._somebody_works = self._somebody_works, True
        if waits:
            ticket.called.acquire()
        if not ticket.done:
            self._do_all(ticket, work)
        return ticket.outcomes

    def _do_all(self, mine: _Ticket[Item, Result], work: Work[Item, Result]) -> None:
        """Do what waits; then call those for whom it is done, and first who works next."""
        batch: list[_Ticket[Item, Result]] = []
        try:
            sleep(max(0.0, self._next - monotonic()))
            with self._lock:
                batch += self._waiting
                self._waiting.clear()
            several = _do(batch, work) > 1
            self._next = monotonic() + self._company if several else 0.0
        finally:
            with self._lock:
                # A thread that is told to end in the middle of it leaves theirs to the others.
                left = [one for one in (*batch, *self._waiting) if not (one.done or one is mine)]
                self._waiting = deque(left)
                self._somebody_works = bool(left)
            for one in (*left[:1], *(one for one in batch if one.done)):
                one.called.release()


def _do(tickets: Sequence[_Ticket[Item, Result]], work: Work[Item, Result]) -> int:
    """Do all that they bring; how much it was."""
    items = [item for ticket in tickets for item in ticket.items]
    outcomes: Sequence[Result | Exception]
    try:
        outcomes = [outcome for _, outcome in zip(items, work(items), strict=True)]
    except Exception as error:  # noqa: BLE001  # raised again where each item came from
        outcomes = [error] * len(items)
    left = iter(outcomes)
    for ticket in tickets:
        ticket.outcomes = [*islice(left, len(ticket.items))]
        ticket.done = True
    return len(items)
