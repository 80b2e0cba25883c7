"""Codes that prove an address, and what follows: two addresses of one person become one contact."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from gateway.clock import LEAP
from gateway.models import AddressRow, Case, CaseAddress, Contact, Event, OutboundRow, Proof
from gateway.notices import Notices, Way
from normalizer.contact import Address

#: How long a code is good.
LIFETIME = timedelta(minutes=15)
#: After so many wrong ones a code proves nothing any more: there are but a million.
MOST_FAILURES = 5
#: So many codes an hour a person may ask for, and an address be sent: each costs money, and who
#: did not ask for them is pestered.
MOST_CODES = 3
_HOUR = timedelta(hours=1)
#: How long codes that are over are kept; longer than they are counted.
_KEPT = timedelta(days=1)
#: The sentence that carries a code.
_KEY = "proof_code"


def begin(
    session: Session,
    notices: Notices,
    contact_address: AddressRow,
    wanted: Address,
    now: datetime,
    *,
    case: Case | None = None,
    language: str | None = None,
) -> Proof | None:
    """Send a code to ``wanted``, which proves that it is ``contact_address``'s person's too.

    The caller knows that who asks holds ``contact_address``; an address that somebody named in a
    form is not enough, for its person's cases are shown to whoever proves the other one. ``case``
    is the one whose answers shall go there. None when no channel reaches it, when it asked to
    hear no more, or after ``MOST_CODES``.
    """
    row = address_row(session, wanted, now)
    way = _way(notices, row)
    if way is None or row.stopped_at or _asked_often(session, contact_address, row, now):
        return None
    code = f"{secrets.randbelow(10**6):06}"
    proof = Proof(
        contact_id=contact_address.contact_id,
        kind=row.kind,
        value=row.value,
        case_id=case.id if case else None,
        code="",
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(proof)
    session.flush()
    proof.code = _digest(notices.settings.secret_key, proof, code)
    person = contact_address.contact
    said = language or person.chosen_language or person.language or ""
    # About no case: what is about one is tried over other ways when it fails, and is read at the
    # desk.
    drafts = notices.drafts(session, way, _KEY, {"code": code}, said, f"proof:{proof.id}", now)
    notices.queue(session, drafts)
    return proof


def answer(
    session: Session,
    notices: Notices,
    address: AddressRow,
    code: str,
    now: datetime,
    *,
    proof_id: int | None = None,
) -> Proof | None:
    """Prove the address that this one's person asked for last, if the code is right.

    Both then belong to one contact, and the case's answers go to the new one. A wrong code is
    counted. ``proof_id`` is the one meant, where that is known.
    """
    waiting = select(Proof).where(
        Proof.contact_id == address.contact_id, Proof.proved_at.is_(None), Proof.expires_at > now
    )
    if proof_id is not None:
        waiting = waiting.where(Proof.id == proof_id)
    proof = session.scalar(waiting.order_by(Proof.id.desc()).limit(1).with_for_update())
    if proof is None or proof.failures >= MOST_FAILURES:
        return None
    if not hmac.compare_digest(proof.code, _digest(notices.settings.secret_key, proof, code)):
        proof.failures += 1
        return None
    proof.proved_at = now
    other = link(session, address, Address(proof.kind, proof.value), now)  # type: ignore[arg-type]  # we wrote a kind there
    if proof.case_id is not None:
        _answer_there(session, notices, session.get_one(Case, proof.case_id), other, now)
    return proof


def link(session: Session, one: AddressRow, other: Address, now: datetime) -> AddressRow:
    """Make two addresses one person's, proved; the other one's row is returned.

    Whatever else was known of the other one's person comes along: their addresses and cases.
    """
    row = address_row(session, other, now)
    row.proved_at = row.proved_at or now
    if row.contact_id != one.contact_id:
        _merge(session, row.contact, one.contact)
    return row


def forget(session: Session, now: datetime) -> None:
    """Let go of codes that have been over for a day: they hold addresses."""
    session.execute(delete(Proof).where(Proof.expires_at < now - _KEPT))


def address_row(session: Session, address: Address, now: datetime) -> AddressRow:
    """The row of an address, locked; made where it is new, for a person of its own."""
    row = session.scalar(
        select(AddressRow)
        .where(AddressRow.kind == address.kind, AddressRow.value == address.value)
        .with_for_update(of=AddressRow)
    )
    if row is None:
        row = AddressRow(
            contact=Contact(created_at=now), kind=address.kind, value=address.value, created_at=now
        )
        session.add(row)
        session.flush()
    return row


def _way(notices: Notices, row: AddressRow) -> Way | None:
    """Where a code can be read; a call would say it to whoever picks up."""
    return next((way for way in notices.ways_to(row, "", "") if way.channel != "voice"), None)


def _asked_often(session: Session, asker: AddressRow, wanted: AddressRow, now: datetime) -> bool:
    lately = (now - _HOUR, now + LEAP)
    asked = select(func.count(Proof.id)).where(
        Proof.contact_id == asker.contact_id, Proof.created_at.between(*lately)
    )
    sent = select(func.count(OutboundRow.id)).where(
        OutboundRow.address_id == wanted.id,
        OutboundRow.key == _KEY,
        OutboundRow.created_at.between(*lately),
    )
    return max(session.scalar(asked) or 0, session.scalar(sent) or 0) >= MOST_CODES


def _merge(session: Session, gone: Contact, kept: Contact) -> None:
    """Give one contact all that another one has, and let that one go."""
    kept.name = kept.name or gone.name
    kept.language = kept.language or gone.language
    kept.chosen_language = kept.chosen_language or gone.chosen_language
    for address in session.scalars(select(AddressRow).where(AddressRow.contact_id == gone.id)):
        address.contact = kept
    for table in (Case, Proof):
        session.execute(update(table).where(table.contact_id == gone.id).values(contact_id=kept.id))
    session.flush()
    session.delete(gone)
    session.flush()


def _answer_there(
    session: Session, notices: Notices, case: Case, row: AddressRow, now: datetime
) -> None:
    """From now on a case's answers go to an address, and its person may ask about it."""
    if session.get(CaseAddress, (case.id, row.id)) is None:
        session.add(CaseAddress(case_id=case.id, address_id=row.id))
    way = _way(notices, row)
    if way is not None:
        case.channel, case.account = way.channel, way.account
    case.address_id = row.id
    case.contact_id = case.contact_id or row.contact_id
    data = {"channel": way.channel if way else None}
    session.add(Event(case_id=case.id, at=now, actor="citizen", kind="moved", data=data))


def _digest(secret: str, proof: Proof, code: str) -> str:
    said = f"proof {proof.id} {code.strip()}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
