"""What one understood message changes in the database: a case, its history, an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, tuple_, update
from sqlalchemy.orm import Session

from gateway.conversation import Placement, place
from gateway.messages import speak
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Contact, Event, Message
from gateway.notices import Way
from gateway.pipeline.loops import is_loop
from gateway.pipeline.parts import Parts
from normalizer import tracking
from normalizer.complaint import Complaint
from normalizer.contact import Address
from routing.router import Route

#: A taken number is one in a hundred million; so many in a row mean something else is wrong.
_NUMBER_TRIES = 20
#: A detector less sure than this does not change the language a person is known to write.
_SURE = 0.6

#: What is answered to each kind of placement; whatever is not here is not answered.
_ANSWERS = {
    "new": "acknowledged",
    "addition": "added",
    "status": "status",
    "unknown_number": "unknown_number",
    "no_case": "no_case",
    "stop": "stopped",
    "start": "started",
    "language": "language_set",
    "help": "help",
    "greeting": "greeting",
    "not_understood": "not_understood",
}


class AlreadyDone(Exception):
    """Another worker finished this message while ours was late: nothing is left to do."""


class NoFreeNumber(Exception):
    """Every tracking number tried was taken."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A message with all that could be found out about it without changing anything."""

    message: Message
    complaint: Complaint
    route: Route


@dataclass(frozen=True, slots=True)
class Registering:
    """One message on its way into the database, inside one transaction.

    ``spoken``: the channel itself says the acknowledgement, in its HTTP answer.
    """

    parts: Parts
    session: Session
    understood: Understood
    now: datetime
    spoken: bool = False

    @property
    def message(self) -> Message:
        """The message as it was stored."""
        return self.understood.message

    @property
    def complaint(self) -> Complaint:
        """The message as it was understood."""
        return self.understood.complaint

    def run(self) -> str | None:
        """Place the message, change what it changes, and queue the one answer it gets.

        Returns the channel that the answer takes, if there is one. Raises AlreadyDone when the
        message is not waiting any more.
        """
        addresses = _addresses(self.session, self.complaint, self.now)
        own = addresses[:1] if self.complaint.sender else []
        placement = place(self.session, self.complaint, own)
        case = placement.case
        if placement.action == "new":
            case = self._open(addresses)
        elif placement.action == "addition" and case is not None:
            self._add(case)
        elif placement.action in ("stop", "start"):
            for address in own:
                address.stopped_at = self.now if placement.action == "stop" else None
        elif placement.action == "language" and self.complaint.wanted_language:
            self._choose_language(own, self.complaint.wanted_language)
        self._finish(case)
        # A machine's mail is registered like any other, but never answered (RFC 3834).
        return None if self.complaint.auto else self._answer(placement, case, addresses)

    def _open(self, addresses: Sequence[AddressRow]) -> Case:
        complaint, route, settings = self.complaint, self.understood.route, self.parts.settings
        competent = self.parts.directory.get(route.administration) if route.administration else None
        days = (competent.days if competent else None) or settings.due_days
        case = Case(
            number=_free_number(self.session, self.now.astimezone(settings.zone).year),
            status="routed" if competent else "received",
            kind=complaint.kind,
            subject=complaint.subject,
            text=complaint.text or complaint.subject or "",
            language=self._language(addresses),
            administration=competent.slug if competent else None,
            confidence=route.confidence,
            candidates=[list(candidate) for candidate in route.candidates],
            reasons=list(route.reasons),
            city=route.city,
            channel=complaint.channel,
            account=complaint.account,
            contact_id=addresses[0].contact_id if addresses else None,
            address_id=addresses[0].id if addresses else None,
            location=self.message.location,
            created_at=complaint.received_at,
            due_at=complaint.received_at + timedelta(days=days),
        )
        self.session.add(case)
        self.session.flush()
        self.session.add_all(
            CaseAddress(case_id=case.id, address_id=address.id) for address in addresses
        )
        self._note(case, "citizen", "received", message=self.message.id)
        if competent:
            share = round(route.confidence, 3)
            self._note(case, "guichet", "routed", administration=competent.slug, confidence=share)
        return case

    def _language(self, addresses: Sequence[AddressRow]) -> str:
        """What to answer in: the language that the sender chose, or else the one they write."""
        chosen = addresses[0].contact.chosen_language if self._is_known(addresses) else None
        return speak(chosen or self.complaint.language.tag, self.parts.settings.default_language)

    def _is_known(self, addresses: Sequence[AddressRow]) -> bool:
        """Whether the first address is surely the sender's: a form proves none."""
        return bool(addresses) and self.complaint.sender is not None

    def _choose_language(self, own: Sequence[AddressRow], tag: str) -> None:
        """From now on, and in every case that is not over yet, write to them in this one."""
        for address in own:
            address.contact.chosen_language = address.contact.language = tag
            self.session.execute(
                update(Case)
                .where(Case.contact_id == address.contact_id, Case.status.not_in(CLOSED))
                .values(language=tag)
            )

    def _add(self, case: Case) -> None:
        """Join a message to a case; an answer to our question puts the case back to work."""
        automatic = {"auto": self.complaint.auto} if self.complaint.auto else {}
        self._note(case, "citizen", "added", message=self.message.id, **automatic)
        if case.status == "awaiting_citizen" and not self.complaint.auto:
            case.status = "in_progress"
            self._note(case, "guichet", "status", status="in_progress")

    def _finish(self, case: Case | None) -> None:
        self.session.flush()
        changed = self.session.execute(
            update(Message)
            .where(Message.id == self.message.id, Message.state == "new")
            .values(
                state="done",
                error=None,
                case_id=case.id if case else None,
                intent=self.complaint.intent,
                language=self.complaint.language.tag,
            )
        )
        if not isinstance(changed, CursorResult) or changed.rowcount != 1:
            raise AlreadyDone

    def _answer(
        self, placement: Placement, case: Case | None, addresses: Sequence[AddressRow]
    ) -> str | None:
        key = _ANSWERS.get(placement.action)
        if key == "language_set" and not self.complaint.wanted_language:
            key = "language_ask"
        if key is None:
            return None
        way = self._way_back(addresses, even_stopped=key == "stopped")
        if way is None:
            if case is not None:
                self._note(case, "guichet", "nobody_to_tell", notice=key)
            return None
        if self.spoken and way.channel == self.complaint.channel:
            return None
        if self._is_loop(way):
            if case is not None:
                self._note(case, "guichet", "not_answered", notice=key, reason="loop")
            return None
        notices, cause = self.parts.notices, f"{key}:{self.message.id}"
        if case is not None:
            notices.tell(self.session, case, key, cause, self.now, first=way)
        else:
            notices.queue(
                self.session,
                way,
                key,
                {},
                self._language(addresses),
                cause,
                self.now,
                thread=(self.message.reference,),
            )
        return way.channel

    def _is_loop(self, way: Way) -> bool:
        most = self.parts.settings.email_auto_answers
        return is_loop(self.session, way, self.complaint.subject, most, self.now)

    def _way_back(self, addresses: Sequence[AddressRow], *, even_stopped: bool) -> Way | None:
        """The first way that reaches the sender; nobody who said stop, but to tell them so."""
        complaint = self.complaint
        for address in addresses:
            if address.stopped_at is not None and not even_stopped:
                continue
            ways = list(self.parts.notices.ways_to(address, complaint.channel, complaint.account))
            if not self.spoken:
                # What a call did not say is better read than called after.
                ways.sort(key=lambda way: way.channel == "voice")
            if ways:
                return ways[0]
        return None

    def _note(self, case: Case, actor: str, kind: str, **data: object) -> None:
        self.session.add(Event(case_id=case.id, at=self.now, actor=actor, kind=kind, data=data))


