"""The lists that the staff work through: queues by due date, with filters and a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from gateway.cases.view import CaseView
from gateway.desk_queues import ALL, NOBODYS, QUEUES, Condition, queues_of
from gateway.models import ANSWERED, SETTLED, Case, Instant, User
from gateway.roles import StaffView
from gateway.search import few, means
from gateway.settings import Settings
from gateway.store import Store

PAGE = 50
#: A queue is counted no further: beyond it is simply long.
COUNTED = 99
_EXCERPT = 200
#: Among so many cases of a queue, in its order, those that filters or common words want are looked
#: for at once; and among so many when somebody goes on looking.
LOOKED, FURTHER = 2_000, 20_000

#: By what a queue is ordered, and the case's id.
Place = tuple[datetime, int]


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
    after: Place | None
    #: How far the queue was looked through for what is wanted, where that was not to its end.
    looked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of cases. Each shows what its reader may see and nothing else."""

    store: Store
    settings: Settings

    def counts(self, who: StaffView, now: datetime) -> dict[str, int]:
        """How long their queues are, up to one more than COUNTED; "all" is not counted."""
        names = [name for name in queues_of(who) if name != ALL]
        counted = [
            select(func.count())
            .select_from(
                self._within(who, name, Filters(), now)
                .with_only_columns(Case.id)
                .limit(_at_most(COUNTED + 1))
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
        after: Place | None = None,
    ) -> Page:
        """One page of a queue, the most urgent first; of all cases those received last.

        Where much of a queue is not what filters and common words want, one page does not look
        through all of it, but says how far it came; ``after`` then goes on from there.
        """
        with self.store.read() as session:
            statement, partly = self.statement(session, who, queue, filters, now, after)
            rows = session.execute(statement).all()
            lines = tuple(_line(row) for row in rows[:PAGE])
            if len(rows) > PAGE:
                last = rows[PAGE - 1]
                return Page(lines, (getattr(last, _order(queue)), last.id))
            end = None if partly is None else session.execute(partly).first()
        if end is None:
            return Page(lines, None)
        looked, last_id = end
        return Page(lines, (looked, last_id), looked)

    def following(self, who: StaffView, queue: str, case: CaseView, now: datetime) -> str | None:
        """The number of the case that comes after that one in a queue, if there is one."""
        after = getattr(case, _order(queue)), case.id
        query = self._within(who, queue, Filters(), now, after)
        with self.store.read() as session:
            return session.scalars(query.with_only_columns(Case.number).limit(_at_most(1))).first()

    def statement(
        self,
        session: Session,
        who: StaffView,
        queue: str,
        filters: Filters,
        now: datetime,
        after: Place | None = None,
    ) -> tuple[Select[Any], Select[Any] | None]:
        """The query behind ``look``; where that looks through a part of the queue only, also that
        for the last case of the part."""
        words, region = filters.words, self.settings.region
        ids = few(session, words, region) if words else None
        within = self._within(who, queue, filters, now, after)
        narrowed = self._narrowed(queue, filters)
        if ids is not None:
            return _page(within.where(self.store.among(Case.id, ids), *narrowed)), None
        if not narrowed and not words:
            return _page(within), None
        # What is looked through is settled first, by an index alone, or a planner might rather look
        # through everything else.
        reach = FURTHER if after else LOOKED
        places = within.with_only_columns(getattr(Case, _order(queue)).label("place"), Case.id)
        part = places.limit(_at_most(reach)).subquery()
        if words:
            narrowed.append(means(session, words, region, part.c.id))
        found = select(Case).join(part, part.c.id == Case.id).where(*narrowed)
        found = found.order_by(*_ordered(queue, part.c.place, part.c.id))
        return _page(found), places.offset(_at_most(reach - 1)).limit(_at_most(1))

    def _within(
        self,
        who: StaffView,
        queue: str,
        filters: Filters,
        now: datetime,
        after: Place | None = None,
    ) -> Select[Any]:
        """The cases of a queue from some place on, in its order: as an index has them."""
        held = [QUEUES[queue](who, now), _scope(who, queue)]
        if filters.administration is not None:
            held.append(Case.administration == filters.administration)
        if queue == ALL:
            held += self._days(filters)
        if _has_index(queue, filters.status):
            held += [literal_column(SETTLED), Case.status == filters.status]
        if after is not None:
            key = tuple_(getattr(Case, _order(queue)), Case.id)
            mark = tuple_(literal(after[0], Instant()), literal(after[1]))
            held.append(key < mark if queue == ALL else key > mark)
        place = getattr(Case, _order(queue))
        return select(Case).where(*held).order_by(*_ordered(queue, place, Case.id))

    def _narrowed(self, queue: str, filters: Filters) -> list[Condition]:
        """What is asked of each case of a queue, because no index has it."""
        found = [
            column == wanted
            for column, wanted in (
                (Case.status, None if _has_index(queue, filters.status) else filters.status),
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
        if queue != ALL:
            found += self._days(filters)
        return found

    def _days(self, filters: Filters) -> list[Condition]:
        found = []
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


def _has_index(queue: str, status: str | None) -> bool:
    """Whether a status is found without looking: what was received last is seldom settled yet."""
    return queue == ALL and status in ANSWERED


def _order(queue: str) -> str:
    """The column that a queue is ordered by."""
    return "created_at" if queue == ALL else "due_at"


def _ordered(queue: str, *columns: Any) -> list[Any]:
    return [column.desc() if queue == ALL else column for column in columns]


def _page(within: Select[Any]) -> Select[Any]:
    """The first lines of a list, and one more."""
    columns = [getattr(Case, name) for name in _COLUMNS]
    excerpt = func.substr(Case.text, 1, _EXCERPT).label("excerpt")
    return (
        within.with_only_columns(*columns, excerpt, User.name.label("assignee"))
        .outerjoin(User, User.id == Case.assignee_id)
        .limit(_at_most(PAGE + 1))
    )


def _at_most(rows: int) -> ColumnElement[int]:
    """A LIMIT, written out: PostgreSQL takes a parameter for a tenth of all there is, and makes the
    plan of such a statement anew each time it is asked."""
    return literal_column(str(rows), Integer)


def _scope(who: StaffView, queue: str) -> Condition:
    """The cases that they see: ``gateway.roles.sees`` for the database."""
    if who.role == "triage":
        # Said twice, it would seem twice as rare to a planner.
        return true() if queue in NOBODYS else Case.administration.is_(None)
    if who.administration is None:
        return true()
    return Case.administration == who.administration


def _line(row: Row[tuple[object, ...]]) -> CaseLine:
    facts = {name: getattr(row, name) for name in (*_COLUMNS, "excerpt", "assignee")}
    facts.pop("id")
    return CaseLine(**facts)
