"""Store what came in, once, before anybody is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeGuard

import structlog
from sqlalchemy import insert, select

from channels.base import Attachment, Inbound, Location, Receipt, Report
from gateway import clock, tracing
from gateway.files import content_type
from gateway.metrics import ACCEPT_SECONDS, ACCEPTED, timed
from gateway.models import AttachmentRow, Case, Message, OutboundRow, ReportRow
from gateway.pipeline.intake import insertion
from gateway.pipeline.parts import PROCESS_LEASE, Parts
from gateway.pipeline.reports import apply
from gateway.queue import DELIVER, PROCESS
from gateway.store import inserted, once_more
from normalizer.text import storable

log = structlog.get_logger(__name__)

#: A longer payload lies with the files, so that the table stays quick to read.
_RAW_IN_TABLE = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    """An attachment after its bytes, if it brought any, are on the disk."""

    attachment: Attachment
    sha256: str | None
    size: int | None
    content_type: str | None


def accept(parts: Parts, channel: str, item: Inbound | Report, trace: str | None = None) -> Receipt:
    """Store one thing that came in. It is committed when this returns.

    The same message again is a quiet duplicate: the receipt is the first one's. Raises only when
    storing failed, and then nothing is stored and the provider must be told to try again.
    ``trace`` is that of the message which ``item`` was made from, where one was.
    """
    now = clock.now()
    with timed(ACCEPT_SECONDS.labels(channel)):
        if isinstance(item, Report):
            receipt, was = _accept_report(parts, channel, item, now), "report"
        else:
            with tracing.beginning("accept", trace, channel=channel) as begun:
                receipt = _accept_message(parts, channel, item, now, begun)
            was = "again" if receipt.duplicate else "new"
    ACCEPTED.labels(channel, was).inc()
    return receipt


def accept_all(parts: Parts, channel: str, items: Sequence[Inbound | Report]) -> Iterator[Receipt]:
    """``accept`` for what came together: messages without files that follow one another share one
    statement and one commit. Whatever has its receipt is stored; raises what kept the next one
    from it."""
    for bare, together in groupby(items, _is_bare):
        if bare:
            yield from _accept_bare(parts, channel, [*filter(_is_bare, together)])
        else:
            yield from (accept(parts, channel, item) for item in together)


def _is_bare(item: Inbound | Report) -> TypeGuard[Inbound]:
    return isinstance(item, Inbound) and not item.attachments


def _accept_bare(parts: Parts, channel: str, items: Sequence[Inbound]) -> Iterator[Receipt]:
    now, rows, traces = clock.now(), [], []
    with timed(ACCEPT_SECONDS.labels(channel)):
        for item in items:
            with tracing.beginning("accept", channel=channel) as trace:
                rows.append(_row(parts, channel, item, now, trace))
                traces.append(trace)
        stored = parts.intake.add_all(rows)
    for item, trace, message_id in zip(items, traces, stored, strict=True):
        if isinstance(message_id, Exception):
            raise message_id
        receipt = _receipt(parts, channel, item, trace, message_id)
        ACCEPTED.labels(channel, "again" if receipt.duplicate else "new").inc()
        yield receipt


def _accept_message(
    parts: Parts, channel: str, item: Inbound, now: datetime, trace: str
) -> Receipt:
    # Files first: a row must never point at bytes that a crash took away.
    kept = [_keep(parts, attachment) for attachment in item.attachments]
    row = _row(parts, channel, item, now, trace)
    return _receipt(parts, channel, item, trace, _stored(parts, row, kept, now))


def _row(
    parts: Parts, channel: str, item: Inbound, now: datetime, trace: str
) -> Mapping[str, object]:
    """A message's columns; a large payload is with the files when this returns."""
    raw_sha256 = hashlib.sha256(item.raw).hexdigest()
    if large := len(item.raw) > _RAW_IN_TABLE:
        parts.files.keep(item.raw)
    return {
        "channel": channel,
        "account": storable(item.account),
        "external_id": storable(item.external_id),
        "reference": storable(item.hints.get("message_id") or item.external_id),
        "sender": storable(item.sender or _sender_of(parts, channel, item)),
        "sender_name": storable(item.sender_name) if item.sender_name else None,
        "subject": storable(item.subject) if item.subject else None,
        "text": storable(item.text),
        "in_reply_to": [storable(one) for one in item.in_reply_to],
        "location": _place(item.location) if item.location else None,
        "hints": {key: storable(value) for key, value in item.hints.items()},
        "raw": None if large else item.raw,
        "raw_sha256": raw_sha256,
        "received_at": item.received_at,
        "accepted_at": now,
        "state": "new",
        # What is processed in line is claimed from its first moment on.
        "due_at": now + PROCESS_LEASE if _is_in_line(parts, channel) else now,
        "tries": 0,
        "trace": trace,
    }


