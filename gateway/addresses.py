"""An address that changed: whoever is behind it stays the same."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.models import AddressRow, Case, CaseAddress, OutboundRow, Question


def move(session: Session, address: AddressRow, value: str) -> AddressRow:
    """Let an address have another value from now on, as a group that Telegram upgrades has.

    Where the new one has been heard from already, all that hung on the old one hangs on it: its
    cases, what waits to be said and what was asked. Returns the row that has the value.
    """
    if address.value == value:
        return address
    known = session.scalar(
        select(AddressRow).where(AddressRow.kind == address.kind, AddressRow.value == value)
    )
    if known is None:
        address.value = value
        return address
    filed = select(CaseAddress.case_id).where(CaseAddress.address_id == known.id)
    session.execute(
        update(CaseAddress)
        .where(CaseAddress.address_id == address.id, CaseAddress.case_id.not_in(filed))
        .values(address_id=known.id)
    )
    session.execute(
        update(Case)
        .where(Case.address_id == address.id)
        .values(address_id=known.id, contact_id=known.contact_id)
    )
    session.execute(
        update(OutboundRow)
        .where(OutboundRow.address_id == address.id, OutboundRow.state == "queued")
        .values(address_id=known.id)
    )
    session.execute(
        update(Question).where(Question.address_id == address.id).values(address_id=known.id)
    )
    return known
