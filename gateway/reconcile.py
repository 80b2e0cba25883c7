"""Compares providers' own lists with ours: takes in what a lost webhook left out, and asks what
became of messages that nobody reported on.

Channels that we ask anyway need none of this: a mail stays in its mailbox, and an update with
Telegram, until it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import select, update

from channels.base import FetchFailed, Inbound, Reconciles
from gateway.house import House
from gateway.models import Message, OutboundRow
from gateway.notebook import Notes
from gateway.store import written_out

log = structlog.get_logger(__name__)

#: A webhook may still be on its way, and says more than the list does.
_ON_ITS_WAY = timedelta(minutes=2)
#: What the last look may have missed by the clocks' difference, or because a list was late.
_OVERLAP = timedelta(minutes=10)
#: Another worker's look that is not repeated.
_LATELY = timedelta(minutes=10)
#: Messages compared at once.
_BATCH = 500

#: A report comes within seconds, unless it was lost. It is asked for after so long, and again.
_ASK_AFTER, _ASK_AGAIN = timedelta(hours=1), timedelta(hours=6)
#: After this, no provider has news any more.
_GIVE_UP = timedelta(days=2)
#: Reports asked for in one round.
_QUESTIONS = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What one channel's provider knew and we did not."""

    channel: str
    messages: int = 0
    reports: int = 0
    trouble: str = ""


def reconcile(house: House, now: datetime, back: timedelta | None = None) -> Sequence[Found]:
    """Compare with every provider that keeps a list. ``back`` is how far to look; by default as far
    as the last look, at most RECONCILE_HOURS, and not at all where that was a moment ago."""
    return [
        _with_provider(house, name, adapter, now, back)
        for name, adapter in house.channels.items()
        if isinstance(adapter, Reconciles)
    ]


def reconcile_by_clock(house: House, now: datetime) -> None:
    """The same as a round, which every worker makes."""
    if house.settings.reconcile_hours:
        reconcile(house, now)


def _with_provider(
    house: House, name: str, adapter: Reconciles, now: datetime, back: timedelta | None
) -> Found:
    notes, key = Notes(house.store), f"reconcile:{name}"
    last = notes.read(key).get("at")
    if back is None:
        back = timedelta(hours=house.settings.reconcile_hours)
        if last is not None:
            since_last = now - datetime.fromisoformat(last)
            if abs(since_last) < _LATELY:
                return Found(name)
            # A look from hours ahead was dated by a clock that was wrong: nobody knows when it was.
            if since_last > timedelta():
                back = min(back, since_last + _OVERLAP)
    messages = reports = 0
    try:
        messages = _take_in(house, name, adapter, now - back, now)
        reports = _ask(house, name, adapter, now)
    except FetchFailed as failure:
        log.warning("reconcile.failed", channel=name, reason=failure.reason)
        return Found(name, messages, reports, failure.reason)
    notes.write(key, {"at": now.isoformat()})
    log.info("reconciled", channel=name, messages=messages, reports=reports)
    return Found(name, messages, reports)


def _take_in(house: House, name: str, adapter: Reconciles, since: datetime, now: datetime) -> int:
    """Accept what is in the list and not in our table; how many were missing."""
    listed = (one for one in adapter.missed(since) if one.received_at < now - _ON_ITS_WAY)
    missing = 0
    while batch := list(islice(listed, _BATCH)):
        for one in _unknown(house, name, batch):
            missing += not house.pipeline.accept(name, one).duplicate
    if missing:
        log.warning("reconcile.missed", channel=name, messages=missing)
    return missing


def _unknown(house: House, name: str, batch: Sequence[Inbound]) -> Iterator[Inbound]:
    ids = {one.external_id for one in batch}
    with house.store.read() as session:
        rows = session.execute(
            select(Message.account, Message.external_id).where(
                Message.channel == name,
                Message.account.in_({one.account for one in batch}),
                Message.external_id.in_(ids),
            )
        )
        known = {(account, external_id) for account, external_id in rows}
    return (one for one in batch if (one.account, one.external_id) not in known)


def _ask(house: House, name: str, adapter: Reconciles, now: datetime) -> int:
    """Ask what became of messages that were sent a while ago; how many had news."""
    told = 0
    for provider_id in _unreported(house, name, now):
        report = adapter.report(provider_id)
        if report is not None:
            told += not house.pipeline.accept(name, report).duplicate
    return told


def _unreported(house: House, name: str, now: datetime) -> Sequence[str]:
    """The provider's ids of some that nobody reported on. What was sent has nothing else to be due
    for: its ``due_at`` is when to ask."""
    with house.store.write() as session:
        rows = session.execute(
            select(OutboundRow.id, OutboundRow.provider_id)
            .where(
                OutboundRow.channel == name,
                OutboundRow.state == written_out("sent"),
                OutboundRow.due_at < now - _ASK_AFTER,
                OutboundRow.sent_at > now - _GIVE_UP,
            )
            .order_by(OutboundRow.due_at)
            .limit(_QUESTIONS)
            .with_for_update(skip_locked=True, of=OutboundRow)
        ).all()
        session.execute(
            update(OutboundRow)
            .where(OutboundRow.id.in_([row.id for row in rows]))
            .values(due_at=now - _ASK_AFTER + _ASK_AGAIN)
        )
    return [row.provider_id for row in rows if row.provider_id]
