"""One message on its way into the database, inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.choices import Choice
from gateway.conversation import Placement
from gateway.messages import speak
from gateway.models import AddressRow, Case, Event, Message
from gateway.pipeline.loops import Said
from gateway.pipeline.parts import Parts
from gateway.questions import Key
from normalizer.complaint import Complaint
from routing.router import Route


@dataclass(frozen=True, slots=True)
class Understood:
    """A message with all that could be found out about it without changing anything."""

    message: Message
    complaint: Complaint
    route: Route
    #: Messages that are pieces of this one, and done with it.
    pieces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Asks:
    """A question that goes along with an answer. ``holds``: the message waits for its answer."""

    key: Key
    options: tuple[str, ...] = ()
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one message: a sentence, with what can be picked.

    ``choices`` are what ``asks`` offers, in its order, with a value where the button is to stay
    good; ``none`` is the label of none of these. ``buttons`` are for channels that have some.
    ``way_asks`` is a native key of the channel, ``location`` or ``contact``. ``instead`` is said
    where the choices do not fit.
    """

    key: str
    case: Case | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    asks: Asks | None = None
    choices: tuple[Choice, ...] = ()
    none: str | None = None
    buttons: tuple[Choice, ...] = ()
    way_asks: str = ""
    instead: Answer | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """``addresses`` are the sender's, theirs first, and those that they left in a form.
    ``spoken``: the channel itself says the acknowledgement, in its HTTP answer. ``said`` is what
    we said to them lately."""

    parts: Parts
    session: Session
    understood: Understood
    now: datetime
    addresses: Sequence[AddressRow]
    placement: Placement
    spoken: bool = False
    said: Said = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """The message as it was stored."""
        return self.understood.message

    @property
    def complaint(self) -> Complaint:
        """The message as it was understood."""
        return self.understood.complaint

    @property
    def own(self) -> AddressRow | None:
        """The address that surely wrote it."""
        return self.addresses[0] if self.complaint.sender else None

    @property
    def case(self) -> Case:
        """The case that it is about, where there must be one."""
        if self.placement.case is None:
            raise LookupError(f"{self.placement.action} without a case")
        return self.placement.case

    @property
    def is_new(self) -> bool:
        """Whether it is a matter of its own."""
        return self.placement.action == "new"

    @property
    def language(self) -> str:
        """What to answer in, where no case says so: the language that the sender chose, or else
        the one they write."""
        said, default = self.complaint.language.tag, self.parts.settings.default_language
        if not self.addresses or self.complaint.sender is None:
            # A form proves nobody's address, so it is answered in its own language.
            return speak(said, default)
        contact = self.addresses[0].contact
        # A word or a digit is the same on every phone: it does not tell what its sender speaks.
        usual = contact.language if self.complaint.is_keyword else None
        return speak(contact.chosen_language or usual or said, default)

    def note(self, case: Case, actor: str, kind: str, **data: object) -> None:
        """One more line of a case's history."""
        self.session.add(Event(**self.line(case, actor, kind, **data)))

    def line(self, case: Case, actor: str, kind: str, **data: object) -> dict[str, Any]:
        """The columns of such a line."""
        return {"case_id": case.id, "at": self.now, "actor": actor, "kind": kind, "data": data}

    def label(self, key: str, language: str | None = None) -> str:
        """The name of a button."""
        return self.parts.notices.label(key, language or self.language)
