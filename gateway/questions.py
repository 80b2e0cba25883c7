"""The short questions that wait for citizens: put once, answered once, given up in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.clock import LEAP
from gateway.models import AddressRow, Case, Message, Question

Key = Literal[
    "which_case",  # which of your cases is this about? Its message is held meanwhile
    "reopen",
    "administration",  # which of these is competent?
    "city",
    "rating",
    "details",  # the next message joins the case
    "location",  # the next place does
    "proof",  # the code that was sent to the other address
    "pin",  # four digits that keep a case from others who use the phone
]

#: How long each waits. A message is held for half an hour.
LIFETIMES: Mapping[Key, timedelta] = {
    "which_case": timedelta(minutes=30),
    "reopen": timedelta(days=7),
    "administration": timedelta(days=7),
    "city": timedelta(days=7),
    "rating": timedelta(days=3),
    "details": timedelta(hours=1),
    "location": timedelta(hours=1),
    "proof": timedelta(minutes=15),
    "pin": timedelta(hours=1),
}


def ask(
    session: Session,
    address: AddressRow,
    channel: str,
    account: str,
    key: Key,
    options: Sequence[str],
    now: datetime,
    *,
    case: Case | None = None,
    message: Message | None = None,
    lifetime: timedelta | None = None,
    fresh: bool = False,
) -> Question:
    """Put a question to an address. ``options`` are what the answers 1, 2 … stand for.

    It takes the place of an older one about the same; but what holds a ``message`` waits until it
    is answered itself. About a case that is ``fresh`` nothing was asked before.
    """
    if message is None and not fresh:
        give_up(session, now, key, case, address=address)
    question = Question(
        address_id=address.id,
        channel=channel,
        account=account,
        key=key,
        case_id=case.id if case else None,
        message_id=message.id if message else None,
        options=list(options),
        asked_at=now,
        expires_at=now + (lifetime or LIFETIMES[key]),
    )
    session.add(question)
    return question


def open_for(session: Session, addresses: Sequence[AddressRow], now: datetime) -> list[Question]:
    """What these addresses were asked and may still answer, the latest first.

    Whatever the channel: a phone's question that was put by SMS may be answered over WhatsApp.
    """
    return list(
        session.scalars(
            select(Question)
            .where(
                Question.address_id.in_([address.id for address in addresses]),
                Question.settled_at.is_(None),
                Question.expires_at > now,
            )
            .order_by(Question.id.desc())
        )
    )


def settle(session: Session, question: Question, now: datetime, answer: str | None = None) -> None:
    """End a question; ``answer`` is what was chosen, if anything was."""
    question.settled_at = now
    question.answer = answer


def give_up(
    session: Session,
    now: datetime,
    key: Key,
    case: Case | None,
    *,
    address: AddressRow | None = None,
) -> None:
    """End the open questions of a kind about a case, as when it was answered another way."""
    stale = update(Question).where(
        Question.key == key,
        Question.settled_at.is_(None),
        Question.message_id.is_(None),
        Question.case_id == case.id if case else Question.case_id.is_(None),
    )
    if address is not None:
        stale = stale.where(Question.address_id == address.id)
    session.execute(stale.values(settled_at=now))


def expired(session: Session, now: datetime, limit: int = 100) -> list[Question]:
    """Questions that nobody answered in time, the oldest first; each for one worker only."""
    return list(
        session.scalars(
            select(Question)
            .where(Question.settled_at.is_(None), Question.expires_at <= now)
            .order_by(Question.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def mend(session: Session, now: datetime) -> None:
    """After a clock that was ahead has been put right, hold no message for as long as it was."""
    longest = LIFETIMES["which_case"]
    session.execute(
        update(Question)
        .where(
            Question.message_id.is_not(None),
            Question.settled_at.is_(None),
            Question.expires_at > now + longest + LEAP,
        )
        .values(expires_at=now + longest)
    )


def was_put(session: Session, message_id: int) -> Question | None:
    """The question that this message was held for, once that is over."""
    return session.scalar(
        select(Question)
        .where(Question.message_id == message_id, Question.settled_at.is_not(None))
        .order_by(Question.id.desc())
        .limit(1)
    )
