"""Hand outbound rows to their providers, one at a time, and keep what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy import select, update

from channels.base import Attachment, Channel, Outbound, SendFailed
from gateway import clock
from gateway.models import OutboundRow, ReportRow
from gateway.pipeline.pace import keep_pace
from gateway.pipeline.parts import Parts
from gateway.pipeline.reports import apply, fail
from gateway.queue import DELIVER

log = structlog.get_logger(__name__)

#: Rows claimed at once; at a provider's usual fifth of a second they take a few seconds.
BATCH = 20


def deliver(parts: Parts, channel: str, limit: int = BATCH) -> int:
    """Hand due outbound rows of a channel to its provider; how many were taken.

    No transaction is open while a provider is called. A process that dies between the provider's
    yes and our commit sends that one message again: at most one per death.
    """
    started = monotonic()
    claimed = parts.store.claim(OutboundRow, clock.now(), parts.lease, limit, channel=channel)
    for position, row in enumerate(claimed):
        # A slow provider must not let our lease run out under the rows that still wait.
        if monotonic() - started > parts.settings.lease_seconds / 2:
            _give_back(parts, claimed[position:])
            break
        _deliver_one(parts, row)
    if len(claimed) == limit:
        parts.bell.ring(DELIVER, channel)
    return len(claimed)


def _deliver_one(parts: Parts, row: OutboundRow) -> None:
    if row.address.stopped_at is not None and row.key != "stopped":
        _stopped(parts, row)
        return
    adapter = parts.channels.get(row.channel)
    try:
        if adapter is None:
            raise SendFailed(f"the channel {row.channel} is not set up", retryable=True)
        keep_pace(parts, row.channel)
        provider_id = _send(parts, adapter, row)
    except SendFailed as failure:
        _failed(parts, row, failure)
    else:
        _sent(parts, row, provider_id)


def _send(parts: Parts, adapter: Channel, row: OutboundRow) -> str:
    message = Outbound(
        id=row.id,
        to=row.address.value,
        text=row.text,
        language=row.language,
        number=row.facts.get("number"),
        subject=row.subject,
        in_reply_to=row.in_reply_to,
        references=tuple(row.references),
        choices=tuple((value, label) for value, label in row.choices),
        attachments=tuple(
            Attachment(filename, content_type, parts.files.read(sha256))
            for sha256, filename, content_type in row.files
        ),
        automatic=row.automatic,
        account=row.account,
    )
    try:
        return adapter.send(message)
    except SendFailed:
        raise
    except Exception as error:  # noqa: BLE001  # the border: an adapter's fault loses no message
        log.error("send.fault", outbound=row.id, channel=row.channel, error=type(error).__name__)
        raise SendFailed(f"our own fault ({type(error).__name__})", retryable=True) from None


def _sent(parts: Parts, row: OutboundRow, provider_id: str) -> None:
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


def _failed(parts: Parts, row: OutboundRow, failure: SendFailed) -> None:
    now = clock.now()
    wait = _wait(row, failure)
    again = None
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row.id)
        if failure.opted_out:
            ours.address.stopped_at = ours.address.stopped_at or now
        if failure.retryable and row.tries < parts.settings.deliver_tries:
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


def _stopped(parts: Parts, row: OutboundRow) -> None:
    """Keep a promise: who said stop hears nothing more there; the agent is told."""
    now = clock.now()
    with parts.store.write() as session:
        ours = session.get_one(OutboundRow, row.id)
        again = fail(parts, session, ours, "the citizen asked to hear no more here", now)
    if again:
        parts.bell.ring(DELIVER, again)


def _wait(row: OutboundRow, failure: SendFailed) -> timedelta:
    asked = timedelta(seconds=failure.retry_after or 0)
    return max(asked, clock.wait_after(row.tries, clock.DELIVER_WAITS))


def _give_back(parts: Parts, rows: Sequence[OutboundRow]) -> None:
    with parts.store.write() as session:
        session.execute(
            update(OutboundRow)
            .where(OutboundRow.id.in_([row.id for row in rows]), OutboundRow.state == "queued")
            .values(due_at=clock.now(), tries=OutboundRow.tries - 1)
        )
