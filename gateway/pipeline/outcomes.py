"""What became of a message that a provider was handed: kept, tried again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic, sleep

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from channels.base import SendFailed
from gateway import clock
from gateway.addresses import move
from gateway.metrics import SENT
from gateway.models import OutboundRow, ReportRow
from gateway.pipeline.parts import Parts
from gateway.pipeline.reports import apply, fail
from gateway.pipeline.taken import write_down
from gateway.queue import DELIVER
from gateway.store import is_away
from normalizer.text import storable

#: Tries at which a provider's own word for how long to wait is enough.
_BELIEVED = 2

#: Seconds after which a database that is away is asked again.
_BREATH = 0.2

log = structlog.get_logger(__name__)


def sent(parts: Parts, channel: str, taken: Sequence[tuple[OutboundRow, str]]) -> None:
    """The provider took these, and calls each by the id beside it. While the database is away this
    waits for it, as long as the rows are ours: nobody else knows, and they would be sent again."""
    until = monotonic() + parts.settings.lease_seconds
    while True:
        try:
            return _sent(parts, channel, taken)
        except SQLAlchemyError as error:
            if not is_away(error) or monotonic() > until:
                raise
            sleep(_BREATH)


def _sent(parts: Parts, channel: str, taken: Sequence[tuple[OutboundRow, str]]) -> None:
    now = clock.now()
    ids = {storable(provider_id): row.id for row, provider_id in taken}
    for row_id in write_down(parts.store, ids, now):
        _report_on(parts, row_id, now)
    SENT.labels(channel, "sent").inc(len(taken))
    log.info(
        "sent",
        trace=[row.trace_id for row, _ in taken],
        channel=channel,
        outbound=[row.id for row, _ in taken],
    )


def _report_on(parts: Parts, row_id: int, now: datetime) -> None:
    """Let the reports count that came before we knew the id that they speak of; the good news
    first, so that a message which did arrive is not said again another way."""
    again = None
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row_id)
        for report in session.scalars(
            select(ReportRow)
            .where(ReportRow.channel == ours.channel, ReportRow.provider_id == ours.provider_id)
            .order_by(ReportRow.status != "delivered", ReportRow.id)
        ):
            told = (report.status, report.code, report.opted_out)
            again = apply(parts, session, ours, *told, now) or again
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
        later = failure.retryable and row.tries < parts.settings.deliver_tries and not twice
        if later:
            ours.due_at, ours.error = now + wait, failure.reason
        else:
            again = fail(parts, session, ours, failure.reason, now)
    SENT.labels(row.channel, "later" if later else "failed").inc()
    log.warning(
        "send.failed",
        trace=row.trace_id,
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
    asked = min(timedelta(seconds=failure.retry_after), clock.LONGEST_WAIT)
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
