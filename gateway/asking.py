"""What becomes of questions that nobody answers: a held message goes on, a rating is asked for once
more."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway import questions
from gateway.models import Case, Message, Question
from gateway.pipeline.parts import Parts
from gateway.queue import DELIVER, PROCESS

#: A rating is asked for so often: when the case is closed, and once more.
_MOST = 2
#: When nobody is woken by it, in the citizens' time zone.
_MORNING, _EVENING = time(9), time(20)


def give_up(parts: Parts, now: datetime) -> int:
    """End the questions that are over; how many were."""
    rings: set[tuple[str, str]] = set()
    with parts.store.write() as session:
        over = questions.expired(session, now)
        for question in over:
            if question.key == "rating":
                rings |= _remind(parts, session, question, now)
            else:
                questions.settle(session, question, now)
        if _release(session, now):
            rings.add((PROCESS, ""))
    for kind, channel in rings:
        parts.bell.ring(kind, channel)
    return len(over)


def _release(session: Session, now: datetime) -> bool:
    """Let every message go on whose question is over, whatever ended it."""
    waits = select(Question.id).where(
        Question.message_id == Message.id, Question.settled_at.is_(None)
    )
    released = session.scalars(
        update(Message)
        .where(Message.state == "held", ~waits.exists())
        .values(state="new", due_at=now, tries=0)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(released)


def _remind(
    parts: Parts, session: Session, question: Question, now: datetime
) -> set[tuple[str, str]]:
    """Ask for a rating once more, by day."""
    local = now.astimezone(parts.settings.zone)
    if not _MORNING <= local.time() < _EVENING:
        night = local.time() >= _EVENING
        morning = datetime.combine(local.date() + timedelta(days=night), _MORNING, local.tzinfo)
        question.expires_at = morning
        return set()
    questions.settle(session, question, now)
    case = session.get(Case, question.case_id) if question.case_id else None
    rated = case and case.rated_at and case.closed_at and case.rated_at >= case.closed_at
    if case is None or rated or case.status != "closed" or case.rating_asked >= _MOST:
        return set()
    row = parts.notices.tell(session, case, "rate_reminder", f"question:{question.id}", now)
    return {(DELIVER, row.channel)} if row else set()
