"""Talking to citizens: what they were asked, what proves them, and how often they guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.models.base import Base, BigId, index_where


class Question(Base):
    """One short question that waits for its citizen's answer; a newer one takes its place."""

    __tablename__ = "questions"
    __table_args__ = (
        index_where("settled_at IS NULL", "ix_questions_open", "address_id"),
        index_where("settled_at IS NULL", "ix_questions_expiring", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: Whom it was put to, and over which of our accounts.
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str] = mapped_column(String(40))
    account: Mapped[str]
    #: What it asks: ``which_case``, ``reopen``, ``administration``, ``city``, ``rating`` …
    key: Mapped[str] = mapped_column(String(20))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    #: The message that waits with it, kept in the state ``held``.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    #: What each answer stands for, in the order in which they were offered.
    options: Mapped[list[Any]]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: When it was answered, replaced or given up.
    settled_at: Mapped[datetime | None]
    #: Which of the options it was, or ``none``; None when nobody answered.
    answer: Mapped[str | None]


class LinkRow(Base):
    """A link that opens one thing once or for a while; only its hash is kept."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    #: What it opens: ``case``, ``upload``, ``invitation``, ``password``.
    purpose: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    #: Whom it was sent to: what is done behind it is done by them.
    address_id: Mapped[int | None] = mapped_column(ForeignKey("addresses.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Proof(Base):
    """A code on its way to an address, which proves that it is its sender's too."""

    __tablename__ = "proofs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: Whose it will be once proved.
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    #: The address in question, written the one way.
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str]
    #: The case whose answers shall go there from then on, if one.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    #: The HMAC of the code.
    code: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]


class Guesses(Base):
    """How often somebody named what was not theirs, in the hour that began at ``since``."""

    __tablename__ = "guesses"

    #: An address by its row's id (``address:12``), or ``everybody``.
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime]
