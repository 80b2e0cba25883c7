"""What citizens do to their own cases: rate, reopen, say whose matter it is. Each writes history.

The caller knows that the case is theirs. Every act may come twice; what changes nothing the
second time answers False.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway import questions
from gateway.deadlines import restart
from gateway.labels import note
from gateway.models import ANSWERED, Case, Event
from gateway.settings import Settings
from routing.directory import Directory

#: What the router calls every city's commune.
COMMUNE = "commune"
#: Nobody has begun to work on it: its citizen may still say whose matter it is.
UNTOUCHED = ("received", "routed")


def rate(
    session: Session, case: Case, score: int, word: str, now: datetime, *, channel: str
) -> bool:
    """Keep how content they are, 1 (poor) to 5 (very good); a later rating takes its place."""
    word = word.strip()
    same = case.rating == score and (not word or word == case.rating_word)
    if case.status not in ANSWERED or not 1 <= score <= 5 or same:
        return False
    case.rating, case.rating_word, case.rated_at = score, word or None, now
    questions.give_up(session, now, "rating", case)
    _note(session, case, "rated", now, score=score, channel=channel)
    return True


def reopen(
    session: Session,
    case: Case,
    reason: str,
    now: datetime,
    *,
    channel: str,
    directory: Directory,
    settings: Settings,
) -> bool:
    """Open a case again that was answered or closed, with its whole time before it; one that is
    open already stays as it is."""
    if case.status not in ANSWERED or case.merged_into is not None:
        return False
    before, case.status, case.closed_at = case.status, "reopened", None
    case.reopened += 1
    case.rating_asked = 0
    restart(case, now, directory, settings)
    for key in ("reopen", "rating"):
        questions.give_up(session, now, key, case)
    told = {"message": reason} if reason else {}
    _note(session, case, "status", now, status="reopened", before=before, channel=channel, **told)
    return True


def choose(
    session: Session, case: Case, choice: int | str, directory: Directory, now: datetime
) -> bool:
    """Send a case where its citizen says that it belongs: to the n-th of its candidates, or to a
    slug; 0 says to none of them. A city's commune needs the city, see ``name_city``."""
    slug = _candidate(case, choice) if isinstance(choice, int) else choice
    settled = slug is not None and slug == case.administration
    if settled or case.status not in UNTOUCHED or case.disputed or case.sent_by:
        return False
    questions.give_up(session, now, "administration", case)
    if slug is None or directory.get(slug) is None:
        _note(session, case, "none_of_these", now)
        return True
    note(session, case, slug, "citizen", directory, now)
    commune = directory.commune_of(case.city) if slug == COMMUNE and case.city else None
    if slug == COMMUNE and commune is None:
        case.candidates = [[COMMUNE, 1.0]]
        return True
    return _send(session, case, commune.slug if commune else slug, now)


def name_city(session: Session, case: Case, city: str, directory: Directory, now: datetime) -> bool:
    """Send a commune's matter, of which only the city was missing, to that city's commune."""
    commune = directory.commune_of(city)
    if commune is None or case.administration is not None or case.status not in UNTOUCHED:
        return False
    case.city = city
    questions.give_up(session, now, "city", case)
    return _send(session, case, commune.slug, now)


def _candidate(case: Case, n: int) -> str | None:
    return case.candidates[n - 1][0] if 0 < n <= len(case.candidates) else None


def _send(session: Session, case: Case, slug: str, now: datetime) -> bool:
    if case.administration == slug:
        return False
    before, case.administration, case.status = case.administration, slug, "routed"
    case.confidence = 1.0
    _note(session, case, "routed", now, administration=slug, before=before)
    return True


def _note(session: Session, case: Case, kind: str, now: datetime, **data: object) -> None:
    session.add(Event(case_id=case.id, at=now, actor="citizen", kind=kind, data=data))
