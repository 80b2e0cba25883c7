"""What one understood message changes in the database: a case, its history, an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from gateway.codes import digest
from gateway.conversation import Placement, place
from gateway.messages import LANGUAGE_CHOICES, speak
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Event, Message
from gateway.notices import Way
from gateway.pipeline.loops import is_loop
from gateway.pipeline.parts import Parts
from gateway.pipeline.senders import senders
from normalizer import tracking
from normalizer.complaint import Complaint
from routing.router import Route

#: A taken number is one in a hundred million; so many in a row mean something else is wrong.
_NUMBER_TRIES = 20

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
    #: Messages that are pieces of this one, and done with it.
    pieces: tuple[int, ...] = ()


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
        addresses = senders(self.session, self.complaint, self.now)
        own = addresses[:1] if self.complaint.sender else []
        secret = self.parts.settings.secret_key
        placement = place(self.session, self.complaint, own, secret)
        case, reopened = placement.case, False
        if placement.action == "new":
            case = self._open(addresses)
        elif placement.action == "addition" and case is not None:
            reopened = self._add(case, burst=placement.burst)
        elif placement.action == "pin" and case is not None:
            case.pin = digest(secret, case.number, self.complaint.text)
        elif placement.action == "transcript" and case is not None:
            self._write_down(case)
        elif placement.action in ("stop", "start"):
            for address in own:
                address.stopped_at = self.now if placement.action == "stop" else None
        elif placement.action == "language" and self.complaint.wanted_language:
            self._choose_language(own, self.complaint.wanted_language)
        self._finish(case)
        # A machine's mail is registered like any other, but never answered (RFC 3834).
        if self.complaint.auto or self.complaint.answered or placement.burst:
            return None
        return self._answer(placement, case, addresses, reopened=reopened)

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
            self._note_route(case)
        return case

    def _language(self, addresses: Sequence[AddressRow]) -> str:
        """What to answer in: the language that the sender chose, or else the one they write."""
        said, default = self.complaint.language.tag, self.parts.settings.default_language
        if not addresses or self.complaint.sender is None:
            # A form proves nobody's address, so it is answered in its own language.
            return speak(said, default)
        contact = addresses[0].contact
        usual = contact.language if self.complaint.is_keyword else None
        return speak(contact.chosen_language or usual or said, default)

    def _choose_language(self, own: Sequence[AddressRow], tag: str) -> None:
        """From now on, and in every case that is not over yet, write to them in this one."""
        for address in own:
            address.contact.chosen_language = address.contact.language = tag
            self.session.execute(
                update(Case)
                .where(Case.contact_id == address.contact_id, Case.status.not_in(CLOSED))
                .values(language=tag)
            )

    def _add(self, case: Case, *, burst: bool) -> bool:
        """Join a message to a case; whether that opened the case again.

        An answer to our question puts the case back to work. Whoever writes back after the answer
        was told that we would look again, so the case is reopened.

        The rest of a burst belongs to the complaint itself: its words are added to it, and may
        tell who is competent where the first ones did not.
        """
        automatic = {"auto": self.complaint.auto} if self.complaint.auto else {}
        self._note(case, "citizen", "added", message=self.message.id, **automatic)
        if burst:
            case.text = "\n".join(part for part in (case.text, self.complaint.text) if part)
            self._reroute(case)
        if self.complaint.auto:
            return False
        if case.status == "awaiting_citizen":
            case.status = "in_progress"
            self._note(case, "guichet", "status", status="in_progress")
        if case.status not in (*CLOSED, "answered"):
            return False
        self._note(case, "citizen", "status", status="reopened", before=case.status)
        case.status, case.closed_at = "reopened", None
        return True

    def _write_down(self, case: Case) -> None:
        """Give a recorded complaint the words that a machine heard, and what follows from them."""
        self._note(
            case,
            "guichet",
            "transcribed",
            message=self.message.id,
            by=self.complaint.transcriber or "a machine",
        )
        if not case.text and self.complaint.text:
            case.text, case.transcribed, case.kind = self.complaint.text, True, self.complaint.kind
            self._reroute(case)

    def _reroute(self, case: Case) -> None:
        """Send a case in triage where this message says that it belongs, if it does."""
        route = self.understood.route
        if case.status != "received" or case.administration or not route.administration:
            return
        case.administration, case.status = route.administration, "routed"
        case.confidence, case.city = route.confidence, case.city or route.city
        case.candidates = [list(candidate) for candidate in route.candidates]
        case.reasons = list(route.reasons)
        self._note_route(case)

    def _note_route(self, case: Case) -> None:
        share = round(case.confidence, 3)
        self._note(case, "guichet", "routed", administration=case.administration, confidence=share)

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
        if self.complaint.pin or self.complaint.event == "pin":
            self._forget_code()
        if self.understood.pieces:
            self.session.execute(
                update(Message)
                .where(Message.id.in_(self.understood.pieces))
                .values(state="done", error=None, case_id=case.id if case else None)
            )

    def _forget_code(self) -> None:
        """Of a caller's code only its HMAC is kept."""
        hints = {key: value for key, value in self.message.hints.items() if key != "pin"}
        text = "" if self.complaint.event == "pin" else self.message.text
        self.session.execute(
            update(Message).where(Message.id == self.message.id).values(hints=hints, text=text)
        )

    def _answer(
        self,
        placement: Placement,
        case: Case | None,
        addresses: Sequence[AddressRow],
        *,
        reopened: bool,
    ) -> str | None:
        key = "reopened" if reopened else _ANSWERS.get(placement.action)
        if key == "language_set" and not self.complaint.wanted_language:
            key = "language_ask"
        if key is None:
            return None
        way = self._way_back(addresses, even_stopped=key == "stopped")
        if way is None:
            if case is not None:
                self._note(case, "guichet", "nobody_to_tell", notice=key)
            return None
        # A status is told on the line alone; a number is written too, so that nobody needs a pen.
        if self.spoken and (placement.action != "new" or way.channel == self.complaint.channel):
            return None
        if self._is_loop(way, key):
            if case is not None:
                self._note(case, "guichet", "not_answered", notice=key, reason="loop")
            return None
        notices, cause = self.parts.notices, f"{key}:{self.message.id}"
        if case is not None:
            notices.tell(self.session, case, key, cause, self.now, first=way)
        else:
            row = notices.queue(
                self.session,
                way,
                key,
                {},
                self._language(addresses),
                cause,
                self.now,
                thread=(self.message.reference,),
            )
            if key == "language_ask" and way.style != "sms":
                row.choices = [list(choice) for choice in LANGUAGE_CHOICES]
        return way.channel

    def _is_loop(self, way: Way, key: str) -> bool:
        # Who complains of three things under one subject is told three numbers.
        subject = None if key == "acknowledged" else self.complaint.subject
        return is_loop(self.session, way, subject, self.parts.settings.email_auto_answers, self.now)

    def _way_back(self, addresses: Sequence[AddressRow], *, even_stopped: bool) -> Way | None:
        """The first way that reaches the sender; nobody who said stop, but to tell them so."""
        complaint = self.complaint
        for address in addresses:
            if address.stopped_at is not None and not even_stopped:
                continue
            ways = list(self.parts.notices.ways_to(address, complaint.channel, complaint.account))
            # What a call said or did not say is better read than called after.
            ways.sort(key=lambda way: way.channel == "voice")
            if ways:
                return ways[0]
        return None

    def _note(self, case: Case, actor: str, kind: str, **data: object) -> None:
        self.session.add(Event(case_id=case.id, at=self.now, actor=actor, kind=kind, data=data))


def _free_number(session: Session, year: int) -> str:
    """A number no case has. Two workers may still take the same one at once: then the unique
    constraint makes one of them roll back and come here again."""
    for _ in range(_NUMBER_TRIES):
        number = tracking.issue(year)
        if session.scalar(select(Case.id).where(Case.number == number)) is None:
            return number
    raise NoFreeNumber
