"""The desk: who works there, what they looked at and did, and what they wrote beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.models.base import Base, BigId


class Token(Base):
    """A bearer token for the API; only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class User(Base):
    """Somebody who works at the desk."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: Lower-case; what they log in with.
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str]
    #: ``agent``, ``supervisor``, ``triage``, ``auditor`` or ``admin``.
    role: Mapped[str] = mapped_column(String(12))
    #: The administration whose cases they see; None: everybody's.
    administration: Mapped[str | None] = mapped_column(String(80), index=True)
    #: Of the desk's pages.
    language: Mapped[str] = mapped_column(String(16))
    #: An argon2 hash; None until the invitation was answered.
    password: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class UserSession(Base):
    """One browser in which somebody is logged in; only the hash of its cookie is kept."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    #: What the browser calls itself, shortened, so that its owner knows it again.
    browser: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Audit(Base):
    """One thing that somebody of the staff read or did. Never changed, never deleted."""

    __tablename__ = "audits"
    __table_args__ = (Index("ix_audits_case_id_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    #: Their name then; a token's or a command's where no user did it.
    who: Mapped[str]
    #: ``read``, ``reply``, ``transfer``, ``download``, ``login`` …
    act: Mapped[str] = mapped_column(String(30))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    data: Mapped[dict[str, Any]]


class Presence(Base):
    """Somebody has a case open right now."""

    __tablename__ = "presences"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime]


class Template(Base):
    """A reply that was written beforehand."""

    __tablename__ = "templates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: Whose it is; None: everybody's.
    administration: Mapped[str | None] = mapped_column(String(80), index=True)
    language: Mapped[str] = mapped_column(String(16))
    title: Mapped[str]
    text: Mapped[str]


class Article(Base):
    """A question that people ask, and its answer in Markdown."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("slug", "language"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    #: The same for the question in every language.
    slug: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(16))
    title: Mapped[str]
    text: Mapped[str]
    position: Mapped[int]
    published: Mapped[bool]
    updated_at: Mapped[datetime]
