"""Writes messages that arrive at the same moment in one transaction: they share its commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable

from gateway.dialects import insert_into
from gateway.models import Message
from gateway.pipeline.moment import Moment
from gateway.store import Store, is_away, once_more

Row = Mapping[str, Any]

_UNIQUE = ("channel", "account", "external_id")


class Intake:
    """The door through which every thread of a process stores messages: those that come while one
    writes are written together, with one statement and one wait for the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._moment: Moment[Row, int | None] = Moment()

    def add(self, row: Row) -> int | None:
        """The id of the new message; None where it is stored already. It is committed when this
        returns. Raises what the database raises, and then it is not stored."""
        return self._moment.share(row, self.add_all)

    def add_all(self, rows: Sequence[Row]) -> Sequence[int | Exception | None]:
        """The same for rows that came together: of each its id, None, or what is to be raised."""
        try:
            return self._write_together(rows)
        except Exception as error:
            if len(rows) == 1 or is_away(error):
                raise
        # One of them is what the database does not take: the others shall not pay for it.
        return [self._write_alone(row) for row in rows]

    def _write_alone(self, row: Row) -> int | Exception | None:
        try:
            return self._write_together([row])[0]
        except Exception as error:  # noqa: BLE001  # raised again where the row came from
            return error

    def _write_together(self, rows: Sequence[Row]) -> Sequence[int | None]:
        new = once_more(lambda: self._insert(rows))
        # The same message twice at one moment: the later one is the duplicate.
        return [new.pop(tuple(row[name] for name in _UNIQUE), None) for row in rows]

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
