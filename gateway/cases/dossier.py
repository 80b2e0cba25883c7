"""All there is to a case, for whoever works on it: its thread, its people, its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cases.changing import extensions
from gateway.cases.view import CaseView, view_of
from gateway.models import AddressRow, AttachmentRow, Case, Message, OutboundRow, ReportRow, User
from gateway.notices import network_of

#: Other cases of the same person that are named.
_OTHERS = 10
_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class FileView:
    """A file. ``state`` is ``pending``, ``stored`` or ``failed``; ``error`` says why."""

    id: int
    name: str | None
    content_type: str | None
    size: int | None
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """One message of the citizen's, as the channel carried it."""

    id: int
    at: datetime
    channel: str
    #: Who wrote it: an address of theirs, and the name that they go by there.
    sender: str
    sender_name: str | None
    subject: str | None
    text: str
    language: str | None
    #: Who wrote a recording down, where a machine did.
    transcriber: str | None
    #: Why it is a machine's mail, where it is one.
    automatic: str | None
    location: Mapping[str, Any] | None
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of ours, and what became of it: ``arrived_at`` is when the provider said so."""

    id: int
    at: datetime
    channel: str
    network: str | None
    key: str
    subject: str | None
    text: str
    language: str
    state: str
    error: str | None
    tries: int
    due_at: datetime
    sent_at: datetime | None
    arrived_at: datetime | None
    automatic: bool
    segments: int | None
    files: tuple[str, ...]
    stopped: bool


@dataclass(frozen=True, slots=True)
class Noted:
    """What a colleague wrote down."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another case of the same person, or one that is treated together with this one."""

    number: str
    status: str
    about: str
    administration: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case with everything that hangs on it."""

    case: CaseView
    thread: tuple[Received | Sent | Noted, ...]
    others: tuple[Other, ...]
    doubles: tuple[Other, ...]
    #: The case that this one is treated together with.
    merged_into: str | None
    assignee: tuple[int, str] | None
    sent_by: str | None
    accepted_at: datetime | None
    confidence: float
    on_behalf: bool
    #: Several people use this address; nobody may be told there but who names the number.
    shared: bool
    #: They asked to hear no more at the address that answers go to.
    stopped: bool
    #: There is an address to answer to at all.
    reachable: bool
    warned: int
    extended_at: datetime | None
    extensions: int
    rating: int | None
    rating_word: str | None


def dossier_of(session: Session, case: Case) -> Dossier:
    """Read all of it."""
    view = view_of(session, case, staff=True)
    noted = [
        Noted(event.at, event.actor, str(event.data.get("text", "")))
        for event in view.events
        if event.kind == "note"
    ]
    thread: list[Received | Sent | Noted] = [
        *_received(session, case),
        *_sent(session, case),
        *noted,
    ]
    assignee = session.get(User, case.assignee_id) if case.assignee_id else None
    into = session.get(Case, case.merged_into) if case.merged_into else None
    address = case.address
    return Dossier(
        case=view,
        thread=tuple(sorted(thread, key=lambda one: one.at)),
        others=_others(session, case),
        doubles=_named(session, Case.merged_into == case.id),
        merged_into=into.number if into else None,
        assignee=(assignee.id, assignee.name) if assignee else None,
        sent_by=case.sent_by,
        accepted_at=case.accepted_at,
        confidence=case.confidence,
        on_behalf=case.on_behalf,
        shared=address is not None and address.shared,
        stopped=address is not None and address.stopped_at is not None,
        reachable=address is not None,
        warned=case.warned,
        extended_at=case.extended_at,
        extensions=extensions(session, case),
        rating=case.rating,
        rating_word=case.rating_word,
    )


def _received(session: Session, case: Case) -> list[Received]:
    messages = session.scalars(
        select(Message).where(Message.case_id == case.id).order_by(Message.id)
    ).all()
    files = _files(session, messages)
    return [
        Received(
            id=one.id,
            at=one.received_at,
            channel=one.channel,
            sender=one.sender,
            sender_name=one.sender_name,
            subject=one.subject,
            text=one.text,
            language=one.language,
            transcriber=one.hints.get("transcriber"),
            automatic=one.hints.get("auto") or one.hints.get("bounce"),
            location=one.location,
            files=tuple(files[one.id]),
        )
        for one in messages
    ]


def _files(session: Session, messages: Sequence[Message]) -> Mapping[int, list[FileView]]:
    rows = session.scalars(
        select(AttachmentRow)
        .where(AttachmentRow.message_id.in_([one.id for one in messages]))
        .order_by(AttachmentRow.message_id, AttachmentRow.position)
    )
    files: defaultdict[int, list[FileView]] = defaultdict(list)
    for row in rows:
        files[row.message_id].append(
            FileView(row.id, row.filename, row.content_type, row.size, row.state, row.error)
        )
    return files


def _sent(session: Session, case: Case) -> list[Sent]:
    rows = (
        session.scalars(
            select(OutboundRow).where(OutboundRow.case_id == case.id).order_by(OutboundRow.id)
        )
        .unique()
        .all()
    )
    arrivals = _arrivals(session, rows)
    return [
        Sent(
            id=row.id,
            at=row.created_at,
            channel=row.channel,
            network=network_of(row.account),
            key=row.key,
            subject=row.subject,
            text=row.text,
            language=row.language,
            state=row.state,
            error=row.error,
            tries=row.tries,
            due_at=row.due_at,
            sent_at=row.sent_at,
            arrived_at=arrivals.get((row.channel, row.provider_id)),
            automatic=row.automatic,
            segments=row.segments,
            files=tuple(name or "" for _, name, _ in row.files),
            stopped=row.address.stopped_at is not None,
        )
        for row in rows
    ]


def _arrivals(
    session: Session, rows: Sequence[OutboundRow]
) -> Mapping[tuple[str, str | None], datetime]:
    """When the providers said that each message had arrived."""
    ids = [row.provider_id for row in rows if row.provider_id]
    reports = session.execute(
        select(ReportRow.channel, ReportRow.provider_id, ReportRow.at).where(
            ReportRow.provider_id.in_(ids), ReportRow.status == "delivered"
        )
    )
    return {(channel, provider_id): at for channel, provider_id, at in reports}


def _others(session: Session, case: Case) -> tuple[Other, ...]:
    if case.contact_id is None:
        return ()
    # Addresses that are shared prove nothing about who wrote.
    shared = select(AddressRow.id).where(
        AddressRow.contact_id == case.contact_id, AddressRow.shared.is_(True)
    )
    return _named(
        session,
        Case.contact_id == case.contact_id,
        Case.id != case.id,
        Case.address_id.not_in(shared) | Case.address_id.is_(None),
    )


def _named(session: Session, *where: Any) -> tuple[Other, ...]:
    rows = session.scalars(select(Case).where(*where).order_by(Case.id.desc()).limit(_OTHERS))
    return tuple(
        Other(
            case.number,
            case.status,
            (case.subject or case.text)[:_EXCERPT],
            case.administration,
            case.created_at,
        )
        for case in rows
    )
