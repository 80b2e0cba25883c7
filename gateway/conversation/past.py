"""What senders already have with us: looked up for many of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gateway import questions
from gateway.models import CLOSED, AddressRow, Case, CaseAddress, Message, Question

#: Texts that follow one another so quickly are one story told in several breaths.
BURST = timedelta(minutes=2)
#: So many of a sender's newest cases are looked at.
_RECENT = 12
#: Messages that tell something, by what they ask for.
_TELLING = ("new", "addition", "dissatisfied")


@dataclass(frozen=True, slots=True)
class Told:
    """When a message told something about a case, and over which channel."""

    message_id: int
    case_id: int
    channel: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """One sender's newest cases, what they were asked and may still answer, and what they told of
    those cases around the same time; the latest first in each."""

    cases: Sequence[Case] = ()
    questions: Sequence[Question] = ()
    told: Sequence[Told] = ()


#: That of who never wrote before.
NONE = Past()


def pasts(
    session: Session, addresses: Sequence[AddressRow], now: datetime, heard: Sequence[datetime]
) -> Mapping[int, Past]:
    """The past of each sender, by their address's id; ``heard`` is when their messages came."""
    if not addresses:
        return {}
    cases = _cases(session, addresses)
    asked = defaultdict(list)
    for question in questions.open_for(session, addresses, now):
        asked[question.address_id].append(question)
    told = _told(session, cases, heard)
    return {
        address.id: Past(
            cases[address.contact_id],
            asked[address.id],
            _latest_first(one for case in cases[address.contact_id] for one in told[case.id]),
        )
        for address in addresses
    }


def _cases(session: Session, addresses: Sequence[AddressRow]) -> dict[int, list[Case]]:
    """Each contact's newest cases; doubles go by the case that they are treated in."""
    rank = func.row_number().over(
        partition_by=AddressRow.contact_id, order_by=CaseAddress.case_id.desc()
    )
    ranked = (
        select(AddressRow.contact_id, CaseAddress.case_id, rank.label("rank"))
        .join(CaseAddress, CaseAddress.address_id == AddressRow.id)
        .join(Case, Case.id == CaseAddress.case_id)
        .where(
            AddressRow.contact_id.in_({address.contact_id for address in addresses}),
            # Filed from where they write now, or from another address that is surely theirs.
            or_(
                AddressRow.proved_at.is_not(None),
                AddressRow.id.in_([address.id for address in addresses]),
            ),
            Case.merged_into.is_(None),
        )
        # Once, though several of their addresses belong to it.
        .group_by(AddressRow.contact_id, CaseAddress.case_id)
        .subquery()
    )
    found: dict[int, list[Case]] = defaultdict(list)
    for contact_id, case in session.execute(
        select(ranked.c.contact_id, Case)
        .join(Case, Case.id == ranked.c.case_id)
        .where(ranked.c.rank <= _RECENT)
        .order_by(Case.id.desc())
    ):
        found[contact_id].append(case)
    return found


def _told(
    session: Session, cases: Mapping[int, Sequence[Case]], heard: Sequence[datetime]
) -> dict[int, list[Told]]:
    """What was told of each case that is not over, around the time of these messages."""
    found: dict[int, list[Told]] = defaultdict(list)
    live = [case.id for theirs in cases.values() for case in theirs if case.status not in CLOSED]
    if not live:
        return found
    rows = session.execute(
        select(Message.id, Message.case_id, Message.channel, Message.received_at).where(
            Message.case_id.in_(live),
            Message.intent.in_(_TELLING),
            Message.received_at.between(min(heard) - BURST, max(heard) + BURST),
        )
    )
    for message_id, case_id, channel, received_at in rows:
        if case_id is not None:
            found[case_id].append(Told(message_id, case_id, channel, received_at))
    return found


def _latest_first(told: Iterable[Told]) -> list[Told]:
    return sorted(told, key=lambda one: one.message_id, reverse=True)
