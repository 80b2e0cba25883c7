"""Lets a channel send no faster than its number may, however many workers send."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from channels.base import Rate, SendsMany
from gateway import clock
from gateway.models import OutboundRow, PaceRow
from gateway.pipeline.parts import Parts

#: How far a batch may catch up with its line.
_SLACK = timedelta(seconds=0.5)
#: Whose turn is later than this gives its row back instead of holding it.
PATIENCE = timedelta(seconds=3)
#: Messages in a batch where nothing limits them: a second or two of a distant provider's time.
_TOGETHER = 60


def together(rate: Rate | None) -> int:
    """How many messages to take at once: no more than go out while we are patient, so that none
    takes a turn that it does not use."""
    if rate is None:
        return _TOGETHER
    return min(_TOGETHER, max(1, int(rate.count * PATIENCE.total_seconds() / rate.seconds)))


def turn(parts: Parts, channel: str, step: timedelta, now: datetime, messages: int = 1) -> datetime:
    """The next free moment, taken from the others for so many messages, a step apart. The
    database keeps it, so that every worker of every machine waits in the same line."""
    with parts.store.write() as session:
        session.execute(
            parts.store.insert(PaceRow)
            .values(channel=channel, next_at=now)
            .on_conflict_do_nothing(index_elements=["channel"])
        )
        row = session.scalars(
            select(PaceRow).where(PaceRow.channel == channel).with_for_update()
        ).one()
        mine = max(row.next_at, now)
        row.next_at = mine + messages * step
    return mine


def turns(
    parts: Parts, channel: str, rate: Rate | None, messages: int, now: datetime
) -> list[datetime]:
    """The moments at which so many messages may go out, evenly spread."""
    if rate is None:
        return [now] * messages
    step = timedelta(seconds=rate.seconds / rate.count)
    # What the line lost while the last batch came to its end is made up for.
    first = turn(parts, channel, step, now - _SLACK, messages)
    return [first + place * step for place in range(messages)]


def pause(parts: Parts, channel: str, until: datetime) -> None:
    """Let nobody send over a channel before then (``clock.LEAP`` from now at most): its provider
    asked for it."""
    turn(parts, channel, timedelta(0), clock.now())
    with parts.store.write() as session:
        session.execute(
            update(PaceRow)
            .where(PaceRow.channel == channel, PaceRow.next_at < until)
            .values(next_at=until)
        )


def mend(parts: Parts, now: datetime) -> None:
    """After a clock that was ahead has been put right, send at once: no pause is so long, and a
    provider who meant it says so again."""
    with parts.store.write() as session:
        session.execute(
            update(PaceRow).where(PaceRow.next_at > now + clock.LEAP).values(next_at=now)
        )


def free_at(parts: Parts, channel: str) -> datetime | None:
    """When the next message may go out over a channel, if it ever kept a pace."""
    with parts.store.read() as session:
        return session.scalar(select(PaceRow.next_at).where(PaceRow.channel == channel))


def is_paused(parts: Parts, channel: str) -> bool:
    """Whether a channel's line is not free now."""
    free = free_at(parts, channel)
    return free is not None and free > clock.now()


def chat_turns(
    parts: Parts, adapter: SendsMany, rows: Sequence[OutboundRow], now: datetime
) -> list[datetime]:
    """When each row's address may be written to again, given what was sent there lately."""
    rates = [adapter.rate_to(row.address.value) for row in rows]
    longest = max((rate.seconds for rate in rates if rate), default=None)
    if longest is None:
        return [now] * len(rows)
    since = now - timedelta(seconds=longest)
    sent: defaultdict[int, list[datetime]] = defaultdict(list)
    with parts.store.read() as session:
        for address, at in session.execute(
            select(OutboundRow.address_id, OutboundRow.sent_at)
            .where(
                OutboundRow.address_id.in_({row.address_id for row in rows}),
                OutboundRow.channel.in_({row.channel for row in rows}),
                OutboundRow.sent_at.between(since, now + clock.LEAP),
            )
            .order_by(OutboundRow.sent_at)
        ):
            if at is not None:
                sent[address].append(at)
    return [_free(sent[row.address_id], rate, now) for row, rate in zip(rows, rates, strict=True)]


def _free(sent: Sequence[datetime], rate: Rate | None, now: datetime) -> datetime:
    if rate is None or len(sent) < rate.count:
        return now
    return max(now, sent[-rate.count] + timedelta(seconds=rate.seconds))
