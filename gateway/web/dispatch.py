"""Hands requests to the server's threads: each to one, but webhooks that wait together to one."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from threading import Lock

from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher

from gateway.pipeline import fibres

#: While what one thread has read is being stored, another one reads what came meanwhile.
_AT_ONCE = 2


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # the library publishes no types
    """Waitress's own, but for requests to ``paths``: a thread answers all that wait, side by side.
    With a thread for each they would take turns at the interpreter and hand one another their rows,
    which costs as much as storing them."""

    def __init__(self, paths: Collection[str]) -> None:
        super().__init__()
        self._paths = paths
        self._waiting: list[HTTPChannel] = []
        self._at_work = 0
        self._door = Lock()

    def add_task(self, task: HTTPChannel) -> None:
        """Have a connection's first request answered."""
        request = task.requests[0]
        if request.error or request.path not in self._paths:
            super().add_task(task)
            return
        with self._door:
            self._waiting.append(task)
            more = self._at_work < _AT_ONCE
            self._at_work += more
        if more:
            super().add_task(self)

    def service(self) -> None:
        """Answer all that wait: a thread calls it, as of any task."""
        with self._door:
            taken, self._waiting = self._waiting, []
        fibres.run(partial(self._answer, one) for one in taken)
        with self._door:
            more = bool(self._waiting)
            self._at_work -= not more
        if more:
            # In line again: also where threads are few, a surge lets others in between.
            super().add_task(self)

    def cancel(self) -> None:
        """Leave those unanswered who wait: the server ends."""
        for one in self._waiting:
            one.cancel()

    def _answer(self, one: HTTPChannel) -> None:
        try:
            one.service()
        except BaseException:
            # As waitress does: the thread has others to answer.
            self.logger.exception("Exception when servicing %r", one)
