"""Slows down who names cases that are not theirs: counted in the database, for all processes.

What is counted are failures only, by the hour. When all senders together fail too often, somebody
spreads their guesses over many: then each has few. Nobody is locked out by what others do.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import case, delete, or_, select
from sqlalchemy.orm import Session

from gateway.clock import LEAP
from gateway.dialects import insert_into, is_sqlite
from gateway.models import AddressRow, Guesses
from gateway.settings import Settings

#: The hour in which failures are counted begins with the first of them.
HOUR = timedelta(hours=1)
#: How many each sender has left while there are too many overall.
PRESSED = 2
_EVERYBODY = "everybody"
_NETWORK = "network:"


def of_address(address: AddressRow) -> str:
    """The key under which a sender's guesses are counted."""
    return f"address:{address.id}"


def of_network(remote: str, secret: str) -> str:
    """The same for a browser, by its network address, which is not kept.

    Who has one IPv6 address has 2 to the power of 64: their network counts.
    """
    try:
        ip = ip_address(remote)
    except ValueError:
        ip = None
    if isinstance(ip, IPv6Address):
        remote = ip.exploded[:19]
    digest = hmac.new(secret.encode(), f"network {remote}".encode(), hashlib.sha256)
    return _NETWORK + digest.hexdigest()[:32]


def too_many(session: Session, key: str, now: datetime, settings: Settings) -> bool:
    """Whether this sender's next try should not even be looked at."""
    counted = {
        row.key: row.count
        for row in session.scalars(
            select(Guesses).where(
                Guesses.key.in_((key, _EVERYBODY)),
                Guesses.since > now - HOUR,
                Guesses.since <= now + LEAP,
            )
        )
    }
    network = key.startswith(_NETWORK)
    most = settings.guesses_per_network if network else settings.guesses_per_sender
    if counted.get(_EVERYBODY, 0) >= settings.guesses_overall:
        most = min(most, PRESSED)
    return counted.get(key, 0) >= most


def note_guess(session: Session, key: str, now: datetime) -> None:
    """Count a failure, for this sender and for everybody."""
    session.execute(delete(Guesses).where(Guesses.since <= now - 2 * HOUR))
    # In the same order everywhere, so that two transactions cannot wait for one another.
    for one in (key, _EVERYBODY):
        _count(session, one, now)


def _count(session: Session, key: str, now: datetime) -> None:
    insert = insert_into(Guesses, sqlite=is_sqlite(session))
    # Also those of a clock that was ahead: nobody is slowed down for as long as it was wrong.
    over = or_(Guesses.since <= now - HOUR, Guesses.since > now + LEAP)
    session.execute(
        insert.values(key=key, count=1, since=now).on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((over, 1), else_=Guesses.count + 1),
                "since": case((over, now), else_=Guesses.since),
            },
        )
    )
