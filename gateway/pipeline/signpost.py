"""One-time links in what is said to citizens: made when it is sent, and kept nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway import links
from gateway.models import Case, OutboundRow
from gateway.pipeline.parts import Parts

#: Channels with room for a link in every message; a chat has a button for it.
_ROOMY = ("email",)
_LIFETIMES: dict[str, tuple[links.Purpose, timedelta]] = {
    "case": ("case", links.CASE),
    "upload": ("upload", links.UPLOAD),
}


def with_signpost(parts: Parts, row: OutboundRow, now: datetime) -> str:
    """A notice's text as it is sent: with the link that it promises, and in a mail with one to the
    case's page. What is kept of it has none, so that nobody at the desk can follow it."""
    text = row.text
    if row.case_id is None:
        return text
    if row.facts.get("link") in _LIFETIMES and links.MASK in text:
        text = text.replace(links.MASK, _token(parts, row, row.facts["link"], now), 1)
    if row.channel not in _ROOMY:
        return text
    url = f"{parts.settings.public_url}/l/{_token(parts, row, 'case', now)}"
    return f"{text}\n\n{parts.notices.say('follow_link', {'url': url}, row.language, 'long')}"


def _token(parts: Parts, row: OutboundRow, wanted: str, now: datetime) -> str:
    purpose, lifetime = _LIFETIMES[wanted]
    with parts.store.write() as session:
        case = session.get_one(Case, row.case_id)
        return links.make(session, purpose, now, case=case, address=row.address, lifetime=lifetime)
