"""Which case a message belongs to, given who sent it and what they have open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway.codes import opened
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Message, OutboundRow
from normalizer.complaint import Complaint
from normalizer.intent import Intent

#: Texts that follow one another so quickly are one story told in several breaths.
BURST = timedelta(minutes=2)
#: While nobody has begun to work on a case its complaint may still grow.
UNTOUCHED = ("received", "routed")

Action = Literal[
    "new",  # a case of its own
    "addition",  # joins a case
    "status",  # asks where a case stands, and may know
    "unknown_number",  # asks for a case that is not theirs: told nothing
    "no_case",  # asks for a case without having one
    "stop",
    "start",
    "language",  # asks to be written to in another one
    "help",
    "greeting",
    "not_understood",  # a sticker, a poll: a friendly word, no case
    "pin",  # a caller chose the code of their case
    "transcript",  # what a machine heard in a recording
    "keep",  # nothing to say: a call that began, a bounce, a machine's mail, an advert
]


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do with a message, and the case it is about. ``burst``: it goes on with what its
    sender wrote a moment ago, and was acknowledged with that."""

    action: Action
    case: Case | None = None
    burst: bool = False


def place(
    session: Session, complaint: Complaint, addresses: Sequence[AddressRow], secret: str
) -> Placement:
    """Decide, strongest proof first: threading, a number that is theirs, a word to the machine.

    ``addresses`` are the sender's own rows, ``secret`` is what callers' codes are kept with.
    Whatever is left is new matter: better a case too many than a citizen unheard.
    """
    threaded = _threaded(session, complaint, addresses)
    if complaint.event is not None:
        return Placement(_eventful(complaint), threaded)
    if threaded is not None:
        if complaint.intent == "status":
            return Placement("status", threaded)
        if complaint.intent == "courtesy" and threaded.status != "awaiting_citizen":
            return Placement("keep", threaded)
        return Placement("addition", threaded, burst=_is_fresh(threaded, complaint))
    if complaint.auto is not None:
        return Placement("keep" if complaint.bounced else "new")
    if complaint.sender is None:
        # A form is filled in to file something, and proves nobody's address.
        return Placement("new")
    if complaint.numbers and (numbered := _numbered(session, complaint, addresses, secret)):
        return numbered
    if complaint.keyed and complaint.text and not complaint.numbers:
        # Digits typed on a phone that are no number of ours: not the latest case instead.
        return Placement("unknown_number")
    return _by_wish(session, complaint, addresses)


def owns(session: Session, case_id: int, addresses: Sequence[AddressRow]) -> bool:
    """Whether a case was filed from one of these addresses."""
    found = session.scalar(
        select(CaseAddress.case_id).where(
            CaseAddress.case_id == case_id,
            CaseAddress.address_id.in_([address.id for address in addresses]),
        )
    )
    return found is not None


def _eventful(complaint: Complaint) -> Action:
    if complaint.event in ("pin", "transcript"):
        return "pin" if complaint.event == "pin" else "transcript"
    return "not_understood" if complaint.event == "not-understood" and complaint.sender else "keep"


def _threaded(
    session: Session, complaint: Complaint, addresses: Sequence[AddressRow]
) -> Case | None:
    """The case that the channel itself says this answers, if it is the sender's."""
    if complaint.thread is not None:
        # A signed reply address is proof by itself: only its receiver knows it.
        return session.scalar(select(Case).where(Case.number == complaint.thread))
    if not complaint.in_reply_to or not addresses:
        return None
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
    for case_id in session.scalars(said_by_us.union_all(said_by_them)):
        if case_id is not None and owns(session, case_id, addresses):
            return session.get(Case, case_id)
    return None


def _numbered(
    session: Session, complaint: Complaint, addresses: Sequence[AddressRow], secret: str
) -> Placement | None:
    theirs = _theirs(addresses)
    case = session.scalar(
        theirs.where(Case.number.in_(complaint.numbers)).order_by(Case.id.desc()).limit(1)
    )
    if case is not None:
        return Placement("status" if complaint.intent == "status" else "addition", case)
    if complaint.intent != "status":
        return None
    known = opened(session, complaint.numbers[0], complaint.pin, secret) if complaint.pin else None
    return Placement("status", known) if known else Placement("unknown_number")


#: Wishes that need no look at what the sender has. A thank-you wants no answer, and is no matter of
#: its own.
_PLAIN: Mapping[Intent, Action] = {
    "stop": "stop",
    "language": "language",
    "help": "help",
    "greeting": "greeting",
    "courtesy": "keep",
}


def _by_wish(session: Session, complaint: Complaint, addresses: Sequence[AddressRow]) -> Placement:
    wish = complaint.intent
    if wish in ("new", "courtesy") and (asked := _asked(session, complaint, addresses)):
        return Placement("addition", asked)
    if wish in _PLAIN:
        return Placement(_PLAIN[wish])
    if wish == "status":
        latest = session.scalar(
            _theirs(addresses).order_by(Case.status.in_(CLOSED), Case.id.desc()).limit(1)
        )
        return Placement("status", latest) if latest else Placement("no_case")
    if wish == "start":
        stopped = any(address.stopped_at for address in addresses)
        return Placement("start" if stopped else "greeting")
    if not complaint.has_substance:
        return Placement("help")
    # Even what looks like an advert may be the rest of what was begun a moment ago.
    if begun := _begun(session, complaint, addresses):
        return Placement("addition", begun, burst=True)
    return Placement("keep" if wish == "spam" else "new")


def _asked(session: Session, complaint: Complaint, addresses: Sequence[AddressRow]) -> Case | None:
    """The sender's case whose administration waits for their answer, the latest asked first.

    We told them to simply write back. A mail with a subject and no thread begins a new matter.
    """
    if complaint.subject or not complaint.has_substance:
        return None
    return session.scalar(
        _theirs(addresses)
        .where(Case.status == "awaiting_citizen", Case.channel == complaint.channel)
        .order_by(Case.id.desc())
        .limit(1)
    )


def _is_fresh(case: Case, complaint: Complaint) -> bool:
    """Whether a case is so new that its acknowledgement answers this message too."""
    near = abs(case.created_at - complaint.received_at) <= BURST
    return near and case.status in UNTOUCHED and case.channel == complaint.channel


def _begun(session: Session, complaint: Complaint, addresses: Sequence[AddressRow]) -> Case | None:
    """The case that this sender opened over this channel a moment ago, and goes on with.

    Providers deliver out of order, so a moment later counts too. What has a subject of its own,
    such as a mail, begins a matter of its own.
    """
    if complaint.subject:
        return None
    at = complaint.received_at
    return session.scalar(
        _theirs(addresses)
        .where(
            Case.channel == complaint.channel,
            Case.subject.is_(None),
            Case.status.in_(UNTOUCHED),
            Case.created_at.between(at - BURST, at + BURST),
        )
        .order_by(Case.id.desc())
        .limit(1)
    )


def _theirs(addresses: Sequence[AddressRow]) -> Select[Case]:
    return (
        select(Case)
        .join(CaseAddress, CaseAddress.case_id == Case.id)
        .where(CaseAddress.address_id.in_([address.id for address in addresses]))
    )
