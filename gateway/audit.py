"""What the staff read and did, for ever: rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, lt
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.models import Audit, Case
from gateway.roles import StaffView
from gateway.store import Store

PAGE = 100
#: Every act there is. Which of them occur, only the whole trail could tell.
ACTS = (
    "read", "list", "download", "reply", "note", "accept", "begin", "take", "leave", "assign",
    "transfer", "return", "extend", "refuse", "merge", "reopen", "sort", "change", "login",
    "login refused", "password chosen", "password set", "user added", "user changed",
    "user invited", "user disabled", "user enabled", "template kept", "template dropped",
    "article kept", "article dropped", "retry", "audit read", "audit exported",
)  # fmt: skip


def note(
    session: Session, who: StaffView | str, act: str, case_id: int | None, **data: object
) -> None:
    """Write one line into the audit trail, in the transaction of what it tells of.

    ``who`` is a name where no account did it: a token's, or ``console``.
    """
    user_id, name = (None, who) if isinstance(who, str) else (who.id, who.name)
    session.add(
        Audit(at=clock.now(), user_id=user_id, who=name, act=act, case_id=case_id, data=data)
    )


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing that somebody read or did."""

    id: int
    at: datetime
    user_id: int | None
    who: str
    act: str
    number: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What the trail is narrowed to: a case's number, an account, an act, a span of time."""

    number: str | None = None
    user_id: int | None = None
    act: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """The trail, for auditors: the latest first."""

    store: Store

    def look(self, filters: AuditFilters, before: int | None = None) -> list[AuditLine]:
        """A page of lines, older than the one with the id ``before``."""
        statement = (
            select(Audit, Case.number)
            .outerjoin(Case, Case.id == Audit.case_id)
            .where(*_conditions(filters))
            .order_by(Audit.id.desc())
            .limit(PAGE)
        )
        if before is not None:
            statement = statement.where(Audit.id < before)
        with self.store.read() as session:
            return [
                AuditLine(row.id, row.at, row.user_id, row.who, row.act, number, row.data)
                for row, number in session.execute(statement)
            ]

    def all(self, filters: AuditFilters) -> Iterator[AuditLine]:
        """Every line, read page by page."""
        before = None
        while lines := self.look(filters, before):
            yield from lines
            before = lines[-1].id


def _conditions(filters: AuditFilters) -> list[ColumnElement[bool]]:
    return [
        compared(column, wanted)
        for column, compared, wanted in (
            (Case.number, eq, filters.number),
            (Audit.user_id, eq, filters.user_id),
            (Audit.act, eq, filters.act),
            (Audit.at, ge, filters.since),
            (Audit.at, lt, filters.until),
        )
        if wanted is not None
    ]
