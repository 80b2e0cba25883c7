"""What becomes of cases, in figures that anyone may see because they tell nothing of anyone."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, case, extract, func, select

from gateway.models import Case
from gateway.store import Store

Dimension = Literal["administration", "channel", "language", "kind", "month"]
DIMENSIONS: tuple[Dimension, ...] = ("month", "administration", "channel", "kind", "language")

#: No figure is told that stands for fewer people, or from which theirs could be worked out.
LEAST = 5
#: Figures are of this and the twelve months before it.
MONTHS = 12
#: Looked up afresh after so long.
KEPT = timedelta(minutes=10)
#: What small groups are told together as, and cases that no administration has yet.
OTHERS, NONE = "others", ""
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Figures:
    """One group of cases. None: not told, since it would be about fewer than ``LEAST`` people.

    ``mean`` and ``median`` are days until the first answer, ``satisfaction`` is the mean of the
    ratings from 1 to 5.
    """

    key: str
    received: int
    answered: int | None
    reopened: int | None
    rated: int | None
    mean: float | None = None
    median: float | None = None
    satisfaction: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told. ``total`` is None while there are too few cases to tell of any."""

    at: datetime
    since: datetime
    total: Figures | None
    tables: Mapping[Dimension, Sequence[Figures]]


@dataclass(slots=True)
class _Group:
    """What is counted of a group. ``days`` says how many cases took how many days."""

    received: int = 0
    reopened: int = 0
    rated: int = 0
    stars: int = 0
    days: Counter[int] = field(default_factory=Counter)

    def count(self, row: Row[Any]) -> None:
        self.received += row.received
        self.reopened += row.reopened
        self.rated += row.rated
        self.stars += row.stars
        if row.took is not None:
            self.days[int(row.took)] += row.received

    def join(self, other: _Group) -> None:
        self.received += other.received
        self.reopened += other.reopened
        self.rated += other.rated
        self.stars += other.stars
        self.days += other.days


class Statistics:
    """Looks the figures up, and keeps them for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: Report | None = None

    def report(self, now: datetime) -> Report:
        """The figures as they were about ``KEPT`` ago at most."""
        kept = self._kept
        if kept and timedelta() <= now - kept.at < KEPT:
            return kept
        # Whoever comes while another counts anew gets the old figures rather than wait.
        if self._lock.acquire(blocking=kept is None):
            try:
                if self._kept is kept:
                    self._kept = self.count(now)
            finally:
                self._lock.release()
        return self._kept or self.count(now)

    def count(self, now: datetime) -> Report:
        """The figures as they are."""
        since = _first_month(now)
        tables = {dimension: self._groups(dimension, since) for dimension in DIMENSIONS}
        whole = _Group()
        for group in tables["kind"].values():
            whole.join(group)
        if whole.received < LEAST:
            return Report(now, since, None, dict.fromkeys(DIMENSIONS, ()))
        (total,) = _told({"": whole})
        return Report(now, since, total, {d: _table(d, groups) for d, groups in tables.items()})

    def _groups(self, dimension: Dimension, since: datetime) -> dict[str, _Group]:
        """One pass over the table; an index would only lead to most of its rows one by one."""
        key = self._month() if dimension == "month" else getattr(Case, dimension)
        took = case((Case.answered_at.is_not(None), self._days()), else_=None).label("took")
        query = (
            select(
                func.coalesce(key, NONE).label("key"),
                took,
                func.count().label("received"),
                func.sum(case((Case.reopened > 0, 1), else_=0)).label("reopened"),
                func.count(Case.rating).label("rated"),
                func.coalesce(func.sum(Case.rating), 0).label("stars"),
            )
            .where(Case.created_at >= since)
            .group_by("key", "took")
        )
        groups: defaultdict[str, _Group] = defaultdict(_Group)
        with self._store.read() as session:
            for row in session.execute(query):
                groups[row.key].count(row)
        return groups

    def _days(self) -> ColumnElement[Any]:
        """Whole days from filing to the first answer."""
        if self._store.is_sqlite:
            took = func.julianday(Case.answered_at) - func.julianday(Case.created_at)
        else:
            took = extract("epoch", Case.answered_at - Case.created_at) / _DAY
        return func.floor(took)

    def _month(self) -> ColumnElement[Any]:
        """``2026-11``, in UTC."""
        if self._store.is_sqlite:
            return func.strftime("%Y-%m", Case.created_at)
        return func.to_char(func.timezone("UTC", Case.created_at), "YYYY-MM")


def _table(dimension: Dimension, groups: Mapping[str, _Group]) -> list[Figures]:
    """The rows that may be told: months in their order, everything else by how many came in."""
    told = _told(_folded(groups))
    if dimension == "month":
        return sorted(told, key=lambda row: (row.key == OTHERS, row.key))
    return sorted(told, key=lambda row: (row.key == OTHERS, -row.received, row.key))


def _folded(groups: Mapping[str, _Group]) -> dict[str, _Group]:
    """The groups with small ones put together. Were one small group left out instead, the total
    would give it away; where the small ones are still too few, the next larger goes with them."""
    kept, others = {}, _Group()
    for key, group in sorted(groups.items(), key=lambda each: (each[1].received, each[0])):
        if group.received < LEAST or 0 < others.received < LEAST:
            others.join(group)
        else:
            kept[key] = group
    if others.received:
        kept[OTHERS] = others
    return kept


def _told(groups: Mapping[str, _Group]) -> list[Figures]:
    answered = _safe({key: group.days.total() for key, group in groups.items()})
    reopened = _safe({key: group.reopened for key, group in groups.items()})
    rated = _safe({key: group.rated for key, group in groups.items()})
    return [
        Figures(
            key,
            group.received,
            answered[key],
            reopened[key],
            rated[key],
            mean=_mean(group.days) if answered[key] else None,
            median=_median(group.days) if answered[key] else None,
            satisfaction=round(group.stars / group.rated, 1) if rated[key] else None,
        )
        for key, group in groups.items()
    ]


def _safe(counts: Mapping[str, int]) -> dict[str, int | None]:
    """A column without its small counts, and without as many of the next larger ones as it takes
    that those left out cannot be worked out from the column's total. Nought is told: it is nobody.
    """
    hidden = {key for key, count in counts.items() if 0 < count < LEAST}
    rest = sorted((count, key) for key, count in counts.items() if count >= LEAST)
    while hidden and rest and (len(hidden) < 2 or sum(counts[key] for key in hidden) < LEAST):
        hidden.add(rest.pop(0)[1])
    return {key: None if key in hidden else count for key, count in counts.items()}


def _mean(days: Counter[int]) -> float:
    return round(sum(day * count for day, count in days.items()) / days.total(), 1)


def _median(days: Counter[int]) -> float:
    """The middle one, or halfway between the two in the middle."""
    size, passed, lower = days.total(), 0, None
    for day in sorted(days):
        passed += days[day]
        if lower is None and passed * 2 >= size:
            lower = day
            if passed * 2 > size:
                return float(day)
        elif lower is not None:
            return (lower + day) / 2
    return float(lower or 0)


def _first_month(now: datetime) -> datetime:
    months = now.year * 12 + now.month - 1 - MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
