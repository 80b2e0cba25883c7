"""Writes messages that arrive at the same moment in one transaction: they share its commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import Executable

from gateway.dialects import insert_into
from gateway.models import Message
from gateway.store import Store, is_away, once_more

Row = Mapping[str, Any]

_UNIQUE = ("channel", "account", "external_id")


class _Ticket:
    """A row that waits to be written, and what became of it. ``called`` is held until its thread
    is called: its row is written, or it is its turn to write."""

    __slots__ = ("called", "error", "id", "row", "written")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.called = Lock()
        self.called.acquire()
        self.written = False
        self.id: int | None = None
        self.error: Exception | None = None


class Intake:
    """The door through which every thread of a process stores messages.

    Whoever finds nobody writing writes at once, so that a lone message waits for nothing. What
    comes meanwhile is written together by the next one: one statement and one wait for the disk,
    however many they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[_Ticket] = deque()
        self._somebody_writes = False
        self._lock = Lock()

    def add(self, row: Row) -> int | None:
        """The id of the new message; None where it is stored already. It is committed when this
        returns. Raises what the database raises, and then it is not stored."""
        ticket = _Ticket(row)
        with self._lock:
            self._waiting.append(ticket)
            waits, self._somebody_writes = self._somebody_writes, True
        if waits:
            ticket.called.acquire()
        if not ticket.written:
            self._write_all(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.id

    def _write_all(self, mine: _Ticket) -> None:
        """Write what waits; then call those whose rows are written, and first who writes next."""
        with self._lock:
            batch = [*self._waiting]
            self._waiting.clear()
        try:
            self._write(batch)
        finally:
            with self._lock:
                # A thread that is told to end in the middle of it leaves their rows to the others.
                left = [one for one in batch if not (one.written or one is mine)]
                self._waiting.extendleft(reversed(left))
                self._somebody_writes = bool(self._waiting)
                following = [self._waiting[0]] if self._waiting else []
            for one in (*following, *(one for one in batch if one.written)):
                one.called.release()

    def _write(self, batch: Sequence[_Ticket]) -> None:
        try:
            self._write_together(batch)
        except Exception as error:  # noqa: BLE001  # raised again where each row came from
            if len(batch) == 1 or is_away(error):
                for ticket in batch:
                    ticket.error = error
            else:
                # One of them is what the database does not take: the others shall not pay for it.
                for ticket in batch:
                    self._write([ticket])
        for ticket in batch:
            ticket.written = True

    def _write_together(self, batch: Sequence[_Ticket]) -> None:
        rows = [ticket.row for ticket in batch]
        new = once_more(lambda: self._insert(rows))
        for ticket in batch:
            # The same message twice at one moment: the later one is the duplicate.
            ticket.id = new.pop(tuple(ticket.row[name] for name in _UNIQUE), None)

    def _insert(self, rows: Sequence[Row]) -> dict[tuple[str, ...], int]:
        """The ids of those that were not there yet, by what makes them unique."""
        with self._store.at_once() as connection:
            found = connection.execute(insertion(sqlite=self._store.is_sqlite), rows).all()
        return {tuple(names): id_ for id_, *names in found}


@cache
def insertion(*, sqlite: bool) -> Executable:
    """Stores messages that are not there yet. Built once: that costs more than sending it."""
    unique = [getattr(Message, name) for name in _UNIQUE]
    into = insert_into(Message, sqlite=sqlite).on_conflict_do_nothing(index_elements=unique)
    return into.returning(Message.id, *unique)
