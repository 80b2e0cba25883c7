"""Who wrote messages: the rows of their addresses, made where they are new, for many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session, aliased, make_transient_to_detached
from sqlalchemy.sql.dml import ReturningInsert

from gateway.dialects import is_sqlite, one_of, told, told_rows, types_of
from gateway.models import AddressRow, Contact
from normalizer.complaint import Complaint
from normalizer.contact import Address

#: A detector less sure than this does not change the language a person is known to write.
_SURE = 0.6
#: What is written of who is new.
_OF_CONTACT = ("name", "language", "created_at")
_OF_ADDRESS = ("kind", "value", "proved_at", "shared", "created_at")


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
        self._session = session
        self._rows = _known(session, list(names))
        #: Those who have had to do with us before.
        self._known = set(self._rows)
        for address in sorted(names.keys() - self._known, key=lambda one: (one.kind, one.value)):
            self._rows[address] = _stranger(address, names[address], now)

    def of(self, complaint: Complaint) -> list[AddressRow]:
        """The rows of one message's addresses, its sender first."""
        return [self._rows[address] for address in dict.fromkeys(complaint.reply_to)]

    def write(self) -> None:
        """Write down who is new, with what is known of them by now."""
        new = [row for row in self._rows.values() if row.id is None]
        if not new:
            return
        if is_sqlite(self._session):
            self._session.add_all(new)
            self._session.flush()
        else:
            _write(self._session, new)

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
    """Whether a row is one of the addresses that ``named`` tells; on SQLite, now and then, one of
    the others that are written alike."""
    if sqlite:
        return and_(
            one_of(AddressRow.kind, "kinds", sqlite=sqlite),
            one_of(AddressRow.value, "values", sqlite=sqlite),
        )
    # Each is looked up by itself. Asked for all at once, PostgreSQL reads every address of a kind
    # where it does not know yet how many there are.
    kinds, values = (bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "values"))
    each = func.unnest(kinds, values).table_valued("kind", "value", name="each").render_derived()
    row = aliased(AddressRow)
    its = select(row.id).where(row.kind == each.c.kind, row.value == each.c.value).correlate(each)
    ids = select(its.scalar_subquery()).select_from(each)
    return AddressRow.id == any_(func.array(ids.scalar_subquery()))


def named(addresses: Collection[Address]) -> dict[str, list[str]]:
    """The parameters of ``among``."""
    return {
        "kinds": [address.kind for address in addresses],
        "values": [address.value for address in addresses],
    }


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


def _stranger(address: Address, name: str | None, now: datetime) -> AddressRow:
    """Each address is its own contact until its owner proves that two are theirs. What is not said
    here would be asked of the database."""
    contact = Contact(name=name, language=None, chosen_language=None, created_at=now)
    return AddressRow(
        contact=contact,
        kind=address.kind,
        value=address.value,
        stopped_at=None,
        proved_at=None,
        shared=_is_group(address),
        created_at=now,
    )


def _write(session: Session, rows: Sequence[AddressRow]) -> None:
    """What the session would do when it is flushed, for less: from here on it knows these rows as
    if it had read them."""
    new = [
        {name: getattr(row.contact, name) for name in _OF_CONTACT}
        | {name: getattr(row, name) for name in _OF_ADDRESS}
        for row in rows
    ]
    made = session.connection().execute(_with_contacts(), told(new))
    ids = {(kind, value): (id_, contact_id) for kind, value, id_, contact_id in made}
    for row in rows:
        row.id, row.contact_id = ids[row.kind, row.value]
        row.contact.id = row.contact_id
        make_transient_to_detached(row.contact)
        make_transient_to_detached(row)
    session.add_all(rows)


@cache
def _with_contacts() -> ReturningInsert[str, str, int, int]:
    """Addresses and their contacts at once: each contact has its id before anything is written."""
    rows = told_rows(types_of(Contact, _OF_CONTACT) | types_of(AddressRow, _OF_ADDRESS))
    new = select(func.nextval("contacts_id_seq").label("contact_id"), *rows.c).cte("new")
    theirs = [new.c.contact_id, *(new.c[name] for name in _OF_CONTACT)]
    contacts = insert(Contact).from_select(["id", *_OF_CONTACT], select(*theirs))
    its = [new.c.contact_id, *(new.c[name] for name in _OF_ADDRESS)]
    addresses = insert(AddressRow).from_select(["contact_id", *_OF_ADDRESS], select(*its))
    return addresses.add_cte(contacts.cte("made")).returning(
        AddressRow.kind, AddressRow.value, AddressRow.id, AddressRow.contact_id
    )


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
