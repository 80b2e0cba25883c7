"""What is known of a message, its sender and their cases; looked up when a rule first asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from gateway import questions
from gateway.conversation.past import BURST, NONE, Past
from gateway.guesses import of_address, too_many
from gateway.models import (
    CLOSED,
    AddressRow,
    Case,
    CaseAddress,
    Message,
    OutboundRow,
    Question,
)
from gateway.settings import Settings
from normalizer.complaint import Complaint
from normalizer.intent import assent_of, goes_on, leaning_of, topics_of
from normalizer.tracking import without
from routing.directory import City, Directory
from routing.places import city_named
from routing.router import Route

#: How long a story may take that is told so.
STORY = timedelta(minutes=15)
#: While nobody has begun to work on a case its complaint may still grow.
UNTOUCHED = ("received", "routed")
#: So long a closed case can be opened again by writing back.
REOPENS = timedelta(days=60)
#: An answer to "which city?" has at most so many words; a longer text is a story of its own.
_CITY_WORDS = 6
#: A follow-up without substance of its own has fewer words.
SUBSTANCE = 5
#: A text that says that some trouble goes on, and not which, has fewer words; one that says so
#: with so many may be a story of its own.
BRIEF, LENGTHY = 10, 15
#: What a message asks for whose words do not tell; of a short one nobody can tell an advert.
UNTOLD = ("new", "spam")
#: How sure it must be that a message is another administration's matter.
_ELSEWHERE = 0.6
#: The messages of an album come one after the other.
_ALBUM = 500


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: their address here, and what they have with us."""

    address: AddressRow
    past: Past = NONE


