"""Fetch the files that providers keep for us: recordings, photos, documents."""

from __future__ import annotations

import structlog
from sqlalchemy import select, update

from channels.base import Attachment, Downloads, FetchFailed
from gateway import clock
from gateway.files import content_type
from gateway.models import AttachmentRow, Event, Message
from gateway.pipeline.parts import Parts
from gateway.pipeline.transcribe import write_down
from gateway.queue import FETCH

log = structlog.get_logger(__name__)

BATCH = 10
#: Recordings may be a while in the making; after this a person must look.
TRIES = 8


def fetch(parts: Parts, limit: int = BATCH) -> int:
    """Fetch due attachments from their providers; how many were taken."""
    claimed = parts.store.claim(AttachmentRow, clock.now(), parts.lease, limit)
    for row in claimed:
        _fetch_one(parts, row)
    if len(claimed) == limit:
        parts.bell.ring(FETCH)
    return len(claimed)


def _fetch_one(parts: Parts, row: AttachmentRow) -> None:
    with parts.store.read() as session:
        channel = session.scalars(select(Message.channel).where(Message.id == row.message_id)).one()
    try:
        content = _download(parts, channel, row)
    except FetchFailed as failure:
        _failed(parts, row, failure)
        return
    sha256 = parts.files.keep(content)
    with parts.store.write() as session:
        session.execute(
            update(AttachmentRow)
            .where(AttachmentRow.id == row.id)
            .values(
                state="stored",
                sha256=sha256,
                size=len(content),
                content_type=content_type(content, row.declared_type),
                error=None,
            )
        )
    log.info("fetched", channel=channel, attachment=row.id, size=len(content))
    write_down(parts, row, content)


def _download(parts: Parts, channel: str, row: AttachmentRow) -> bytes:
    adapter = parts.channels.get(channel)
    if adapter is None or not isinstance(adapter, Downloads):
        raise FetchFailed(f"the channel {channel} is not set up", retryable=True)
    wanted = Attachment(row.filename, row.declared_type, reference=row.reference)
    try:
        return adapter.download(wanted, parts.settings.max_upload_mb * 1024 * 1024)
    except FetchFailed:
        raise
    except Exception as error:  # noqa: BLE001  # the border: an adapter's fault loses no file
        log.error("fetch.fault", attachment=row.id, error=type(error).__name__)
        raise FetchFailed(f"our own fault ({type(error).__name__})", retryable=True) from None


def _failed(parts: Parts, row: AttachmentRow, failure: FetchFailed) -> None:
    """Try later, or give up where a person sees it: in the case's history."""
    now = clock.now()
    final = not failure.retryable or row.tries >= TRIES
    with parts.store.write() as session:
        ours = session.get_one(AttachmentRow, row.id)
        ours.error = failure.reason
        ours.due_at = now + clock.wait_after(row.tries, clock.FETCH_WAITS)
        message = session.get_one(Message, row.message_id)
        if final:
            ours.state = "failed"
        if final and message.case_id is not None:
            session.add(
                Event(
                    case_id=message.case_id,
                    at=now,
                    actor="guichet",
                    kind="file_failed",
                    data={"attachment": row.id, "reason": failure.reason},
                )
            )
    log.warning("fetch.failed", attachment=row.id, final=final, reason=failure.reason)
