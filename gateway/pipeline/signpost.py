"""The way from a mail to the page of its case: a one-time link under what it says."""

from __future__ import annotations

from datetime import datetime

from gateway import links
from gateway.models import Case, OutboundRow
from gateway.pipeline.parts import Parts

#: Channels with room for a link in every message; a chat has a button for it.
_ROOMY = ("email",)


def with_signpost(parts: Parts, row: OutboundRow, now: datetime) -> str:
    """A notice's text as it is sent. The link is made only now and kept nowhere, so that nobody
    at the desk can follow it."""
    if row.channel not in _ROOMY or row.case_id is None:
        return row.text
    with parts.store.write() as session:
        case = session.get_one(Case, row.case_id)
        lifetime = links.CASE
        token = links.make(session, "case", now, case=case, address=row.address, lifetime=lifetime)
    url = f"{parts.settings.public_url}/l/{token}"
    return f"{row.text}\n\n{parts.notices.say('follow_link', {'url': url}, row.language, 'long')}"
