"""The staff's accounts: who they are, and how they come by a password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gateway import audit, links
from gateway.models import ANSWERED, Case, Event, LinkRow, User, UserSession
from gateway.passwords import Refused, hashed, proves
from gateway.roles import OF_AN_ADMINISTRATION, ROLES, Role, StaffView, may, sees
from gateway.store import Store
from normalizer.contact import mail
from normalizer.text import one_line

LANGUAGES = ("ar", "fr", "en")
INVITATION = timedelta(days=7)
RESET = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class UserView:
    """An account, for those who look after them."""

    staff: StaffView
    created_at: datetime
    disabled: bool
    #: They answered their invitation.
    ready: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works at the desk."""

    store: Store

    def add(
        self,
        email: str,
        name: str,
        role: str,
        administration: str | None,
        language: str,
        now: datetime,
        *,
        by: StaffView | str,
    ) -> StaffView:
        """Make an account; it opens once its invitation was answered. Raises Refused."""
        address = _mailbox(email)
        name = one_line(name) or address.partition("@")[0]
        _check(role, administration, language)
        try:
            with self.store.write() as session:
                user = User(
                    email=address,
                    name=name,
                    role=role,
                    administration=administration,
                    language=language,
                    created_at=now,
                )
                session.add(user)
                session.flush()
                audit.note(session, by, "user added", None, user=user.id, role=role)
                return staff_view(user)
        except IntegrityError:
            raise Refused(f"{address} has an account already") from None

    def users(self) -> list[UserView]:
        """Every account, by name."""
        seen = (
            select(func.max(UserSession.seen_at))
            .where(UserSession.user_id == User.id)
            .scalar_subquery()
        )
        with self.store.read() as session:
            rows = session.execute(select(User, seen).order_by(User.name, User.id)).all()
            return [
                UserView(
                    staff_view(user),
                    user.created_at,
                    user.disabled_at is not None,
                    user.password is not None,
                    at,
                )
                for user, at in rows
            ]

    def find(self, email: str) -> StaffView | None:
        """The account of that mailbox, also a disabled one."""
        with self.store.read() as session:
            user = session.scalar(select(User).where(User.email == email.strip().lower()))
            return staff_view(user) if user else None

    def of_administration(self, administration: str | None) -> list[StaffView]:
        """Who may look after a case of that administration, by name."""
        wanted = or_(User.administration.is_(None), User.administration == administration)
        with self.store.read() as session:
            rows = session.scalars(
                select(User).where(wanted, User.disabled_at.is_(None)).order_by(User.name)
            )
            return [staff_view(user) for user in rows]

    def change(
        self,
        user_id: int,
        role: str,
        administration: str | None,
        now: datetime,
        *,
        by: StaffView | str,
    ) -> StaffView:
        """Give an account another role or administration, from their next request on. Open cases
        that they looked after and do not see any more are nobody's. Raises Refused."""
        with self.store.write() as session:
            user = session.get_one(User, user_id)
            _check(role, administration, user.language)
            user.role, user.administration = role, administration
            facts = {"role": role, "administration": administration}
            audit.note(session, by, "user changed", None, user=user_id, **facts)
            who = staff_view(user)
            _release(session, who, now, by, lambda its: not (may(who, "take") and sees(who, its)))
            return who

    def disable(
        self, user_id: int, now: datetime, *, by: StaffView | str, back: bool = False
    ) -> None:
        """Close an account and end its sessions at once: whatever they looked after is nobody's.
        ``back`` opens it again."""
        with self.store.write() as session:
            user = session.get_one(User, user_id)
            user.disabled_at = None if back else now
            if not back:
                revoke(session, now, UserSession.user_id == user_id)
                _release(session, staff_view(user), now, by, lambda _: True)
            act = "user enabled" if back else "user disabled"
            audit.note(session, by, act, None, user=user_id)

    def set_language(self, user_id: int, language: str) -> None:
        """The language of the desk's pages for them."""
        if language in LANGUAGES:
            with self.store.write() as session:
                session.get_one(User, user_id).language = language

    def invite(self, user_id: int, now: datetime, *, by: StaffView | str) -> str:
        """The token of a link by which they choose a password, once."""
        with self.store.write() as session:
            user = session.get_one(User, user_id)
            lifetime = INVITATION if user.password is None else RESET
            audit.note(session, by, "user invited", None, user=user_id)
            return links.make(session, "password", now, user=user, lifetime=lifetime)

    def invited(self, token: str, now: datetime) -> StaffView | None:
        """Whom an invitation or a password link is for, while it is good."""
        with self.store.read() as session:
            user = _behind(session, token, now, use=False)
            return staff_view(user) if user else None

    def answer_invitation(self, token: str, password: str, now: datetime) -> StaffView | None:
        """Choose a password; the link is used up and every older session ends. Raises Refused."""
        kept = hashed(password)
        with self.store.write() as session:
            user = _behind(session, token, now, use=True)
            if user is None:
                return None
            user.password = kept
            revoke(session, now, UserSession.user_id == user.id)
            _spend_links(session, user, now)
            audit.note(session, staff_view(user), "password chosen", None)
            return staff_view(user)

    def proves(self, user_id: int, password: str) -> bool:
        """Whether this is their password."""
        with self.store.read() as session:
            return proves(session.get_one(User, user_id).password, password)

    def set_password(
        self, user_id: int, password: str, now: datetime, *, by: StaffView | str
    ) -> None:
        """Give an account a password; every session of it ends. Raises Refused."""
        kept = hashed(password)
        with self.store.write() as session:
            session.get_one(User, user_id).password = kept
            revoke(session, now, UserSession.user_id == user_id)
            audit.note(session, by, "password set", None, user=user_id)


