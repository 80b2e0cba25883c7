"""What people decided messages to be: the labels that the router learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.models import Case, Label
from routing.directory import Directory
from routing.examples import Example

Who = Literal["agent", "citizen"]
#: So many decisions are taught per destination and language, the newest: one busy office must not
#: drown the others.
PER_GROUP = 60
#: Asked for by every batch of messages.
_NEWEST = select(func.max(Label.__table__.c.id))


def note(
    session: Session, case: Case, slug: str, who: Who, directory: Directory, now: datetime
) -> None:
    """Keep that a case belongs to an administration; a commune's counts as ``commune``."""
    session.add(Label(case_id=case.id, slug=destination(slug, directory), who=who, at=now))


def note_confirmed(session: Session, case: Case, directory: Directory, now: datetime) -> None:
    """Keep that an administration took up what the machine had routed to it; once."""
    known = session.scalar(select(Label.id).where(Label.case_id == case.id).limit(1))
    if case.administration and known is None:
        note(session, case, case.administration, "agent", directory, now)


def destination(slug: str, directory: Directory) -> str:
    """What the router calls an administration: it knows no single city's commune."""
    administration = directory.get(slug)
    of_city = administration is not None and administration.city is not None
    return administration.parent if of_city and administration and administration.parent else slug


def last(session: Session) -> int:
    """The id of the newest label; 0 where there is none."""
    return session.scalar(_NEWEST) or 0


def waiting(session: Session, label_id: int) -> tuple[int, datetime | None]:
    """How many decisions came after a label, and when the first of them did."""
    query = select(func.count(), func.min(Label.at)).where(Label.id > label_id)
    count, first = session.execute(query).one()
    return count, first


def since(session: Session, label_id: int, limit: int | None = None) -> list[Example]:
    """What was decided after a label, oldest first; the newest ``limit`` of it."""
    query = (
        select(Label.slug, Case.language, Case.text, Case.subject)
        .join(Case, Case.id == Label.case_id)
        .where(Label.id > label_id)
        .order_by(Label.id.desc())
        .limit(limit)
    )
    found = [
        Example(slug, tag, text, subject) for slug, tag, text, subject in session.execute(query)
    ]
    return found[::-1]


def capped(decisions: Sequence[Example]) -> list[Example]:
    """The newest decisions of each destination and language, oldest first."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for each in reversed(decisions):
        seen[each.slug, each.language] += 1
        if seen[each.slug, each.language] <= PER_GROUP:
            kept.append(each)
    return kept[::-1]
