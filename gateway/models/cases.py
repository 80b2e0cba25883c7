"""Citizens and their cases: who they are, what they asked, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.models.base import Base, BigId, index_where

#: A case in one of these statuses wants nothing more from anyone.
CLOSED = ("closed", "inadmissible")
#: In these an administration has said what there was to say.
ANSWERED = ("answered", *CLOSED)
#: These and the others, as SQL: word for word in an index and in the query that shall use it. A
#: double is treated with the case it repeats, in whose queues it then is.
SETTLED = "status IN ('answered', 'closed', 'inadmissible')"
OPEN = "status NOT IN ('answered', 'closed', 'inadmissible') AND merged_into IS NULL"
#: Of those, where the citizen had the last word, or has it.
TURNED = "status IN ('awaiting_citizen', 'reopened') AND merged_into IS NULL"
#: Sent on to an administration that has not said yet whether it is theirs.
_ARRIVING = f"{OPEN} AND sent_by IS NOT NULL AND accepted_at IS NULL"
_TAKEN = f"{OPEN} AND assignee_id IS NOT NULL"
_FREE = f"{OPEN} AND assignee_id IS NULL"
_SENT_FREE = f"{_FREE} AND administration IS NOT NULL"
_NOBODYS = f"{OPEN} AND administration IS NULL"


class Contact(Base):
    """One person as far as known."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str | None]
    #: What they last wrote in.
    language: Mapped[str | None] = mapped_column(String(16))
    #: What they asked to be written to in; it holds whatever they write.
    chosen_language: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]


class AddressRow(Base):
    """Where a contact can be reached. ``stopped_at``: they asked to hear no more there."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str]
    stopped_at: Mapped[datetime | None]
    #: When its owner wrote from it or answered a code; None: somebody named it in a form.
    proved_at: Mapped[datetime | None]
    #: Several people use it: nothing about a case is told there but to who names its number.
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)


class Case(Base):
    """A complaint with its number, status, administration and due date."""

    __tablename__ = "cases"
    __table_args__ = (
        # The queues of the desk, each in its order: everybody's, and an administration's own.
        Index("ix_cases_created", "created_at", "id"),
        Index("ix_cases_administration_created", "administration", "created_at", "id"),
        index_where("administration IS NULL", "ix_cases_nobodys", "created_at", "id"),
        index_where(OPEN, "ix_cases_open", "administration", "due_at", "id"),
        index_where(OPEN, "ix_cases_open_due", "due_at", "id"),
        index_where(_TAKEN, "ix_cases_assigned", "administration", "assignee_id", "due_at", "id"),
        index_where(_TAKEN, "ix_cases_assigned_due", "assignee_id", "due_at", "id"),
        index_where(_FREE, "ix_cases_unassigned", "administration", "due_at", "id"),
        index_where(_SENT_FREE, "ix_cases_unassigned_due", "due_at", "id"),
        index_where(_NOBODYS, "ix_cases_triage", "disputed", "due_at", "id"),
        index_where(_ARRIVING, "ix_cases_arriving", "administration", "due_at", "id"),
        index_where(_ARRIVING, "ix_cases_arriving_due", "due_at", "id"),
        index_where(TURNED, "ix_cases_turned", "administration", "status", "due_at", "id"),
        index_where(TURNED, "ix_cases_turned_due", "status", "due_at", "id"),
        index_where(SETTLED, "ix_cases_settled", "administration", "status", "created_at", "id"),
        index_where(SETTLED, "ix_cases_settled_created", "status", "created_at", "id"),
        # The doubles of a case.
        index_where("merged_into IS NOT NULL", "ix_cases_merged_into", "merged_into"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    status: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str | None]
    text: Mapped[str]
    language: Mapped[str] = mapped_column(String(16))
    #: None: in triage, where a person decides.
    administration: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float]
    candidates: Mapped[list[Any]]
    reasons: Mapped[list[Any]]
    city: Mapped[str | None] = mapped_column(String(80))
    #: The channel it came over and our account there: answers go back the same way.
    channel: Mapped[str] = mapped_column(String(40))
    account: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    #: Where answers go; None for a form that left no address.
    address_id: Mapped[int | None] = mapped_column(ForeignKey("addresses.id"), index=True)
    location: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    #: When an administration first answered: by an answer, by closing, or by a reasoned refusal.
    answered_at: Mapped[datetime | None]
    #: A machine wrote down what a caller said; the text is its best guess.
    transcribed: Mapped[bool] = mapped_column(default=False)
    #: The HMAC of a code that the caller chose, by which they may ask from another phone.
    pin: Mapped[str | None] = mapped_column(String(64))
    #: Wrong codes so far; after some of them the code proves nothing any more.
    pin_failures: Mapped[int] = mapped_column(default=0)
    #: How many administrations have sent it on.
    hops: Mapped[int] = mapped_column(default=0)
    #: It was sent on so often that a person above them decides whose it is.
    disputed: Mapped[bool] = mapped_column(default=False)
    #: Somebody filed it for another person.
    on_behalf: Mapped[bool] = mapped_column(default=False)
    #: How often it was reopened.
    reopened: Mapped[int] = mapped_column(default=0)
    #: 1 (poor) to 5 (very good), and the word that went with it.
    rating: Mapped[int | None]
    rating_word: Mapped[str | None]
    rated_at: Mapped[datetime | None]
    #: When the citizen was asked for a rating, and how often since the last closing.
    rating_asked_at: Mapped[datetime | None]
    rating_asked: Mapped[int] = mapped_column(default=0)
    #: Who of its administration looks after it.
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: Who sent it on; until its administration accepts, ``accepted_at`` is None.
    sent_by: Mapped[str | None] = mapped_column(String(80))
    accepted_at: Mapped[datetime | None]
    #: How far the legal clock has warned: 0 nobody, 1 the agent, 2 the supervisor, 3 it is late.
    warned: Mapped[int] = mapped_column(default=0)
    #: When the citizen was told that it takes longer, and until when it was meant to take.
    extended_at: Mapped[datetime | None]
    #: Why it is inadmissible: a reason of the list in gateway/cases/rules.py.
    ground: Mapped[str | None] = mapped_column(String(30))
    #: The case that it turned out to be a double of.
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    #: Counts changes, so that two people never overwrite one another.
    version: Mapped[int] = mapped_column(nullable=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own form

    address: Mapped[AddressRow | None] = relationship(lazy="select")


class CaseAddress(Base):
    """The addresses a case was filed from: only they may ask about it."""

    __tablename__ = "case_addresses"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(
        ForeignKey("addresses.id"), primary_key=True, index=True
    )


class Label(Base):
    """What a person decided a case to be: what the router learns from. The newest one counts."""

    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    #: A destination of the router; of every city's commune it is ``commune``.
    slug: Mapped[str] = mapped_column(String(80))
    #: ``agent`` or ``citizen``.
    who: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]


class Event(Base):
    """One line of a case's history, never changed once written."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    #: Who did it: ``citizen``, ``guichet``, or a person's or token's name.
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(String(30))
    data: Mapped[dict[str, Any]]
