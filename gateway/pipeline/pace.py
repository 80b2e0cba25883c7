"""Lets a channel send no faster than its number may, however many workers send."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sqlalchemy import select

from gateway import clock
from gateway.models import PaceRow
from gateway.pipeline.parts import Parts


def keep_pace(parts: Parts, channel: str) -> None:
    """Return when this channel may send its next message; at once where no limit is set."""
    rate = parts.settings.sms_per_second if channel == "sms" else None
    if rate is not None:
        mine = turn(parts, channel, timedelta(seconds=1 / rate), clock.now())
        time.sleep(max(0.0, (mine - clock.now()).total_seconds()))


def turn(parts: Parts, channel: str, step: timedelta, now: datetime) -> datetime:
    """The next free moment, taken from the others. The database keeps it, so that every worker
    of every machine waits in the same line."""
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
        row.next_at = mine + step
    return mine
