"""Lets threads of one process share what each would otherwise do alone at the same moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Ticket(Generic[Item, Result]):
    """What somebody brought, and what became of it."""

    __slots__ = ("done", "error", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.done = False
        self.result: Result
        self.error: Exception | None = None


class Moment(Generic[Item, Result]):
    """Whoever finds nobody at work begins at once, so that one who is alone waits for nothing.
    What comes meanwhile is done together by the next one, however many they are."""

    def __init__(self) -> None:
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._working = Lock()

    def share(self, item: Item, work: Callable[[Sequence[Item]], Sequence[Result]]) -> Result:
        """What became of ``item``. ``work`` is given several and answers for each, in their order;
        what it raises is raised for all of them."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        self._waiting.append(ticket)
        with self._working:
            if not ticket.done:
                waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
                # It waits no more where whoever took it along was told to end.
                _do([ticket, *(one for one in waiting if one is not ticket)], work)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result


def _do(
    tickets: Sequence[_Ticket[Item, Result]], work: Callable[[Sequence[Item]], Sequence[Result]]
) -> None:
    try:
        results = work([ticket.item for ticket in tickets])
        for ticket, result in zip(tickets, results, strict=True):
            ticket.result, ticket.done = result, True
    except Exception as error:  # noqa: BLE001  # raised again where each item came from
        for ticket in tickets:
            ticket.error, ticket.done = error, True
