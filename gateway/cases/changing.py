"""The acts that change where a case stands, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cases.errors import CaseError
from gateway.cases.rules import HOPS, NOTICES
from gateway.cases.work import Kept, Work, same_person
from gateway.deadlines import restart
from gateway.labels import note, note_confirmed
from gateway.models import ANSWERED, CLOSED, Case, Event
from routing.directory import Directory

#: By these an administration takes up what was routed to it.
_CONFIRMS = ("in_progress", "awaiting_citizen", "answered")


def change(
    work: Work,
    status: str,
    message: str | None,
    ground: str | None,
    directory: Directory,
    files: Sequence[Kept] = (),
) -> None:
    """Give the case another status and tell the citizen; its doubles follow."""
    if status in _CONFIRMS:
        note_confirmed(work.session, work.case, directory, work.now)
        work.case.accepted_at = work.case.accepted_at or work.now
    if status == "reopened":
        _wind_up(work, directory)
    if status == work.case.status:
        work.touch()
    _settle(work, work.case, status, message, ground, files)
    for double in work.doubles():
        _settle(work, double, status, message, ground, told=not same_person(double, work.case))


def _settle(
    work: Work,
    case: Case,
    status: str,
    message: str | None,
    ground: str | None,
    files: Sequence[Kept] = (),
    *,
    told: bool = True,
) -> None:
    words = _with_ground(work, case, message, ground)
    data: dict[str, Any] = {"status": status, "before": case.status}
    if words:
        data["message"] = words
    if ground:
        data["ground"] = ground
    case.status, case.ground = status, ground
    case.closed_at = work.now if status in CLOSED else None
    if status in ANSWERED:
        case.answered_at = case.answered_at or work.now
    event = work.write("status", case, **data)
    if told:
        work.tell(NOTICES[status], event, words, case=case, files=files)


def _with_ground(work: Work, case: Case, message: str | None, ground: str | None) -> str:
    """What the citizen is told: the listed ground in their language, then the agent's words."""
    sentence = ground and work.notices.say(f"ground_{ground}", {}, case.language, "long")
    return "\n".join(part for part in (sentence, message) if part)


def _wind_up(work: Work, directory: Directory) -> None:
    """A case that is opened again has its whole time once more."""
    work.case.reopened += 1
    restart(work.case, work.now, directory, work.notices.settings)


def transfer(
    work: Work, administration: str | None, because: str | None, directory: Directory
) -> None:
    """Give the case to an administration or back to triage; when too many have sent it on, to an
    arbiter: a case in triage that says so. The citizen hears of each in one line."""
    case, before = work.case, work.case.status
    data: dict[str, Any] = {"from": case.administration}
    case.hops += case.administration is not None
    case.disputed = case.administration is not None and case.hops >= HOPS
    if case.disputed:
        data["disputed"] = True
    elif administration is not None:
        note(work.session, case, administration, "agent", directory, work.now)
    # What was asked for is kept, also where an arbiter will decide.
    data["administration"] = administration
    case.sent_by = case.administration
    case.administration = None if case.disputed else administration
    case.status = "routed" if case.administration else "received"
    case.accepted_at = case.assignee_id = case.closed_at = None
    # Nobody there was warned yet.
    case.warned = 0
    if because:
        data["because"] = because
    event = work.write("status", status=case.status, before=before, hops=case.hops, **data)
    work.tell("transferred", event)
    for double in work.doubles():
        double.administration, double.status = case.administration, case.status


def extend(work: Work, until: datetime, because: str, allowed: int) -> None:
    """Put the answer off: the citizen gets an interim reply with its reason and the new date."""
    case = work.case
    if extensions(work.session, case) >= allowed:
        raise CaseError("the answer was put off before: it is due now", "extended")
    before, case.due_at = case.due_at, until
    case.extended_at, case.warned = work.now, 0
    facts = {"due": until.isoformat(), "before": before.isoformat(), "message": because}
    work.tell("extended", work.write("extended", **facts), because)
    for double in work.doubles():
        double.due_at, double.extended_at, double.warned = until, work.now, 0
        event = work.write("extended", double, **facts)
        if not same_person(double, case):
            work.tell("extended", event, because, case=double)


def extensions(session: Session, case: Case) -> int:
    """How often the answer was put off since the case was last opened."""
    kinds = session.execute(
        select(Event.kind, Event.data).where(Event.case_id == case.id).order_by(Event.id)
    )
    count = 0
    for kind, data in kinds:
        if kind == "status" and data.get("status") == "reopened":
            count = 0
        count += kind == "extended"
    return count
