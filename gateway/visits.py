"""Who may see a case on the portal, and what they may change about how it is answered."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from gateway import proofs
from gateway.codes import CODE, opened
from gateway.models import AddressRow, Case, CaseAddress, Proof
from gateway.notices import Notices
from gateway.settings import Settings
from normalizer.contact import Address, canonical


def address_typed(said: str, region: str) -> Address | None:
    """The phone or mailbox that somebody typed; None for neither."""
    found = canonical("mail" if "@" in said else "tel", said, region)
    return found if found and found.kind in ("mail", "tel") else None


def may_see(session: Session, number: str, said: str, settings: Settings) -> bool:
    """Whether number and address, or number and the code that its caller chose, open a case.

    The address is one that the case was filed from, or another one proved to be that person's. A
    phone that several people use is not enough where there is a code.
    """
    if CODE.fullmatch(code := _digits(said)):
        return opened(session, number, code, settings.secret_key) is not None
    wanted = address_typed(said, settings.region)
    if wanted is None:
        return False
    filed, typed = aliased(AddressRow), aliased(AddressRow)
    found = (
        select(Case.id)
        .join(CaseAddress, CaseAddress.case_id == Case.id)
        .join(filed, filed.id == CaseAddress.address_id)
        .join(typed, typed.contact_id == filed.contact_id)
        .where(
            Case.number == number,
            typed.kind == wanted.kind,
            # Phones begin a field with a capital; no two mailboxes differ in that.
            func.lower(typed.value) == wanted.value.lower(),
            or_(
                typed.id == filed.id,
                and_(typed.proved_at.is_not(None), filed.proved_at.is_not(None)),
            ),
            or_(typed.shared.is_(False), Case.pin.is_(None)),
        )
    )
    return session.scalar(found.limit(1)) is not None


def send_code(
    session: Session, notices: Notices, number: str, wanted: Address, language: str, now: datetime
) -> Proof | None:
    """Send a code to where a case's answers shall go from now on; None when that cannot be.

    Who looks at a case on the portal has proved no address of their own, only that they may see
    this one case. So the code proves the new address for that case, and makes nobody one person:
    else a form that names somebody's phone would open their other cases.
    """
    case = session.scalar(select(Case).where(Case.number == number))
    if case is None:
        return None
    row = proofs.address_row(session, wanted, now)
    return proofs.begin(session, notices, row, wanted, now, case=case, language=language)


def move_answers(
    session: Session, notices: Notices, proof_id: int, code: str, now: datetime
) -> list[str] | None:
    """Answer such a code. Whoever had the answers until now is told, in case it was not them.

    Returns the channels on which something waits to be sent; None for a code that is not right.
    """
    proof = session.get(Proof, proof_id)
    case = session.get(Case, proof.case_id) if proof and proof.case_id else None
    if proof is None or case is None:
        return None
    before, channel, account = case.address, case.channel, case.account
    wanted = session.scalar(
        select(AddressRow).where(AddressRow.kind == proof.kind, AddressRow.value == proof.value)
    )
    if wanted is None or not proofs.answer(session, notices, wanted, code, now, proof_id=proof_id):
        return None
    if before is None or before.id == wanted.id or before.stopped_at:
        return []
    ways = notices.ways_to(before, channel, account)
    way = next((way for way in ways if way.channel != "voice"), None)
    if way is None:
        return []
    facts = notices.facts(case)
    drafts = notices.drafts(
        session, way, "moved", facts, case.language, f"moved:{proof.id}", now, case
    )
    notices.queue(session, drafts)
    return [way.channel]


def _digits(said: str) -> str:
    """What was typed, with Western digits for any others."""
    return "".join(str(unicodedata.digit(c, c)) for c in said.strip())
