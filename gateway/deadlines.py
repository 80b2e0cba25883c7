"""The legal clock: when an answer is due, and which hours and days are for working."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Protocol

from holidays import HolidayBase, country_holidays

from gateway.models import Case
from gateway.settings import Settings
from routing.directory import Directory

_DAY = timedelta(days=1)


def due(
    received: datetime,
    kind: str,
    administration: str | None,
    directory: Directory,
    settings: Settings,
) -> datetime:
    """When a case of this kind must be answered by this administration.

    The shorter time counts where both the kind and the administration have one of their own. The
    hour is that of the receipt; a case is late once the day is over.
    """
    days = _days(kind, administration, directory, settings)
    if settings.due_counting == "calendar":
        return received + timedelta(days=days)
    day = received.astimezone(settings.zone).date()
    return received + (_working_day_after(day, days, settings.region) - day)


def restart(case: Case, now: datetime, directory: Directory, settings: Settings) -> None:
    """Give a case that is opened again its whole time once more."""
    case.due_at = due(now, case.kind, case.administration, directory, settings)
    case.warned, case.extended_at = 0, None


class Timed(Protocol):
    """What has a due date: a case as people see it, or its row."""

    @property
    def kind(self) -> str:
        """Complaint, suggestion, remark or question."""

    @property
    def administration(self) -> str | None:
        """The slug of who must answer."""

    @property
    def due_at(self) -> datetime:
        """When."""


def longest_extension(
    case: Timed, now: datetime, directory: Directory, settings: Settings
) -> datetime:
    """The latest time that an answer may be put off to: as long again as it was to take."""
    return due(max(case.due_at, now), case.kind, case.administration, directory, settings)


def days_left(due_at: datetime, now: datetime, settings: Settings) -> int:
    """Days until the answer is due, as people count them; negative when it is late."""
    return (due_at.astimezone(settings.zone).date() - now.astimezone(settings.zone).date()).days


def end_of_working_days(count: int, now: datetime, settings: Settings) -> datetime:
    """The end of the last day that has at most so many working days between it and today, its own
    one counted: what is due before it has no more left. -1: the end of yesterday."""
    today = now.astimezone(settings.zone).date()
    day = today if count < 0 else _working_day_after(today, count + 1, settings.region)
    return datetime.combine(day, time(), settings.zone)


def is_working_day(day: date, region: str) -> bool:
    """Whether offices are open: no weekend and no public holiday there."""
    calendar = _calendar(region)
    return calendar.is_working_day(day) if calendar is not None else day.weekday() < 5  # Saturday


def may_disturb(now: datetime, settings: Settings) -> bool:
    """Whether a mail may remind the staff: on a working day, outside the quiet hours."""
    here = now.astimezone(settings.zone)
    return not _is_within(settings.quiet, here.hour) and is_working_day(
        here.date(), settings.region
    )


def may_call(now: datetime, settings: Settings) -> bool:
    """Whether a citizen's phone may ring of itself at this hour."""
    return _is_within(settings.calling, now.astimezone(settings.zone).hour)


def _is_within(hours: tuple[int, int], hour: int) -> bool:
    begin, end = hours
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def _days(kind: str, administration: str | None, directory: Directory, settings: Settings) -> int:
    competent = directory.get(administration) if administration else None
    own = (settings.days_by_kind.get(kind), competent.days if competent else None)
    return min((days for days in own if days), default=settings.due_days)


def _working_day_after(day: date, count: int, region: str) -> date:
    while count:
        day += _DAY
        count -= is_working_day(day, region)
    return day


@cache
def _calendar(region: str) -> HolidayBase | None:
    """The country's holidays; None for a country that the library does not know."""
    try:
        return country_holidays(region)
    except NotImplementedError:
        return None