class Situation:
    """One message and everything that deciding about it may need."""

    def __init__(
        self,
        session: Session,
        message: Message,
        complaint: Complaint,
        route: Route,
        sender: Sender | None,
        directory: Directory,
        settings: Settings,
        now: datetime,
    ) -> None:
        self.session = session
        self.message = message
        self.complaint = complaint
        self.route = route
        self.sender = sender
        self.directory = directory
        self.settings = settings
        self.now = now

    # What the message is.

    @cached_property
    def wish(self) -> str:
        """What it asks for; also by words that ask for it only of who has a case with us."""
        said = self.complaint.intent
        if said not in UNTOLD or self.begins_a_mail or self.complaint.attachments:
            return said
        leaning = leaning_of(self.complaint.text)
        if leaning and self._has_reason(leaning):
            return leaning
        # The same trouble is all that it speaks of, and we said that it was over.
        over = self.closed and not self.live
        again = over and not self.topics and goes_on(self.complaint.text)
        return "dissatisfied" if again else said

    def _has_reason(self, leaning: str) -> bool:
        """Whether a case of theirs, or nothing else that it speaks of, makes it likely."""
        there = self.route.administration
        if leaning in ("help", "human", "stop"):
            return there is None
        if leaning == "dissatisfied":
            return any(self.is_like(case) or not self.topics for case in self.recent)
        return (there is None or leaning == "shared") and bool(self.recent)

    @property
    def agrees(self) -> bool | None:
        """Whether it says yes or no, also with more behind it: « oui, c'est revenu »."""
        if self.wish == "settled":
            return False
        return {"yes": True, "no": False}.get(assent_of(self.complaint.text) or self.wish)

    @property
    def begins_a_mail(self) -> bool:
        """Whether it has a subject of its own."""
        return bool(self.complaint.subject) and not self.complaint.in_reply_to

    @property
    def says(self) -> bool:
        """Whether it has words, or a subject."""
        complaint = self.complaint
        return any(sign.isalnum() for sign in complaint.text + (complaint.subject or ""))

    @property
    def words(self) -> int:
        """How many words it has, tracking numbers left out."""
        return len(without(self.complaint.text).split())

    @cached_property
    def topics(self) -> frozenset[str]:
        """What it is about, as far as words tell; a city is where, not what."""
        return self._topics_of(self.complaint.text)

    def _topics_of(self, text: str) -> frozenset[str]:
        told = topics_of(text)
        return frozenset(
            stem for stem, word in told.items() if city_named(word, self.directory) is None
        )

    def is_like(self, case: Case) -> bool:
        """Whether it names what the case is about."""
        return bool(self.topics & self._topics_of(f"{case.subject or ''} {case.text}"))

    @property
    def same_trouble(self) -> list[Case]:
        """Their cases with whose trouble it says to go on: open ones, or else closed ones, about
        which they are only asked."""
        cases = [case for case in self.live or self.closed if not self.belongs_elsewhere(case)]
        brief, on = self.words < BRIEF, goes_on(self.complaint.text)
        alike = [case for case in cases if self.is_like(case)]
        if not on and (self.live or not brief):
            return []
        return alike or (cases if brief and on else [])

    def may_differ(self, case: Case) -> bool:
        """Whether it may be another administration's matter, and does not name the case's."""
        there, here = self.route.administration, case.administration
        return None not in (there, here) and there != here and not self.is_like(case)

    @property
    def only_shows(self) -> bool:
        """Whether it is a file or a place without a word."""
        return not self.says and bool(self.complaint.attachments or self.complaint.location)

    @cached_property
    def city(self) -> City | None:
        """The city that it names, if it is short enough to be an answer, or lies in."""
        where = self.complaint.location
        if self.says and not where and self.words <= _CITY_WORDS:
            return city_named(self.complaint.text, self.directory)
        slug = self.route.city if where else None
        return next((city for city in self.directory.cities if city.slug == slug), None)

    def belongs_elsewhere(self, case: Case) -> bool:
        """Whether it is surely another administration's matter than this case."""
        there = self.route.administration
        sure = self.route.confidence >= _ELSEWHERE and self.words >= SUBSTANCE
        return sure and there is not None and self.may_differ(case)

    # Who sent it.

    @property
    def shared(self) -> bool:
        """Whether several people use this address: then no case is named there unasked."""
        return self.sender is not None and self.sender.address.shared

    @property
    def past(self) -> Past:
        """What they surely have with us."""
        return NONE if self.sender is None or self.complaint.is_forged else self.sender.past

    def is_locked(self, case: Case) -> bool:
        """Whether a case that was filed from here is told of to none but who knows its code."""
        return self.shared and case.pin is not None

    def guessed_too_often(self) -> bool:
        """Whether they named what is not theirs so often that this is not looked at."""
        address = self.sender.address if self.sender else None
        return address is not None and too_many(
            self.session, of_address(address), self.now, self.settings
        )

    def owns(self, case_id: int) -> bool:
        """Whether a case is the sender's: filed from an address that is proved to be theirs."""
        if self.sender is None:
            return False
        filed = select(CaseAddress.case_id).where(CaseAddress.case_id == case_id, self._own)
        return self.session.scalar(filed) is not None

    @property
    def _own(self) -> ColumnElement[bool]:
        """Filed from the sender's address, or from another one of which they proved that it is
        theirs too. An address that they only named is nobody's proof."""
        address = self.sender.address if self.sender else None
        if address is None or self.complaint.is_forged:
            return false()
        proved = select(AddressRow.id).where(
            AddressRow.contact_id == address.contact_id, AddressRow.proved_at.is_not(None)
        )
        return or_(CaseAddress.address_id == address.id, CaseAddress.address_id.in_(proved))

    def theirs(self) -> Select[Case]:
        """The sender's cases."""
        return select(Case).where(Case.id.in_(select(CaseAddress.case_id).where(self._own)))

    # What they have with us.

    @property
    def recent(self) -> Sequence[Case]:
        """Their newest cases, the latest first; doubles go by the case that they are treated in."""
        return self.past.cases

    @property
    def live(self) -> list[Case]:
        """Those of them that are not over."""
        return [case for case in self.recent if case.status not in CLOSED]

    @property
    def closed(self) -> list[Case]:
        """Those that are over, but not for so long that they could not be opened again; the last
        one closed first."""
        found = [case for case in self.recent if case.status in CLOSED and self.reopens(case)]
        return sorted(found, key=lambda case: case.closed_at or case.created_at, reverse=True)

    def reopens(self, case: Case) -> bool:
        """Whether writing back may open a closed case again."""
        return self.complaint.received_at - (case.closed_at or case.created_at) <= REOPENS

    @property
    def questions(self) -> Sequence[Question]:
        """What they were asked and may still answer, the latest first."""
        return self.past.questions

    def case_of(self, question: Question) -> Case | None:
        """The case that a question is about."""
        return self.session.get(Case, question.case_id) if question.case_id else None

    @cached_property
    def was_held(self) -> Question | None:
        """The question that this very message was held for, once that is over."""
        if self.message.intent is None:
            # It was never looked at before.
            return None
        return questions.was_put(self.session, self.message.id)

    # What it says itself about where it belongs.

    @cached_property
    def numbered(self) -> Case | None:
        """Their case whose number it names."""
        if not self.complaint.numbers:
            return None
        return self._followed(
            self.session.scalar(
                self.theirs()
                .where(Case.number.in_(self.complaint.numbers))
                .order_by(Case.id.desc())
                .limit(1)
            )
        )

    @cached_property
    def nearly_numbered(self) -> Case | None:
        """Their case whose number it names but for one digit or two that changed places."""
        return next(
            (
                case
                for case in self.recent
                for typed in self.complaint.near
                if _one_slip(case.number, typed)
            ),
            None,
        )

    @cached_property
    def threaded(self) -> Case | None:
        """The case that the channel itself says this answers, if it is the sender's."""
        if self.complaint.thread is not None:
            # A signed reply address is proof by itself: only its receiver knows it.
            number = self.complaint.thread
            return self.session.scalar(select(Case).where(Case.number == number))
        if not self.complaint.in_reply_to or self.sender is None:
            return None
        return next((case for case in self._answered() if self.owns(case.id)), None)

    def _answered(self) -> list[Case]:
        complaint = self.complaint
        said_by_us = select(OutboundRow.case_id).where(
            OutboundRow.channel == complaint.channel,
            OutboundRow.provider_id.in_(complaint.in_reply_to),
            OutboundRow.case_id.is_not(None),
        )
        said_by_them = select(Message.case_id).where(
            Message.channel == complaint.channel,
            Message.account == complaint.account,
            Message.reference.in_(complaint.in_reply_to),
            Message.case_id.is_not(None),
        )
        ids = self.session.scalars(said_by_us.union_all(said_by_them))
        return [self.session.get_one(Case, case_id) for case_id in ids if case_id is not None]

    def _followed(self, case: Case | None) -> Case | None:
        """The case that a double is treated in, where that is the sender's too."""
        if case is None or case.merged_into is None or not self.owns(case.merged_into):
            return case
        return self.session.get(Case, case.merged_into)

    @cached_property
    def fellow(self) -> Message | None:
        """An earlier message of the same album."""
        if self.complaint.album is None:
            return None
        near = self.session.scalars(
            select(Message)
            .where(
                Message.id.between(self.message.id - _ALBUM, self.message.id + _ALBUM),
                Message.id != self.message.id,
                Message.channel == self.message.channel,
                Message.account == self.message.account,
                Message.sender == self.message.sender,
                Message.state.in_(("done", "held")),
            )
            .order_by(Message.id)
        )
        album = self.complaint.album
        return next((one for one in near if one.hints.get("album") == album), None)

    @cached_property
    def breath(self) -> Case | None:
        """The case about which the sender said something over this channel a moment ago.

        Providers deliver out of order, so a moment later counts too. What has a subject of its
        own, such as a mail, begins a matter of its own; and in a group of people another one may
        have spoken.
        """
        if self.complaint.subject or self.shared or not self.recent:
            return None
        by_id = {case.id: case for case in self.live}
        channel, at = self.complaint.channel, self.complaint.received_at
        return next(
            (
                by_id[one.case_id]
                for one in self.past.told
                if one.case_id in by_id
                and one.channel == channel
                and abs(one.received_at - at) <= BURST
            ),
            None,
        )

    def is_begun(self, case: Case) -> bool:
        """Whether a case is so new that its acknowledgement answers this message too."""
        young = abs(self.complaint.received_at - case.created_at) <= STORY
        return young and case.status in UNTOUCHED and case.channel == self.complaint.channel


def _one_slip(number: str, typed: str) -> bool:
    """Whether one wrong digit, or two neighbours that changed places, made the one of the other."""
    wrong = [at for at, (one, other) in enumerate(zip(number, typed, strict=False)) if one != other]
    if len(number) != len(typed) or not wrong:
        return False
    first, last = wrong[0], wrong[-1]
    swapped = number[first] == typed[last] and number[last] == typed[first]
    return len(wrong) == 1 or (len(wrong) == 2 and last - first == 1 and swapped)
