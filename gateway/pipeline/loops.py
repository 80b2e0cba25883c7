"""Ends the talk of two machines: so many automatic answers to one address, and no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.models import OutboundRow
from gateway.notices import Way

#: How far back answers are counted.
_WINDOW = timedelta(hours=3)
#: Answers under one subject: who adds a photo and then a word has had two receipts.
_SAME_SUBJECT = 2
#: "Re:" in English, French, German, Swedish and Arabic mail programs.
_MARKS = ("re:", "re :", "réf:", "aw:", "sv:", "رد:")


def is_loop(session: Session, way: Way, subject: str | None, most: int, now: datetime) -> bool:
    """Whether one more automatic answer might go to a machine that answers it in turn.

    ``subject`` is that of the mail to be answered, ``most`` how many automatic answers one
    address gets over this channel within three hours.
    """
    if way.address.created_at == now:
        # Nobody was answered before they wrote.
        return False
    subjects = session.scalars(
        select(OutboundRow.subject)
        .where(
            OutboundRow.address_id == way.address.id,
            OutboundRow.channel == way.channel,
            OutboundRow.automatic,
            OutboundRow.created_at > now - _WINDOW,
        )
        .limit(most)
    ).all()
    same = sum(_bare(one) == _bare(subject) for one in subjects if one and subject)
    return len(subjects) >= most or same >= _SAME_SUBJECT


def _bare(subject: str | None) -> str:
    """A subject without the marks that answers put before it."""
    bare = (subject or "").casefold().strip()
    while bare.startswith(_MARKS):
        bare = bare.partition(":")[2].strip()
    return bare
