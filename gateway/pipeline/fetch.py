"""Fetch the files that providers keep for us, and have every file looked at for viruses."""

from __future__ import annotations

import structlog
from sqlalchemy import update

from channels.base import Attachment, Downloads, FetchFailed
from gateway import clock
from gateway.files import content_type
from gateway.models import AttachmentRow, Event, Message
from gateway.pipeline.parts import Parts
from gateway.pipeline.transcribe import is_spoken, write_down
from gateway.queue import FETCH
from gateway.scanner import Infected, NotScanned

log = structlog.get_logger(__name__)

BATCH = 10
#: Recordings may be a while in the making; after this a person must look.
TRIES = 8


class _Unscanned(FetchFailed):
    """The file is here, but nobody has looked at it."""


def fetch(parts: Parts, limit: int = BATCH) -> int:
    """Fetch due attachments from their providers, and have recordings written down; how many were
    taken."""
    claimed = parts.store.claim(AttachmentRow, clock.now(), parts.lease, limit)
    for row in claimed:
        _fetch_one(parts, row)
    if len(claimed) == limit:
        parts.bell.ring(FETCH)
    return len(claimed) + write_down(parts)


def _fetch_one(parts: Parts, row: AttachmentRow) -> None:
    with parts.store.read() as session:
        message = session.get_one(Message, row.message_id)
    sha256 = row.sha256
    try:
        content = parts.files.read(sha256) if sha256 else _download(parts, message, row)
        # Kept before it is scanned: the provider may not have it any more when the scanner is back.
        sha256 = parts.files.keep(content)
        _scan(parts, content)
    except FetchFailed as failure:
        _failed(parts, message, row, failure, sha256)
        return
    kind = content_type(content, row.declared_type)
    heard = parts.transcriber is not None and is_spoken(message, kind)
    with parts.store.write() as session:
        session.execute(
            update(AttachmentRow)
            .where(AttachmentRow.id == row.id)
            .values(
                state="stored",
                sha256=sha256,
                size=len(content),
                content_type=kind,
                error=None,
                hear_at=clock.now() if heard else None,
            )
        )
    log.info(
        "fetched",
        trace=message.trace_id,
        channel=message.channel,
        attachment=row.id,
        size=len(content),
    )


def _download(parts: Parts, message: Message, row: AttachmentRow) -> bytes:
    adapter = parts.channels.get(message.channel)
    if adapter is None or not isinstance(adapter, Downloads):
        raise FetchFailed(f"the channel {message.channel} is not set up", retryable=True)
    wanted = Attachment(row.filename, row.declared_type, reference=row.reference)
    try:
        return adapter.download(wanted, parts.settings.max_upload_mb * 1024 * 1024)
    except FetchFailed:
        raise
    except Exception as error:  # noqa: BLE001  # the border: an adapter's fault loses no file
        log.error(
            "fetch.fault", trace=message.trace_id, attachment=row.id, error=type(error).__name__
        )
        raise FetchFailed(f"our own fault ({type(error).__name__})", retryable=True) from None


def _scan(parts: Parts, content: bytes) -> None:
    """Let nothing through that was not looked at, where there is somebody to look."""
    if parts.scanner is None:
        return
    try:
        parts.scanner.scan(content)
    except Infected as found:
        raise FetchFailed(str(found), retryable=False) from None
    except NotScanned as failure:
        raise _Unscanned(failure.reason, retryable=failure.retryable) from None


def _failed(
    parts: Parts, message: Message, row: AttachmentRow, failure: FetchFailed, sha256: str | None
) -> None:
    """Try later, or give up where a person sees it: in the case's history."""
    now = clock.now()
    # A scanner that is away comes back; until then the file waits unseen.
    given_up = row.tries >= TRIES and not isinstance(failure, _Unscanned)
    final = not failure.retryable or given_up
    with parts.store.write() as session:
        ours = session.get_one(AttachmentRow, row.id)
        ours.error, ours.sha256 = failure.reason, sha256
        ours.due_at = now + clock.wait_after(row.tries, clock.FETCH_WAITS)
        case_id = session.get_one(Message, message.id).case_id
        if final:
            ours.state = "failed"
        if final and case_id is not None:
            session.add(
                Event(
                    case_id=case_id,
                    at=now,
                    actor="guichet",
                    kind="file_failed",
                    data={"attachment": row.id, "reason": failure.reason},
                )
            )
    log.warning(
        "fetch.failed",
        trace=message.trace_id,
        attachment=row.id,
        final=final,
        reason=failure.reason,
    )