def _place(location: Location) -> Mapping[str, object]:
    label = storable(location.label) if location.label else None
    return asdict(location) | {"label": label}


def _is_in_line(parts: Parts, channel: str) -> bool:
    # Asked of every message: whether it is a Pushed at all costs far more to find out.
    return bool(getattr(parts.channels.get(channel), "speaks_number", False))


def _receipt(
    parts: Parts, channel: str, item: Inbound, trace: str, message_id: int | None
) -> Receipt:
    """The receipt of a message that is stored, now or before."""
    if message_id is None:
        return _duplicate(parts, channel, item)
    log.info("accepted", trace=tracing.id_of(trace), channel=channel, message=message_id)
    if not _is_in_line(parts, channel):
        parts.bell.ring(PROCESS)
    return Receipt(message_id)


def _stored(
    parts: Parts, row: Mapping[str, object], kept: Sequence[_Kept], now: datetime
) -> int | None:
    """The id of the new row; None where the message is stored already."""
    if not kept:
        return parts.intake.add(row)
    return once_more(lambda: _store(parts, row, kept, now))


def _store(
    parts: Parts, row: Mapping[str, object], kept: Sequence[_Kept], now: datetime
) -> int | None:
    with parts.store.write() as session:
        statement = insertion(sqlite=parts.store.is_sqlite)
        message_id = inserted(session.connection().execute(statement, row))
        if message_id is not None:
            scanned = parts.scanner is not None
            session.execute(
                insert(AttachmentRow), _attachments(message_id, kept, now, scanned=scanned)
            )
    return message_id


def _duplicate(parts: Parts, channel: str, item: Inbound) -> Receipt:
    with parts.store.read() as session:
        message_id, first, number, language = session.execute(
            select(Message.id, Message.trace, Case.number, Case.language)
            .outerjoin(Case, Case.id == Message.case_id)
            .where(
                Message.channel == channel,
                Message.account == storable(item.account),
                Message.external_id == storable(item.external_id),
            )
        ).one()
    log.info("accepted.again", trace=tracing.id_of(first), channel=channel, message=message_id)
    return Receipt(message_id, duplicate=True, number=number, language=language)


def _sender_of(parts: Parts, channel: str, item: Inbound) -> str:
    """Who wrote the message that this one belongs to, when the wire does not say it again."""
    if not item.in_reply_to:
        return ""
    named = (
        select(Message.sender)
        .where(
            Message.channel == channel,
            Message.account == storable(item.account),
            Message.reference.in_([storable(one) for one in item.in_reply_to]),
        )
        .limit(1)
    )
    with parts.store.read() as session:
        return session.scalar(named) or ""


def _keep(parts: Parts, attachment: Attachment) -> _Kept:
    content = attachment.content
    if content is None:
        return _Kept(attachment, None, None, None)
    return _Kept(
        attachment,
        parts.files.keep(content),
        len(content),
        content_type(content, attachment.content_type),
    )


def _attachments(
    message_id: int, kept: Sequence[_Kept], now: datetime, *, scanned: bool
) -> list[dict[str, object]]:
    """Their rows; where files are scanned, each waits for it before anybody sees it."""
    return [
        {
            "message_id": message_id,
            "position": position,
            "filename": storable(one.attachment.filename) if one.attachment.filename else None,
            "declared_type": (
                storable(one.attachment.content_type) if one.attachment.content_type else None
            ),
            "content_type": one.content_type,
            "size": one.size,
            "sha256": one.sha256,
            "reference": one.attachment.reference,
            "state": "stored" if one.sha256 and not scanned else "pending",
            "due_at": now,
            "tries": 0,
        }
        for position, one in enumerate(kept)
    ]


def _accept_report(parts: Parts, channel: str, report: Report, now: datetime) -> Receipt:
    """Keep a delivery report; it may come before we know the id it speaks of."""
    with parts.store.write() as session:
        row = {
            "channel": channel,
            "account": storable(report.account),
            "provider_id": storable(report.provider_id),
            "status": report.status,
            "code": storable(report.code) if report.code else None,
            "opted_out": report.opted_out,
            "raw": report.raw,
            "at": now,
        }
        report_id = inserted(
            session.connection().execute(
                parts.store.insert(ReportRow)
                .values(row)
                .on_conflict_do_nothing(
                    index_elements=["channel", "account", "provider_id", "status"]
                )
                .returning(ReportRow.id)
            )
        )
        if report_id is None:
            return Receipt(0, duplicate=True)
        # One call may have said several notices.
        spoken_of = session.scalars(
            select(OutboundRow).where(
                OutboundRow.channel == channel,
                OutboundRow.provider_id == row["provider_id"],
            )
        ).all()
        told = (report.status, report.code, report.opted_out, now)
        rings = {apply(parts, session, one, *told) for one in spoken_of}
    for other_way in filter(None, rings):
        parts.bell.ring(DELIVER, other_way)
    return Receipt(report_id)
