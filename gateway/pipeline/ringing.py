"""Calls to citizens: in the hours for it, and one for all that there is to say to a phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from gateway.deadlines import may_call
from gateway.models import OutboundRow
from gateway.pipeline.outcomes import give_back
from gateway.pipeline.parts import Parts

#: The channel whose messages ring.
CALLS = "voice"
#: News waits so long for what follows it, as one change of a case does another.
_HELD = timedelta(seconds=5)
#: Characters of one call: it says them twice, and Twilio takes a document of 4000.
_LONGEST = 1200


def claim(parts: Parts, now: datetime, limit: int) -> list[list[OutboundRow]]:
    """Take what is to be said in calls, up to so many rows: a list for each call, and none outside
    CALL_HOURS. What one call to a phone has no room for waits until that is over."""
    # Who plays with the simulator waits to see what happens.
    playing = parts.settings.simulator != "0"
    if not (playing or may_call(now, parts.settings)):
        return []
    since = now if playing else now - _HELD
    claimed = parts.store.claim(
        OutboundRow, now, parts.lease, limit, _is_ripe, channel=CALLS, since=since
    )
    calls, later = [], []
    for _, rows in groupby(sorted(claimed, key=_phone), key=_phone):
        said, rest = _in_one(list(rows))
        calls.append(said)
        later += rest
    give_back(parts, later, now + _HELD)
    return calls


def _phone(row: OutboundRow) -> int:
    return row.address_id


def _in_one(rows: Sequence[OutboundRow]) -> tuple[list[OutboundRow], list[OutboundRow]]:
    """What one call says of it, in one language, and the rest."""
    said = [rows[0]]
    rest: list[OutboundRow] = []
    for row in rows[1:]:
        length = sum(len(one.text) for one in (*said, row))
        fits = row.language == rows[0].language and length <= _LONGEST and not rest
        (said if fits else rest).append(row)
    return said, rest


def _is_ripe() -> ColumnElement[bool]:
    """Whether something for the same phone has waited since then, or somebody waits for it: then
    all of it is said."""
    other = aliased(OutboundRow)
    # Nobody asked for news, nor knows when an agent writes.
    is_awaited = and_(other.bulk.is_(False), other.facts["message"].as_string().is_(None))
    return (
        select(other.id)
        .where(
            other.channel == OutboundRow.channel,
            other.address_id == OutboundRow.address_id,
            other.state == "queued",
            or_(is_awaited, other.created_at <= bindparam("since")),
        )
        .correlate(OutboundRow)
        .exists()
    )
