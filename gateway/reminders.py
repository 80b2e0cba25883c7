"""Warns in time: whoever has a case, then their supervisor; and tells its citizen once it is late.

A case remembers how far it was warned about, so that after a week without a worker each is warned
about once, at the level it has reached by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from channels.base import BadSetting, SendFailed
from gateway import staff_mail
from gateway.deadlines import end_of_working_days, may_disturb
from gateway.house import House
from gateway.messages import catalogue, date_in
from gateway.models import OPEN, Case, Event, User
from gateway.queue import DELIVER
from normalizer.tracking import spaced

log = structlog.get_logger(__name__)

#: How far the clock has warned: nobody, whoever has the case, their supervisor too, it is late.
AGENT, SUPERVISOR, LATE = 1, 2, 3
#: Cases taken at once, and named in one mail at most.
BATCH, NAMED = 200, 50


@dataclass(frozen=True, slots=True)
class Warned:
    """A case that somebody must hear of."""

    case_id: int
    number: str
    due_at: datetime
    administration: str | None
    assignee_id: int | None
    before: int
    level: int


def remind(house: House, now: datetime) -> int:
    """Warn about every case that has come nearer to its due date; about how many. Nothing is said
    at night, at weekends and on holidays."""
    if not may_disturb(now, house.settings):
        return 0
    count = 0
    while batch := _claim(house, now):
        count += len(batch)
        if not _mail(house, batch, now):
            # The mail server is away: the next round begins here again.
            break
    return count


def _claim(house: House, now: datetime) -> list[Warned]:
    """Mark what is to be warned about, so that no other worker does it too."""
    channels: set[str] = set()
    with house.store.write() as session:
        cases = session.scalars(
            select(Case)
            .where(literal_column(OPEN), _is_due(house, now))
            .order_by(Case.due_at, Case.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        found = [
            Warned(
                case.id,
                case.number,
                case.due_at,
                case.administration,
                case.assignee_id,
                case.warned,
                _level(case.due_at, house, now),
            )
            for case in cases
        ]
        for case, one in zip(cases, found, strict=True):
            _set(session, one, one.level)
            if one.level == LATE:
                channels |= _tell_lateness(house, session, case, now)
    for channel in channels:
        house.bell.ring(DELIVER, channel)
    return found


def _is_due(house: House, now: datetime) -> ColumnElement[bool]:
    thresholds = _thresholds(house, now)
    return or_(
        *(and_(Case.due_at < until, Case.warned < level) for level, until in thresholds.items())
    )


def _thresholds(house: House, now: datetime) -> Mapping[int, datetime]:
    """Per level, highest first, the time before which a due date has reached it."""
    settings = house.settings
    return {
        LATE: end_of_working_days(-1, now, settings),
        SUPERVISOR: end_of_working_days(settings.warn_supervisor_days, now, settings),
        AGENT: end_of_working_days(settings.warn_agent_days, now, settings),
    }


def _level(due_at: datetime, house: House, now: datetime) -> int:
    return next(level for level, until in _thresholds(house, now).items() if due_at < until)


def _set(session: Session, one: Warned, level: int) -> None:
    """Not through the case itself: an agent who is writing an answer loses nothing by a warning."""
    session.execute(
        update(Case)
        .where(Case.id == one.case_id)
        .values(warned=level)
        .execution_options(synchronize_session=False)
    )


def _tell_lateness(house: House, session: Session, case: Case, now: datetime) -> set[str]:
    """Say once that the answer is late and that the Mediator's door is open. Returns the channels
    on which something waits."""
    due = case.due_at.isoformat()
    told = session.scalars(select(Event.data).where(Event.case_id == case.id, Event.kind == "late"))
    if any(data.get("due") == due for data in told):
        return set()
    _note(session, case.id, "late", now, due=due)
    row = house.pipeline.parts.notices.tell(
        session, case, "late_notice", f"late:{case.id}:{due}", now
    )
    return {row.channel} if row else set()


def _mail(house: House, batch: Sequence[Warned], now: datetime) -> bool:
    """Tell the staff, one mail for each; whether the mail server took what it was given."""
    by_user: defaultdict[User, list[Warned]] = defaultdict(list)
    with house.store.read() as session:
        users = session.scalars(select(User).where(User.disabled_at.is_(None))).all()
    for one in batch:
        for user in _concerned(one, users):
            by_user[user].append(one)
    reached: set[int] = set()
    unreached: dict[int, Warned] = {}
    for user, warnings in by_user.items():
        if _send(house, user, warnings, now):
            reached.update(one.case_id for one in warnings)
        else:
            unreached.update((one.case_id, one) for one in warnings)
    again = [one for case_id, one in unreached.items() if case_id not in reached]
    with house.store.write() as session:
        for one in batch:
            if one in again:
                _set(session, one, one.before)
            else:
                _note(session, one.case_id, "warned", now, level=one.level)
    return not again


def _concerned(one: Warned, users: Iterable[User]) -> Iterable[User]:
    """Who must know: whoever has the case, else all who could; from some day on who leads them."""
    for user in users:
        if one.administration is None:
            concerned = user.role == "triage"
        elif user.administration != one.administration:
            concerned = user.id == one.assignee_id
        elif user.role == "supervisor":
            concerned = one.level >= SUPERVISOR or user.id == one.assignee_id
        else:
            concerned = one.assignee_id in (None, user.id)
        if concerned:
            yield user


def _send(house: House, user: User, warnings: Sequence[Warned], now: datetime) -> bool:
    subject, text = _letter(house, user.language, warnings)
    try:
        staff_mail.send(house.settings.environ, user.email, subject, text, now)
    except SendFailed as failure:
        # Where there is no mail the desk's own lists must do.
        log.warning("reminder.failed", user=user.id, reason=failure.reason)
        return not failure.retryable
    except BadSetting as bad:
        log.warning("reminder.failed", user=user.id, reason=f"{bad.name} cannot be used")
    return True


def _letter(house: House, language: str, warnings: Sequence[Warned]) -> tuple[str, str]:
    """Subject and text. It names numbers only: mail is read by many machines."""
    say = catalogue(language, "desk")
    late = [one for one in warnings if one.level == LATE]
    soon = [one for one in warnings if one.level != LATE]
    count = len(warnings)
    subject = say.ngettext(
        "%(count)s case needs its answer", "%(count)s cases need their answer", count
    ) % {"count": count}
    parts = []
    if late:
        parts += [say.gettext("Late. Their citizens were told that the Mediator can help:")]
        parts += [_lines(house, language, late)]
    if soon:
        parts += [
            say.gettext("Due soon. Answer, or tell the citizen why it takes longer and until when:")
        ]
        parts += [_lines(house, language, soon)]
    return subject, "\n\n".join(parts) + "\n"


def _lines(house: House, language: str, warnings: Sequence[Warned]) -> str:
    lines = [
        f"{date_in(one.due_at.astimezone(house.settings.zone).date(), language)} · "
        f"{spaced(one.number)}\n{house.settings.public_url}/desk/cases/{one.number}"
        for one in warnings[:NAMED]
    ]
    more = [f"+ {len(warnings) - NAMED}"] if len(warnings) > NAMED else []
    return "\n".join([*lines, *more])


def _note(session: Session, case_id: int, kind: str, now: datetime, **data: object) -> None:
    session.add(Event(case_id=case_id, at=now, actor="guichet", kind=kind, data=data))
