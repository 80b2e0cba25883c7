"""Links that open one thing once: short enough for an SMS, kept as a hash, over after a while."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway.models import AddressRow, Case, LinkRow, User

#: What a link opens. A link for one thing opens no other.
Purpose = Literal["case", "upload", "password"]

#: The way from a notice to the portal: a citizen may read their messages days later.
CASE = timedelta(days=7)
#: A file that was too large is sent while it is at hand.
UPLOAD = timedelta(days=2)
#: How long links that are over are kept, for whoever looks into what happened.
_KEPT = timedelta(days=30)

#: Letters and digits that nobody mistakes for one another, and that every mail program and phone
#: takes for part of a link, also at its end.
_ALPHABET = "23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
#: 57 to the power of 12: 70 bits.
_LENGTH = 12
#: Stands for a token in what is kept, and is as long: a link is made when it is sent, and nobody
#: else can read it.
MASK = "*" * _LENGTH


def make(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    lifetime: timedelta,
    case: Case | None = None,
    address: AddressRow | None = None,
    user: User | None = None,
) -> str:
    """Make a link and return its token, for ``PUBLIC_URL/l/<token>``. It cannot be shown again.

    ``case``, ``address`` and ``user`` are rows that have been flushed: what it opens, and whom it
    is sent to.
    """
    token, row = draw(purpose, now, lifetime)
    row["case_id"] = case.id if case else None
    row["address_id"] = address.id if address else None
    row["user_id"] = user.id if user else None
    session.add(LinkRow(**row))
    return token


def draw(purpose: Purpose, now: datetime, lifetime: timedelta) -> tuple[str, dict[str, Any]]:
    """A new token, and the columns of the row that makes a link of it, but for what it opens."""
    token = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return token, {
        "sha256": _hash(token),
        "purpose": purpose,
        "created_at": now,
        "expires_at": now + lifetime,
    }


def open_link(
    session: Session, token: str, purpose: Purpose, now: datetime, *, use: bool = True
) -> LinkRow | None:
    """What a link opens, and that it is now used; None for one that is unknown, used or over.

    ``use=False`` only looks, as when a mail scanner or a chat's preview follows the link. Of two
    who use it at once, one gets it.
    """
    good = (
        LinkRow.sha256 == _hash(token),
        LinkRow.purpose == purpose,
        LinkRow.used_at.is_(None),
        LinkRow.expires_at > now,
    )
    if not use:
        return session.scalar(select(LinkRow).where(*good))
    return session.scalar(update(LinkRow).where(*good).values(used_at=now).returning(LinkRow))


def forget(session: Session, now: datetime) -> None:
    """Let go of links that have been over for a while."""
    session.execute(delete(LinkRow).where(LinkRow.expires_at < now - _KEPT))


def _hash(token: str) -> str:
    # Looked up by its hash, so that the time it takes tells nothing about any token's letters.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
