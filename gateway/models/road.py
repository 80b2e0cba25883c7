"""The road: what came in, what goes out, and what is remembered on the way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.models.base import Base, BigId, index_where
from gateway.models.cases import AddressRow
from gateway.tracing import id_of


class Traced:
    """What is followed from wire to wire."""

    #: As W3C Trace Context writes it; None for rows from before there were traces.
    trace: Mapped[str | None] = mapped_column(String(55))

    @property
    def trace_id(self) -> str | None:
        """What log lines name it by."""
        return id_of(self.trace)


class Message(Traced, Base):
    """One message that came in, as the channel carried it. Never changed but for its state."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id"),
        Index("ix_messages_reference", "channel", "reference"),
        index_where("state = 'new'", "ix_messages_waiting", "due_at"),
        # Who has how many in the line, so that one sender's many do not hold up the others.
        index_where("state = 'new'", "ix_messages_in_line", "channel", "sender", "id"),
        index_where("state = 'held'", "ix_messages_held", "id"),
        # What the desk shows as set aside, the latest first.
        index_where("state = 'shunted'", "ix_messages_shunted", "id"),
        index_where("intent = 'spam'", "ix_messages_spam", "id"),
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
    #: new → done; held while its sender is asked what it belongs to; or shunted: kept for a person
    #: to see.
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
        index_where("state = 'pending'", "ix_attachments_waiting", "due_at"),
        index_where("hear_at IS NOT NULL", "ix_attachments_unheard", "hear_at"),
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
    #: When a machine is to write the recording down; None: it has, or never will.
    hear_at: Mapped[datetime | None]
    hear_tries: Mapped[int] = mapped_column(default=0)


class OutboundRow(Traced, Base):
    """One message to a citizen, from the moment it is due to what became of it."""

    __tablename__ = "outbound"
    __table_args__ = (
        index_where("state = 'queued'", "ix_outbound_waiting", "channel", "bulk", "due_at", "id"),
        index_where("state = 'queued'", "ix_outbound_next", "channel", "address_id", "id"),
        Index("ix_outbound_provider_id", "channel", "provider_id"),
        index_where("state = 'sent'", "ix_outbound_unreported", "channel", "due_at"),
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
    #: News that nobody waits for: it goes out when nothing else does.
    bulk: Mapped[bool] = mapped_column(default=False)
    #: As how many SMS it is billed; None for what is no SMS.
    segments: Mapped[int | None]
    #: queued → sent → delivered, or failed. ``sent``: the provider took it.
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    tries: Mapped[int]
    #: An earlier try may have arrived: one more is made, whatever becomes of it.
    doubtful: Mapped[bool] = mapped_column(default=False)
    provider_id: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    address: Mapped[AddressRow] = relationship(lazy="joined", innerjoin=True)


class ReportRow(Base):
    """What a provider said became of a message; it may come before we know the message's id."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("channel", "account", "provider_id", "status"),
        Index("ix_reports_provider_id", "channel", "provider_id"),
    )

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
