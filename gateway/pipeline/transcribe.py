"""Has recordings written down, and takes each text in as a message of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update

from channels.base import Inbound
from gateway import clock
from gateway.models import AttachmentRow, Event, Message
from gateway.pipeline.accept import accept
from gateway.pipeline.parts import Parts
from gateway.transcribers import NoTranscript, Transcriber, Transcript

log = structlog.get_logger(__name__)

#: A machine without a graphics card takes about as long as the caller spoke.
LEASE = timedelta(minutes=10)
#: A machine that is out of reach is asked so often; then a person must listen.
TRIES = 5
BATCH = 4


def is_spoken(message: Message, content_type: str) -> bool:
    """Whether a file is what a message says, and not something that goes with its words."""
    return not message.text and (content_type.startswith("audio/") or "spoken" in message.hints)


def write_down(parts: Parts, limit: int = BATCH) -> int:
    """Have due recordings written down, where a transcriber is set up; how many were taken.

    What cannot be written down waits in triage for a person's ears.
    """
    if parts.transcriber is None:
        return 0
    claimed = _claim(parts, clock.now(), limit)
    for row in claimed:
        _write_down(parts, parts.transcriber, row)
    return len(claimed)


def _claim(parts: Parts, now: datetime, limit: int) -> Sequence[AttachmentRow]:
    due = (
        select(AttachmentRow.id)
        .where(AttachmentRow.hear_at <= now)
        .order_by(AttachmentRow.hear_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with parts.store.write() as session:
        rows = session.scalars(
            update(AttachmentRow)
            .where(AttachmentRow.id.in_(due.scalar_subquery()))
            .values(hear_at=now + LEASE, hear_tries=AttachmentRow.hear_tries + 1)
            .returning(AttachmentRow)
        ).all()
        session.expunge_all()
    return rows


def mend(parts: Parts, now: datetime) -> None:
    """After a clock that was ahead has been put right, hear at once what would wait for hours."""
    longest = timedelta(seconds=max(clock.FETCH_WAITS))
    with parts.store.write() as session:
        session.execute(
            update(AttachmentRow).where(AttachmentRow.hear_at > now + longest).values(hear_at=now)
        )


def _write_down(parts: Parts, transcriber: Transcriber, row: AttachmentRow) -> None:
    with parts.store.read() as session:
        message = session.get_one(Message, row.message_id)
    kind = row.content_type or row.declared_type or ""
    try:
        content = parts.files.read(row.sha256 or "")
        heard = transcriber.transcribe(content, kind, message.hints.get("language"))
    except NoTranscript as failure:
        _failed(parts, row, message, str(failure), again=failure.retryable)
        return
    except Exception as error:  # noqa: BLE001  # the border: a plug-in's fault loses no recording
        _failed(parts, row, message, f"its own fault ({type(error).__name__})", again=False)
        return
    if heard.text.strip():
        # Taken in before it is done with: told twice, it is a quiet duplicate.
        said = _transcript(message, heard, transcriber.name)
        accept(parts, message.channel, said, message.trace)
    _done(parts, row)


def _failed(
    parts: Parts, row: AttachmentRow, message: Message, reason: str, *, again: bool
) -> None:
    """Try later, or say in the case's history that somebody must listen."""
    now = clock.now()
    final = not again or row.hear_tries >= TRIES
    log.warning(
        "transcribe.failed", trace=message.trace_id, attachment=row.id, final=final, reason=reason
    )
    if not final:
        later = now + clock.wait_after(row.hear_tries, clock.FETCH_WAITS)
        with parts.store.write() as session:
            session.get_one(AttachmentRow, row.id).hear_at = later
        return
    _done(parts, row)
    with parts.store.write() as session:
        case_id = session.scalar(select(Message.case_id).where(Message.id == message.id))
        if case_id is not None:
            data = {"attachment": row.id, "reason": reason}
            session.add(
                Event(case_id=case_id, at=now, actor="guichet", kind="not_transcribed", data=data)
            )


def _done(parts: Parts, row: AttachmentRow) -> None:
    with parts.store.write() as session:
        session.get_one(AttachmentRow, row.id).hear_at = None


def _transcript(message: Message, heard: Transcript, by: str) -> Inbound:
    language = {"language": heard.language} if heard.language else {}
    return Inbound(
        external_id=f"{message.external_id}/transcript",
        account=message.account,
        sender=message.sender,
        text=heard.text,
        raw=heard.text.encode(),
        received_at=clock.now(),
        in_reply_to=(message.reference,),
        hints={"event": "transcript", "transcriber": by, **language},
    )
