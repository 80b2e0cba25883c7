"""What people do to a case: look at it, answer, transfer, close, reopen. Each writes history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from channels.base import AddressKind, Attachment
from gateway import clock
from gateway.files import Files, content_type
from gateway.labels import note, note_confirmed
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Event, OutboundRow
from gateway.notices import FILE_CHANNELS, Notices
from gateway.queue import DELIVER, Bell
from gateway.store import Store
from normalizer.contact import Address, canonical
from routing.directory import Directory

#: Statuses a person may give, each with the sentence that tells the citizen.
NOTICES = {
    "routed": "transferred",
    "in_progress": "in_progress",
    "awaiting_citizen": "question",
    "answered": "answered",
    "closed": "closed",
    "inadmissible": "inadmissible",
    "reopened": "reopened",
}
#: These say nothing without words: a question needs asking, a refusal its reason.
NEEDS_MESSAGE = ("awaiting_citizen", "answered", "inadmissible")
#: By these an administration takes up what was routed to it.
_CONFIRMS = ("in_progress", "awaiting_citizen", "answered")
#: So often a case is sent on until a person above the administrations decides whose it is.
HOPS = 3
#: An answer longer than this belongs into a document.
MESSAGE_LIMIT = 4000


class CaseError(Exception):
    """What was asked of a case cannot be done; the message says why, for the person who asked."""


class UnknownCase(CaseError):
    """No case has that number."""


class Conflict(CaseError):
    """Somebody else changed the case meanwhile."""


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


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases, for those who handle them and those who ask about their own."""

    store: Store
    files: Files
    directory: Directory
    bell: Bell
    notices: Notices

    def view(self, number: str) -> CaseView | None:
        """A case by its number alone: for staff and for receipts that we signed."""
        with self.store.read() as session:
            case = session.scalar(select(Case).where(Case.number == number))
            return _view(session, case) if case else None

    def look_up(self, number: str, address: str) -> CaseView | None:
        """A case by its number and an address it was filed from, as a person types it."""
        wanted = self._address(address)
        if wanted is None:
            return None
        with self.store.read() as session:
            case = session.scalar(
                select(Case)
                .join(CaseAddress, CaseAddress.case_id == Case.id)
                .join(AddressRow, AddressRow.id == CaseAddress.address_id)
                .where(
                    Case.number == number,
                    AddressRow.kind == wanted.kind,
                    # Phones begin a field with a capital; no two mailboxes differ in that.
                    func.lower(AddressRow.value) == wanted.value.lower(),
                )
            )
            return _view(session, case) if case else None

    def latest(self, limit: int) -> list[CaseView]:
        """The newest cases, newest first."""
        with self.store.read() as session:
            rows = session.scalars(select(Case).order_by(Case.id.desc()).limit(limit))
            return [_view(session, case) for case in rows.all()]

    def change(
        self,
        number: str,
        *,
        status: str,
        message: str | None = None,
        administration: str | None = None,
        actor: str,
        version: int | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> CaseView:
        """Give a case a new status, write it into its history, and tell the citizen.

        ``version`` is the one the person saw; another one raises Conflict. ``attachments`` go
        along with the message, on channels that carry files. Raises UnknownCase, and CaseError
        for what makes no sense.
        """
        # Files first: a row must never point at bytes that a crash took away.
        kept = [_kept(self.files, attachment) for attachment in attachments]
        message = (message or "").strip() or None
        now = clock.now()
        try:
            with self.store.write() as session:
                case = session.scalar(select(Case).where(Case.number == number).with_for_update())
                if case is None:
                    raise UnknownCase(f"no case has the number {number}")
                if version is not None and version != case.version:
                    raise Conflict("somebody else changed this case meanwhile; look again")
                self._check(case, status, message, administration)
                row = self._apply(session, case, status, message, administration, actor, now)
                if kept:
                    _send_along(row, kept)
                view = _view(session, case)
        except StaleDataError:
            raise Conflict("somebody else changed this case meanwhile; look again") from None
        if row is not None:
            self.bell.ring(DELIVER, row.channel)
        return view

    def _check(
        self, case: Case, status: str, message: str | None, administration: str | None
    ) -> None:
        if status not in NOTICES:
            raise CaseError(f"status must be one of {', '.join(NOTICES)}")
        if message and len(message) > MESSAGE_LIMIT:
            raise CaseError(f"the message is longer than {MESSAGE_LIMIT} characters")
        if status in NEEDS_MESSAGE and not message:
            raise CaseError(f"{status} needs a message: the citizen must know what or why")
        if case.status in CLOSED and status != "reopened":
            raise CaseError(f"the case is {case.status}; reopen it first")
        if status == "reopened" and case.status not in (*CLOSED, "answered"):
            raise CaseError(f"the case is {case.status}, so there is nothing to reopen")
        if status == "routed":
            self._check_transfer(case, administration)
        elif administration is not None:
            raise CaseError("an administration goes with the status routed only")
        elif status == case.status and not message:
            raise CaseError(f"the case is {status} already")

    def _check_transfer(self, case: Case, administration: str | None) -> None:
        if administration is None or self.directory.get(administration) is None:
            raise CaseError("routed needs an administration of the directory, by its slug")
        if administration == case.administration:
            raise CaseError(f"the case is with {administration} already")

    def _apply(
        self,
        session: Session,
        case: Case,
        status: str,
        message: str | None,
        administration: str | None,
        actor: str,
        now: datetime,
    ) -> OutboundRow | None:
        data: dict[str, Any] = {"status": status, "before": case.status}
        if message:
            data["message"] = message
        case.status = status
        if administration:
            data |= {"administration": administration, "from": case.administration}
            data |= self._transfer(session, case, administration, now)
        elif status in _CONFIRMS:
            note_confirmed(session, case, self.directory, now)
        case.closed_at = now if status in CLOSED else None
        event = Event(case_id=case.id, at=now, actor=actor, kind="status", data=data)
        session.add(event)
        session.flush()
        return self.notices.tell(
            session,
            case,
            NOTICES[status],
            f"event:{event.id}",
            now,
            message=message or "",
            automatic=False,
        )

    def _transfer(
        self, session: Session, case: Case, administration: str, now: datetime
    ) -> dict[str, Any]:
        """Give the case to an administration, or, when too many have sent it on, to an arbiter:
        a case in triage that says so. What more the event shall say is returned."""
        case.hops += case.administration is not None
        case.disputed = case.administration is not None and case.hops >= HOPS
        if case.disputed:
            case.administration, case.status = None, "received"
            return {"status": "received", "disputed": True, "hops": case.hops}
        note(session, case, administration, "agent", self.directory, now)
        case.administration = administration
        return {"hops": case.hops}

    def _address(self, said: str) -> Address | None:
        kind: AddressKind = "mail" if "@" in said else "tel"
        return canonical(kind, said, self.notices.settings.region)


def _kept(files: Files, attachment: Attachment) -> list[str | None]:
    """An agent's file in the form in which an outbound row names it."""
    content = attachment.content or b""
    declared = content_type(content, attachment.content_type)
    return [files.keep(content), attachment.filename, declared]


def _send_along(row: OutboundRow | None, kept: list[list[str | None]]) -> None:
    if row is None or row.channel not in FILE_CHANNELS:
        reached = f"by {row.channel}, which carries no files" if row else "by no channel"
        raise CaseError(f"this citizen is reached {reached}: say it in the message")
    row.files = kept


def _view(session: Session, case: Case) -> CaseView:
    events = session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.id)).all()
    said = session.scalars(
        select(OutboundRow).where(OutboundRow.case_id == case.id).order_by(OutboundRow.id)
    ).all()
    return CaseView(
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
        events=tuple(EventView(one.at, one.actor, one.kind, one.data) for one in events),
        replies=tuple(
            SaidView(one.created_at, one.key, one.text, one.channel, one.state, one.segments)
            for one in said
        ),
    )
