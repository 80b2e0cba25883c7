"""Who wrote messages: the rows of their addresses, made where they are new, for many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from gateway.dialects import is_sqlite, one_of
from gateway.models import AddressRow, Contact
from normalizer.complaint import Complaint
from normalizer.contact import Address

#: A detector less sure than this does not change the language a person is known to write.
_SURE = 0.6


class Senders:
    """The addresses that some messages come from, and those that their senders left in forms.

    Rows are locked, so that two workers with two messages of one person take turns; all at once
    and always in the same order, so that they never wait for one another.
    """

    def __init__(self, session: Session, complaints: Sequence[Complaint], now: datetime) -> None:
        names = {
            address: complaint.sender_name
            for complaint in reversed(complaints)
            for address in complaint.reply_to
        }
        self._rows = _known(session, list(names))
        #: Those who have had to do with us before.
        self._known = set(self._rows)
        for address in sorted(names.keys() - self._known, key=lambda one: (one.kind, one.value)):
            # Each address is its own contact until its owner proves that two are theirs.
            row = AddressRow(
                contact=Contact(name=names[address], created_at=now),
                kind=address.kind,
                value=address.value,
                shared=_is_group(address),
                created_at=now,
            )
            session.add(row)
            self._rows[address] = row

    def of(self, complaint: Complaint) -> list[AddressRow]:
        """The rows of one message's addresses, its sender first."""
        return [self._rows[address] for address in dict.fromkeys(complaint.reply_to)]

    def knows(self, row: AddressRow) -> bool:
        """Whether there was anything from or about an address before this message."""
        return Address(row.kind, row.value) in self._known  # type: ignore[arg-type]  # we wrote a kind there

    def heard(self, complaint: Complaint, now: datetime) -> None:
        """Keep what a message tells of its sender."""
        if complaint.sender is None:
            # Only who surely wrote it: anybody may name anybody's address in a form.
            return
        row = self._rows[complaint.sender]
        if complaint.proves_sender:
            row.proved_at = row.proved_at or now
        _remember(row.contact, complaint)

    def met(self, complaint: Complaint) -> None:
        """Whoever writes after this message wrote before."""
        self._known.update(complaint.reply_to)


def among(*, sqlite: bool) -> ColumnElement[bool]:
    """Whether a row is one of the addresses that ``named`` tells, as its index finds it; or, now
    and then, one of the others that are written alike."""
    return and_(
        one_of(AddressRow.kind, "kinds", sqlite=sqlite),
        one_of(AddressRow.value, "values", sqlite=sqlite),
    )


def named(addresses: Collection[Address]) -> dict[str, list[str]]:
    """The parameters of ``among``."""
    kinds = dict.fromkeys(address.kind for address in addresses)
    return {"kinds": [*kinds], "values": [address.value for address in addresses]}


def _known(session: Session, addresses: Sequence[Address]) -> dict[Address, AddressRow]:
    if not addresses:
        return {}
    rows = session.scalars(_locked(sqlite=is_sqlite(session)), named(addresses))
    return {Address(row.kind, row.value): row for row in rows}  # type: ignore[arg-type]  # we wrote a kind there


@cache
def _locked(*, sqlite: bool) -> Select[AddressRow]:
    """Built once: its making costs more than its sending."""
    theirs = among(sqlite=sqlite)
    return select(AddressRow).where(theirs).order_by(AddressRow.id).with_for_update(of=AddressRow)


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