def staff_view(user: User) -> StaffView:
    """An account's row, for everybody else."""
    return StaffView(
        user.id, user.email, user.name, cast(Role, user.role), user.administration, user.language
    )


def _release(
    session: Session,
    who: StaffView,
    now: datetime,
    by: StaffView | str,
    of: Callable[[str | None], bool],
) -> None:
    """Put those of their open cases out of their hands whose administration is one ``of`` these,
    so that they stand in the list of those that wait for somebody."""
    cases = session.scalars(
        select(Case)
        .where(Case.assignee_id == who.id, Case.status.not_in(ANSWERED))
        .order_by(Case.id)
        .with_for_update()
    )
    actor = by if isinstance(by, str) else by.name
    for case in cases:
        if of(case.administration):
            case.assignee_id = None
            data = {"user": None, "name": None}
            session.add(Event(case_id=case.id, at=now, actor=actor, kind="assigned", data=data))


def revoke(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    """End sessions."""
    session.execute(
        update(UserSession)
        .where(UserSession.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def _spend_links(session: Session, user: User, now: datetime) -> None:
    """Who has chosen a password needs none of the links that were sent before."""
    session.execute(
        update(LinkRow)
        .where(LinkRow.user_id == user.id, LinkRow.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def _behind(session: Session, token: str, now: datetime, *, use: bool) -> User | None:
    """Whose link this is."""
    link = links.open_link(session, token, "password", now, use=use)
    if link is None or link.user_id is None:
        return None
    user = session.get_one(User, link.user_id)
    return user if user.disabled_at is None else None


def _mailbox(said: str) -> str:
    address = mail(said)
    if address is None:
        raise Refused(f"{said} is no e-mail address")
    return address.lower()


def _check(role: str, administration: str | None, language: str) -> None:
    if role not in ROLES:
        raise Refused(f"the role must be one of {', '.join(ROLES)}")
    if administration is not None and role not in OF_AN_ADMINISTRATION:
        raise Refused(f"the role {role} belongs to no administration")
    if language not in LANGUAGES:
        raise Refused(f"the desk speaks {', '.join(LANGUAGES)}")
