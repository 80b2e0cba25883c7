"""What a provider says became of a message, applied in whatever order it says so."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from gateway.models import Case, Event, OutboundRow
from gateway.notices import FILE_CHANNELS, cause_of
from gateway.pipeline.parts import Parts

log = structlog.get_logger(__name__)


def apply(
    parts: Parts,
    session: Session,
    row: OutboundRow,
    status: str,
    reason: str | None,
    opted_out: bool,
    now: datetime,
) -> str | None:
    """Move an outbound row on. Returns the channel of a second try by another way, if one began.

    Reports come late, twice and out of order: ``delivered`` is the last word, ``failed`` the last
    but one, and ``sent`` changes nothing that is further on.
    """
    if opted_out:
        row.address.stopped_at = row.address.stopped_at or now
    if row.state == "delivered" or (row.state == "failed" and status != "delivered"):
        return None
    if status == "failed":
        return fail(parts, session, row, reason or "the provider could not deliver it", now)
    row.state = status
    log.info("reported", trace=row.trace_id, outbound=row.id, channel=row.channel, status=status)
    return None


def fail(
    parts: Parts, session: Session, row: OutboundRow, reason: str, now: datetime
) -> str | None:
    """Give a notice up on this way, say so in the case's history, and try another way; but not
    one that may have arrived."""
    row.state, row.error = "failed", reason
    log.warning(
        "outbound.failed", trace=row.trace_id, outbound=row.id, channel=row.channel, reason=reason
    )
    if row.case_id is None:
        return None
    session.add(
        Event(
            case_id=row.case_id,
            at=now,
            actor="guichet",
            kind="notice_failed",
            data={"notice": row.key, "channel": row.channel, "reason": reason},
        )
    )
    way = None if row.doubtful else parts.notices.next_way(session, row)
    if way is None:
        return None
    case = session.get_one(Case, row.case_id)
    drafts = parts.notices.drafts(
        session,
        way,
        row.key,
        row.facts,
        row.language,
        cause_of(row),
        now,
        case,
        row.automatic,
        bulk=row.bulk,
        trace=row.trace,
    )
    again = parts.notices.queue(session, drafts)
    again.files = row.files if way.channel in FILE_CHANNELS else []
    return way.channel
