"""Ends the talk of two machines: so many automatic answers to one address, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.models import AddressRow, OutboundRow
from gateway.notices import Way

#: How far back answers are counted.
_WINDOW = timedelta(hours=3)
#: Answers under one subject: who adds a photo and then a word has had two receipts.
_SAME_SUBJECT = 2
#: Who complains of three things under one subject is told three numbers, and then the rest.
_RECEIPT = "acknowledged"
#: "Re:" in English, French, German, Swedish and Arabic mail programs.
_MARKS = ("re:", "re :", "réf:", "aw:", "sv:", "رد:")


#: The subjects of what was said automatically, by address and channel.
Said = Mapping[tuple[int, str], Sequence[str | None]]


def said_lately(session: Session, addresses: Sequence[AddressRow], now: datetime) -> Said:
    """What machines of ours answered these addresses within three hours: the subject of each
    answer, of a receipt for a new case none."""
    found: dict[tuple[int, str], list[str | None]] = defaultdict(list)
    if addresses:
        rows = session.execute(
            select(
                OutboundRow.address_id, OutboundRow.channel, OutboundRow.key, OutboundRow.subject
            ).where(
                OutboundRow.address_id.in_([address.id for address in addresses]),
                OutboundRow.automatic,
                OutboundRow.created_at.between(now - _WINDOW, now + clock.LEAP),
            )
        )
        for address_id, channel, key, subject in rows:
            found[address_id, channel].append(None if key == _RECEIPT else subject)
    return found


def is_loop(said: Said, way: Way, subject: str | None, most: int) -> bool:
    """Whether one more automatic answer might go to a machine that answers it in turn.

    ``subject`` is that of the mail to be answered, ``most`` how many automatic answers one
    address gets over this channel within three hours.
    """
    subjects = said.get((way.address.id, way.channel), ())
    same = sum(_bare(one) == _bare(subject) for one in subjects if one and subject)
    return len(subjects) >= most or same >= _SAME_SUBJECT


def _bare(subject: str | None) -> str:
    """A subject without the marks that answers put before it."""
    bare = (subject or "").casefold().strip()
    while bare.startswith(_MARKS):
        bare = bare.partition(":")[2].strip()
    return bare
