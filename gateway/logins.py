"""Logging in to the desk: sessions in the database, which end by themselves or are ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from gateway import audit
from gateway.models import User, UserSession
from gateway.passwords import proves
from gateway.roles import Role, StaffView
from gateway.staff import revoke, staff_view
from gateway.store import Store
from normalizer.text import one_line

#: Where the simulator's accounts are; no mailbox can have this domain (RFC 6761).
DEMO = "@demo.invalid"
#: How exactly we know when somebody was last seen: one write in so long.
_SEEN = timedelta(minutes=5)
_BROWSER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which somebody is logged in."""

    id: int
    browser: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Logins:
    """The desk's sessions. ``demo``: the simulator's accounts open without passwords."""

    store: Store
    idle: timedelta
    lifetime: timedelta
    demo: bool = False

    def log_in(self, email: str, password: str, browser: str, now: datetime) -> str | None:
        """The token of a new session, or None: whatever was wrong, after the same time."""
        with self.store.read() as session:
            user = session.scalar(select(User).where(User.email == email.strip().lower()))
        right = proves(user.password if user else None, password)
        if user is None or not right or user.disabled_at is not None:
            who = staff_view(user) if user else "?"
            with self.store.write() as session:
                audit.note(session, who, "login refused", None)
            return None
        return self._enter(user, browser, now)

    def log_in_as_demo(self, role: Role, language: str, browser: str, now: datetime) -> str | None:
        """A session of the simulator's account for that role; None without the simulator."""
        if not self.demo:
            return None
        email = f"{role}{DEMO}"
        with self.store.write() as session:
            user = session.scalar(select(User).where(User.email == email))
            if user is None:
                user = User(email=email, name=f"Demo {role}", role=role, created_at=now)
                session.add(user)
            user.language = language
        return self._enter(user, browser, now)

    def _enter(self, user: User, browser: str, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        with self.store.write() as session:
            session.add(
                UserSession(
                    sha256=_sha256(token),
                    user_id=user.id,
                    browser=one_line(browser)[:_BROWSER_LENGTH],
                    created_at=now,
                    seen_at=now,
                    expires_at=now + self.lifetime,
                )
            )
            audit.note(session, staff_view(user), "login", None)
        return token

    def user_of(self, token: str, now: datetime) -> StaffView | None:
        """Who is logged in with a token, unless the session or the account is over."""
        with self.store.read() as session:
            found = session.execute(
                select(UserSession, User)
                .join(User, User.id == UserSession.user_id)
                .where(
                    UserSession.sha256 == _sha256(token),
                    UserSession.revoked_at.is_(None),
                    UserSession.expires_at > now,
                    UserSession.seen_at > now - self.idle,
                    User.disabled_at.is_(None),
                )
            ).first()
        if found is None:
            return None
        row, user = found
        if user.email.endswith(DEMO) and not self.demo:
            return None
        if row.seen_at < now - _SEEN:
            with self.store.write() as session:
                session.execute(
                    update(UserSession).where(UserSession.id == row.id).values(seen_at=now)
                )
        return staff_view(user)

    def sessions(self, user_id: int, now: datetime) -> list[SessionView]:
        """The browsers they are logged in with, the latest first."""
        with self.store.read() as session:
            rows = session.scalars(
                select(UserSession)
                .where(
                    UserSession.user_id == user_id,
                    UserSession.revoked_at.is_(None),
                    UserSession.expires_at > now,
                    UserSession.seen_at > now - self.idle,
                )
                .order_by(UserSession.seen_at.desc())
            )
            return [SessionView(row.id, row.browser, row.created_at, row.seen_at) for row in rows]

    def log_out(self, token: str, now: datetime) -> None:
        """End one session."""
        with self.store.write() as session:
            revoke(session, now, UserSession.sha256 == _sha256(token))

    def revoke(self, user_id: int, session_id: int, now: datetime) -> None:
        """End one of their own sessions."""
        with self.store.write() as session:
            revoke(session, now, UserSession.user_id == user_id, UserSession.id == session_id)

    def revoke_all(self, user_id: int, now: datetime, *, but: str | None = None) -> None:
        """End every session of theirs, but the one with this token."""
        with self.store.write() as session:
            others = UserSession.sha256 != _sha256(but or "")
            revoke(session, now, UserSession.user_id == user_id, others)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
