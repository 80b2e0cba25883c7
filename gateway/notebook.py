"""Keeps what adapters remember between the steps of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete

from gateway import clock
from gateway.models import NoteRow
from gateway.store import Store

#: No call and no dialogue lasts so long.
KEPT = timedelta(days=1)


class Notes:
    """The ``Notebook`` of every adapter, in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, key: str) -> Mapping[str, str]:
        """What was last written under a key."""
        with self._store.read() as session:
            row = session.get(NoteRow, key)
            return dict(row.data) if row else {}

    def write(self, key: str, facts: Mapping[str, str]) -> None:
        """Keep ``facts``, and let go of what is too old to be needed."""
        now, data = clock.now(), dict(facts)
        with self._store.write() as session:
            session.execute(delete(NoteRow).where(NoteRow.at < now - KEPT))
            session.execute(
                self._store.insert(NoteRow)
                .values(key=key, data=data, at=now)
                .on_conflict_do_update(index_elements=["key"], set_={"data": data, "at": now})
            )