def _addresses(session: Session, complaint: Complaint, now: datetime) -> list[AddressRow]:
    """The rows of the sender and of the addresses they left, made where new; the sender first.

    Rows are locked, so that two workers with two messages of one person take turns.
    """
    wanted = list(dict.fromkeys(complaint.reply_to))
    if not wanted:
        return []
    found = {
        Address(row.kind, row.value): row  # type: ignore[arg-type]  # we wrote a kind there
        for row in session.scalars(
            select(AddressRow)
            .where(
                tuple_(AddressRow.kind, AddressRow.value).in_(
                    [(one.kind, one.value) for one in wanted]
                )
            )
            .order_by(AddressRow.id)
            .with_for_update(of=AddressRow)
        )
    }
    for address in wanted:
        if address not in found:
            # Each address is its own contact until its owner proves that two are theirs.
            contact = Contact(name=complaint.sender_name, created_at=now)
            found[address] = AddressRow(
                contact=contact, kind=address.kind, value=address.value, created_at=now
            )
            session.add(found[address])
    _remember(found[wanted[0]].contact, complaint)
    session.flush()
    return [found[address] for address in wanted]


def _remember(contact: Contact, complaint: Complaint) -> None:
    """Keep the language a person writes, for their next short word."""
    language = complaint.language
    if language.tag != "und" and (contact.language is None or language.confidence >= _SURE):
        contact.language = language.tag
    if complaint.sender_name and not contact.name:
        contact.name = complaint.sender_name


def _free_number(session: Session, year: int) -> str:
    """A number no case has. Two workers may still take the same one at once: then the unique
    constraint makes one of them roll back and come here again."""
    for _ in range(_NUMBER_TRIES):
        number = tracking.issue(year)
        if session.scalar(select(Case.id).where(Case.number == number)) is None:
            return number
    raise NoFreeNumber
