"""A case as people see it: citizens their part, staff all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.models import Case, Event, OutboundRow

#: Events that are the staff's own business, and what of other events is.
_PRIVATE_KINDS = frozenset({"note", "assigned", "sorted", "warned"})
_PRIVATE_DATA = frozenset({"because", "form", "user"})


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of a case's history."""

    at: datetime
    actor: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SaidView:
    """One thing an administration said to the citizen. ``state`` is what became of it, ``segments``
    as how many SMS it is billed."""

    at: datetime
    key: str
    text: str
    channel: str
    state: str
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as people see it. Times are aware and in UTC."""

    id: int
    number: str
    status: str
    kind: str
    subject: str | None
    text: str
    transcribed: bool
    language: str
    channel: str
    administration: str | None
    city: str | None
    created_at: datetime
    due_at: datetime
    closed_at: datetime | None
    version: int
    #: How many administrations have sent it on, and whether that is now for an arbiter.
    hops: int
    disputed: bool
    candidates: tuple[tuple[str, float], ...]
    reasons: tuple[str, ...]
    events: tuple[EventView, ...]
    replies: tuple[SaidView, ...]


def view_of(session: Session, case: Case, *, staff: bool = False) -> CaseView:
    """The case with its history; without ``staff``, only what its citizen may see of it."""
    events = session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.id)).all()
    said = session.scalars(
        select(OutboundRow).where(OutboundRow.case_id == case.id).order_by(OutboundRow.id)
    ).all()
    return CaseView(
        id=case.id,
        number=case.number,
        status=case.status,
        kind=case.kind,
        subject=case.subject,
        text=case.text,
        transcribed=case.transcribed,
        language=case.language,
        channel=case.channel,
        administration=case.administration,
        city=case.city,
        created_at=case.created_at,
        due_at=case.due_at,
        closed_at=case.closed_at,
        version=case.version,
        hops=case.hops,
        disputed=case.disputed,
        candidates=tuple((slug, share) for slug, share in case.candidates),
        reasons=tuple(case.reasons),
        events=tuple(
            EventView(one.at, one.actor, one.kind, one.data if staff else _public(one.data))
            for one in events
            if staff or one.kind not in _PRIVATE_KINDS
        ),
        replies=tuple(
            SaidView(one.created_at, one.key, one.text, one.channel, one.state, one.segments)
            for one in said
        ),
    )


def _public(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _PRIVATE_DATA}
