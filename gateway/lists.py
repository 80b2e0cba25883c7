"""The lists that the staff work through: queues by due date, with filters and a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from gateway.models import OPEN, Case, Instant, User
from gateway.roles import StaffView
from gateway.search import cases_about
from gateway.settings import Settings
from gateway.store import Store

PAGE = 50
#: An open case that falls due within so long is due soon.
SOON = timedelta(days=7)
#: A queue is counted no further: beyond it is simply long.
COUNTED = 99
_EXCERPT = 200
#: So many ids are handed from one query to the next.
_FEW = 500

Condition = ColumnElement[bool]
Found = Select[int] | Sequence[int] | None
Queue = Callable[[StaffView, datetime], Condition]

#: A double is treated with the case it repeats, in whose list it then is.
_open: Condition = and_(literal_column(f"cases.{OPEN}"), Case.merged_into.is_(None))


def _mine(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.assignee_id == who.id)


def _unassigned(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.assignee_id.is_(None), Case.administration.is_not(None))


def _triage(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.administration.is_(None), Case.disputed.is_(False))


def _soon(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.due_at >= now, Case.due_at < now + SOON)


def _late(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.due_at < now)


def _awaiting(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.status == "awaiting_citizen")


def _reopened(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.status == "reopened")


def _disputed(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.administration.is_(None), Case.disputed.is_(True))


def _arriving(who: StaffView, now: datetime) -> Condition:
    return and_(_open, Case.sent_by.is_not(None), Case.accepted_at.is_(None))


def _all(who: StaffView, now: datetime) -> Condition:
    return literal(True)


#: The queues, in the order in which they are shown.
QUEUES: Mapping[str, Queue] = {
    "mine": _mine,
    "unassigned": _unassigned,
    "triage": _triage,
    "disputed": _disputed,
    "arriving": _arriving,
    "soon": _soon,
    "late": _late,
    "awaiting": _awaiting,
    "reopened": _reopened,
    "all": _all,
}
#: Of cases that nobody has sent to an administration.
_NOBODYS = ("triage", "disputed")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. Dates are those of the day in the house's time zone."""

    status: str | None = None
    administration: str | None = None
    channel: str | None = None
    language: str | None = None
    kind: str | None = None
    city: str | None = None
    since: date | None = None
    until: date | None = None
    #: An account's id; 0: nobody.
    assignee: int | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list."""

    number: str
    kind: str
    status: str
    subject: str | None
    excerpt: str
    language: str
    channel: str
    administration: str | None
    city: str | None
    created_at: datetime
    due_at: datetime
    assignee: str | None
    disputed: bool
    reopened: int
    on_behalf: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; ``after`` leads to the next one."""

    lines: tuple[CaseLine, ...]
    after: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of cases. Each shows what its reader may see and nothing else."""

    store: Store
    settings: Settings

    def queues(self, who: StaffView) -> list[str]:
        """The queues that can hold something for them."""
        hidden: set[str] = set()
        if who.role == "triage":
            hidden = set(QUEUES) - {"mine", "all", *_NOBODYS}
        elif who.administration is not None:
            hidden = set(_NOBODYS)
        if who.role == "auditor":
            hidden = {"mine"}
        return [name for name in QUEUES if name not in hidden]

    def counts(self, who: StaffView, now: datetime) -> dict[str, int]:
        """How long their queues are, up to one more than COUNTED; "all" is not counted."""
        names = [name for name in self.queues(who) if name != "all"]
        counted = [
            select(func.count())
            .select_from(
                select(Case.id)
                .where(_scope(who), QUEUES[name](who, now))
                # In the order of an index, or PostgreSQL might look through the whole table.
                .order_by(Case.due_at, Case.id)
                .limit(COUNTED + 1)
                .subquery()
            )
            .scalar_subquery()
            for name in names
        ]
        with self.store.read() as session:
            return dict(zip(names, session.execute(select(*counted)).one(), strict=True))

    def look(
        self,
        who: StaffView,
        queue: str,
        filters: Filters,
        now: datetime,
        after: tuple[datetime, int] | None = None,
    ) -> Page:
        """One page of a queue, the most urgent first; of all cases the latest due first."""
        with self.store.read() as session:
            found = self.found(session, filters.words) if filters.words else None
            statement = self.statement(who, queue, filters, now, after, found)
            rows = session.execute(statement).all()
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return Page(
            tuple(_line(row) for row in rows[:PAGE]),
            (last.due_at, last.id) if last is not None else None,
        )

    def following(
        self, who: StaffView, queue: str, after: tuple[datetime, int], now: datetime
    ) -> str | None:
        """The number of the case that comes after that place in a queue, if there is one."""
        with self.store.read() as session:
            row = session.execute(
                self.statement(who, queue, Filters(), now, after).limit(1)
            ).first()
        return str(row.number) if row else None

    def statement(
        self,
        who: StaffView,
        queue: str,
        filters: Filters,
        now: datetime,
        after: tuple[datetime, int] | None = None,
        found: Found = None,
    ) -> Select[tuple[object, ...]]:
        """The query behind ``look``; ``found`` are the ids that a search found."""
        conditions = [_scope(who), QUEUES[queue](who, now), *self._narrowed(filters)]
        if found is not None:
            conditions.append(Case.id.in_(found))
        key = tuple_(Case.due_at, Case.id)
        latest_first = queue == "all"
        if after is not None:
            mark = tuple_(literal(after[0], Instant()), literal(after[1]))
            conditions.append(key < mark if latest_first else key > mark)
        order = (Case.due_at.desc(), Case.id.desc()) if latest_first else (Case.due_at, Case.id)
        return (
            select(
                *(getattr(Case, name) for name in _COLUMNS),
                func.substr(Case.text, 1, _EXCERPT).label("excerpt"),
                User.name.label("assignee"),
            )
            .outerjoin(User, User.id == Case.assignee_id)
            .where(*conditions)
            .order_by(*order)
            .limit(PAGE + 1)
        )

    def found(self, session: Session, words: str) -> Found:
        """What a search means: few ids by themselves, many as the query that finds them.

        No planner can tell which it is from the beginning of a word: it would look through all
        cases in the order of the list for a word that none of them holds.
        """
        query = cases_about(words, self.settings.region, sqlite=self.store.is_sqlite)
        if query is None:
            return ()
        few = session.scalars(query.limit(_FEW + 1)).all()
        return query if len(few) > _FEW else few

    def _narrowed(self, filters: Filters) -> list[Condition]:
        found = [
            column == wanted
            for column, wanted in (
                (Case.status, filters.status),
                (Case.administration, filters.administration),
                (Case.channel, filters.channel),
                (Case.language, filters.language),
                (Case.kind, filters.kind),
                (Case.city, filters.city),
                (Case.assignee_id, filters.assignee or None),
            )
            if wanted is not None
        ]
        if filters.assignee == 0:
            found.append(Case.assignee_id.is_(None))
        if filters.since is not None:
            found.append(Case.created_at >= self._midnight(filters.since))
        if filters.until is not None:
            found.append(Case.created_at < self._midnight(filters.until + timedelta(days=1)))
        return found

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.settings.zone)


_COLUMNS = (
    "id",
    "number",
    "kind",
    "status",
    "subject",
    "language",
    "channel",
    "administration",
    "city",
    "created_at",
    "due_at",
    "disputed",
    "reopened",
    "on_behalf",
)


def _scope(who: StaffView) -> Condition:
    """The cases that they see: ``gateway.roles.sees`` for the database."""
    if who.role == "triage":
        return Case.administration.is_(None)
    if who.administration is None:
        return literal(True)
    return Case.administration == who.administration


def _line(row: Row[tuple[object, ...]]) -> CaseLine:
    facts = {name: getattr(row, name) for name in (*_COLUMNS, "excerpt", "assignee")}
    facts.pop("id")
    return CaseLine(**facts)
