"""Many cases at once, written as rows: for what has to be counted, listed and searched quickly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert

from gateway.models import Case
from gateway.store import Store

_AT_ONCE = 5_000


def put(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    """Insert cases; each row says only what matters to the test."""
    numbered = ({**_PLAIN, "number": f"{n:012}", **row} for n, row in enumerate(rows, 1))
    with store.write() as session:
        while batch := list(islice(numbered, _AT_ONCE)):
            session.execute(insert(Case), batch)


def filed(at: datetime, *, days: float | None = None, **facts: Any) -> dict[str, Any]:
    """A case that came at that time, and was answered so many days later if it was."""
    answered = None if days is None else at + timedelta(days=days)
    status = "routed" if days is None else "answered"
    due = at + timedelta(days=60)
    return {"created_at": at, "due_at": due, "answered_at": answered, "status": status, **facts}


_PLAIN: dict[str, Any] = {
    "kind": "complaint",
    "subject": None,
    "text": "نص",
    "language": "ar",
    "administration": "health",
    "confidence": 1.0,
    "candidates": [],
    "reasons": [],
    "city": None,
    "channel": "sms",
    "account": "",
    "rating": None,
    "reopened": 0,
    "version": 1,
}
