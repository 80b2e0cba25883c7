"""Who wrote a message: the rows of their addresses, made where they are new."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from gateway.models import AddressRow, Contact
from normalizer.complaint import Complaint
from normalizer.contact import Address

#: A detector less sure than this does not change the language a person is known to write.
_SURE = 0.6


def senders(session: Session, complaint: Complaint, now: datetime) -> tuple[list[AddressRow], bool]:
    """The rows of the sender and of the addresses they left, made where new; the sender first.
    And whether that one was known.

    Rows are locked, so that two workers with two messages of one person take turns.
    """
    wanted = list(dict.fromkeys(complaint.reply_to))
    if not wanted:
        return [], False
    found = {
        Address(row.kind, row.value): row  # type: ignore[arg-type]  # we wrote a kind there
        for row in session.scalars(
            select(AddressRow)
            .where(
                tuple_(AddressRow.kind, AddressRow.value).in_(
                    [(one.kind, one.value) for one in wanted]
                )
            )
            .order_by(AddressRow.id)
            .with_for_update(of=AddressRow)
        )
    }
    known = wanted[0] in found
    for address in wanted:
        if address not in found:
            # Each address is its own contact until its owner proves that two are theirs.
            contact = Contact(name=complaint.sender_name, created_at=now)
            found[address] = AddressRow(
                contact=contact,
                kind=address.kind,
                value=address.value,
                shared=_is_group(address),
                created_at=now,
            )
            session.add(found[address])
    if complaint.sender is not None:
        # Only who surely wrote it: anybody may name anybody's address in a form.
        found[wanted[0]].proved_at = found[wanted[0]].proved_at or now
        _remember(found[wanted[0]].contact, complaint)
    session.flush()
    return [found[address] for address in wanted], known


def _is_group(address: Address) -> bool:
    """Whether several people read what is said there: Telegram counts its groups below nought."""
    return address.kind == "telegram" and address.value.startswith("-")


def _remember(contact: Contact, complaint: Complaint) -> None:
    """Keep the language a person writes, for their next short word."""
    language = complaint.language
    sure = language.confidence >= _SURE and not complaint.is_keyword
    if language.tag != "und" and (contact.language is None or sure):
        contact.language = language.tag
    if complaint.sender_name and not contact.name:
        contact.name = complaint.sender_name
