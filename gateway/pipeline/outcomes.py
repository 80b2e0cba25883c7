"""What became of a message that a provider was handed: kept, tried again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update

from channels.base import SendFailed
from gateway import clock
from gateway.addresses import move
from gateway.models import OutboundRow, ReportRow
from gateway.pipeline.parts import Parts
from gateway.pipeline.reports import apply, fail
from gateway.queue import DELIVER

#: Tries at which a provider's own word for how long to wait is enough.
_BELIEVED = 2

log = structlog.get_logger(__name__)


def sent(parts: Parts, row: OutboundRow, provider_id: str) -> None:
    """The provider took it, and calls it by this id."""
    now = clock.now()
    again = None
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row.id)
        ours.provider_id, ours.error, ours.sent_at = provider_id, None, now
        if ours.state == "queued":
            ours.state = "sent"
        # Reports may have come before we knew the id that they speak of; the good news first, so
        # that a message which did arrive is not said again another way.
        for report in session.scalars(
            select(ReportRow)
            .where(ReportRow.channel == row.channel, ReportRow.provider_id == provider_id)
            .order_by(ReportRow.status != "delivered", ReportRow.id)
        ):
            again = (
                apply(parts, session, ours, report.status, report.code, report.opted_out, now)
                or again
            )
    log.info("sent", channel=row.channel, outbound=row.id, tries=row.tries)
    if again:
        parts.bell.ring(DELIVER, again)


def failed(parts: Parts, row: OutboundRow, failure: SendFailed) -> None:
    """The provider did not take it, or may have: try again later, or give this way up.

    What may have arrived is tried once more and no oftener, so that nobody gets it three times.
    """
    now = clock.now()
    wait = _wait(row, failure)
    again = None
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row.id)
        if failure.opted_out:
            ours.address.stopped_at = ours.address.stopped_at or now
        if failure.moved_to is not None:
            ours.address = move(session, ours.address, failure.moved_to)
        twice = failure.unknown and ours.doubtful
        ours.doubtful = ours.doubtful or failure.unknown
        if failure.retryable and row.tries < parts.settings.deliver_tries and not twice:
            ours.due_at, ours.error = now + wait, failure.reason
        else:
            again = fail(parts, session, ours, failure.reason, now)
    log.warning(
        "send.failed",
        channel=row.channel,
        outbound=row.id,
        tries=row.tries,
        retryable=failure.retryable,
        reason=failure.reason,
    )
    if again:
        parts.bell.ring(DELIVER, again)


def stopped(parts: Parts, row: OutboundRow) -> None:
    """Keep a promise: who said stop hears nothing more there; the agent is told."""
    now = clock.now()
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row.id)
        again = fail(parts, session, ours, "the citizen asked to hear no more here", now)
    if again:
        parts.bell.ring(DELIVER, again)


def _wait(row: OutboundRow, failure: SendFailed) -> timedelta:
    if failure.moved_to is not None:
        return timedelta(0)
    usual = clock.wait_after(row.tries, clock.DELIVER_WAITS)
    if failure.retry_after is None:
        return usual
    asked = timedelta(seconds=failure.retry_after)
    # A provider that names a time is believed, until it has been wrong twice.
    return asked if row.tries <= _BELIEVED else max(asked, usual)


def give_back(parts: Parts, rows: Sequence[OutboundRow], due_at: datetime) -> None:
    """Let rows that were claimed and not begun be due then; it counts as no try."""
    if not rows:
        return
    with parts.store.write() as session:
        session.execute(
            update(OutboundRow)
            .where(OutboundRow.id.in_([row.id for row in rows]), OutboundRow.state == "queued")
            .values(due_at=due_at, tries=OutboundRow.tries - 1)
        )
