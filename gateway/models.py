"""The tables: what came in, what it is about, and what goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

#: A case in one of these statuses wants nothing more from anyone.
CLOSED = ("closed", "inadmissible")

#: SQLite counts rows by itself only in a column that is exactly INTEGER PRIMARY KEY.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class Instant(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is taken off there and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names every constraint alike, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        datetime: Instant(),
        dict[str, Any]: Json,
        list[Any]: Json,
        bytes: LargeBinary,
        str: Text,
    }


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
    created_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship(lazy="joined", innerjoin=True)


class Case(Base):
    """A complaint with its number, status, administration and due date."""

    __tablename__ = "cases"

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


class Message(Base):
    """One message that came in, as the channel carried it. Never changed but for its state."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id"),
        Index("ix_messages_reference", "channel", "reference"),
        Index(
            "ix_messages_waiting",
            "due_at",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    account: Mapped[str]
    external_id: Mapped[str]
    #: What an answer to this message names it by, where that is not the external id.
    reference: Mapped[str]
    sender: Mapped[str]
    sender_name: Mapped[str | None]
    subject: Mapped[str | None]
    text: Mapped[str]
    in_reply_to: Mapped[list[Any]]
    location: Mapped[dict[str, Any] | None]
    hints: Mapped[dict[str, Any]]
    #: The payload byte for byte; a large one lies with the attachments, under ``raw_sha256``.
    raw: Mapped[bytes | None]
    raw_sha256: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    accepted_at: Mapped[datetime]
    #: new → done, or shunted: kept for a person to see.
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    tries: Mapped[int]
    error: Mapped[str | None]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    intent: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(16))


class AttachmentRow(Base):
    """A file that came with a message: pending until fetched, then stored by its SHA-256."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index(
            "ix_attachments_waiting",
            "due_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    position: Mapped[int]
    filename: Mapped[str | None]
    declared_type: Mapped[str | None]
    #: What the bytes themselves look like.
    content_type: Mapped[str | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    reference: Mapped[str | None]
    #: pending → stored, or failed.
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    tries: Mapped[int]
    error: Mapped[str | None]


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


class OutboundRow(Base):
    """One message to a citizen, from the moment it is due to what became of it."""

    __tablename__ = "outbound"
    __table_args__ = (
        Index(
            "ix_outbound_waiting",
            "channel",
            "due_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_outbound_provider_id", "channel", "provider_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: What it is for, so that one cause never makes two: ``acknowledged:<message id>``.
    cause: Mapped[str] = mapped_column(String(100), unique=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"), index=True)
    channel: Mapped[str] = mapped_column(String(40))
    account: Mapped[str]
    key: Mapped[str] = mapped_column(String(40))
    #: The facts the sentence is made of, kept so that another channel can say it its own way.
    facts: Mapped[dict[str, Any]]
    text: Mapped[str]
    language: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str | None]
    in_reply_to: Mapped[str | None]
    references: Mapped[list[Any]]
    choices: Mapped[list[Any]]
    #: An agent's files that go along: ``[sha256, filename, content type]`` each.
    files: Mapped[list[Any]]
    automatic: Mapped[bool]
    #: As how many SMS it is billed; None for what is no SMS.
    segments: Mapped[int | None]
    #: queued → sent → delivered, or failed. ``sent``: the provider took it.
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    tries: Mapped[int]
    provider_id: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    address: Mapped[AddressRow] = relationship(lazy="joined", innerjoin=True)


class ReportRow(Base):
    """What a provider said became of a message; it may come before we know the message's id."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("channel", "account", "provider_id", "status"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    account: Mapped[str]
    provider_id: Mapped[str]
    status: Mapped[str] = mapped_column(String(10))
    code: Mapped[str | None]
    opted_out: Mapped[bool]
    raw: Mapped[bytes]
    at: Mapped[datetime]


class NoteRow(Base):
    """What an adapter remembers between two requests of one conversation, such as a call."""

    __tablename__ = "notes"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class PaceRow(Base):
    """When a channel whose sends are counted by the second may send its next message."""

    __tablename__ = "paces"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime]


class ChannelRow(Base):
    """A channel that the serving process has set up, so that a command run without its
    credentials still knows which ways to a citizen there are."""

    __tablename__ = "channels"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    addresses: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]


class Token(Base):
    """A bearer token for the API; only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
