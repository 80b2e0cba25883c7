"""One-time links in what is said to citizens: made when it is sent, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from gateway import links
from gateway.models import LinkRow, OutboundRow
from gateway.pipeline.parts import Parts

#: Channels with room for a link in every message; a chat has a button for it.
_ROOMY = ("email",)
_LIFETIMES: dict[str, tuple[links.Purpose, timedelta]] = {
    "case": ("case", links.CASE),
    "upload": ("upload", links.UPLOAD),
}


def with_signposts(parts: Parts, rows: Sequence[OutboundRow], now: datetime) -> list[str]:
    """Notices' texts as they are sent: with the link that each promises, and in a mail with one to
    the case's page. What is kept of them has none, so that nobody at the desk can follow it."""
    made: list[dict[str, Any]] = []
    texts = [_with_signpost(parts, row, now, made) for row in rows]
    if made:
        # Before anybody has them, and all at once.
        with parts.store.at_once() as connection:
            connection.execute(insert(LinkRow), made)
    return texts


def _with_signpost(
    parts: Parts, row: OutboundRow, now: datetime, made: list[dict[str, Any]]
) -> str:
    text = row.text
    if row.case_id is None:
        return text
    if row.facts.get("link") in _LIFETIMES and links.MASK in text:
        text = text.replace(links.MASK, _token(row, row.facts["link"], now, made), 1)
    if row.channel not in _ROOMY:
        return text
    url = f"{parts.settings.public_url}/l/{_token(row, 'case', now, made)}"
    return f"{text}\n\n{parts.notices.say('follow_link', {'url': url}, row.language, 'long')}"


def _token(row: OutboundRow, wanted: str, now: datetime, made: list[dict[str, Any]]) -> str:
    purpose, lifetime = _LIFETIMES[wanted]
    token, link = links.draw(purpose, now, lifetime)
    made.append({**link, "case_id": row.case_id, "address_id": row.address_id})
    return token
