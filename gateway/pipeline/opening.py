"""A new case, and what its citizen is told and asked at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from gateway.choices import Choice
from gateway.citizen import COMMUNE
from gateway.deadlines import due
from gateway.dialects import insert_rows
from gateway.models import Case, CaseAddress, Event, as_read
from gateway.notices import BUTTON_CHANNELS, STYLES
from gateway.pipeline.task import Answer, Asks, Task
from gateway.search import index_new
from normalizer import tracking
from routing.kinds import NOT_ROUTED
from routing.router import THRESHOLD, offered

#: A taken number is one in a hundred million; so many in a row mean something else is wrong.
_NUMBER_TRIES = 20
#: A candidate less likely than this is not worth asking about, nor any where it is so surely
#: nobody's matter.
_LIKELY, _SURELY_NOBODYS = 0.15, 0.65


class NoFreeNumber(Exception):
    """Every tracking number tried was taken."""


def open_cases(session: Session, tasks: Sequence[Task]) -> list[Case]:
    """Register new matters, each with a number of its own."""
    if not tasks:
        return []
    cases = _with_numbers(session, tasks)
    opened = [*zip(tasks, cases, strict=True)]
    whose = [
        {"case_id": case.id, "address_id": address.id}
        for task, case in opened
        for address in task.addresses
    ]
    insert_rows(session, CaseAddress, whose)
    insert_rows(session, Event, [line for one in opened for line in _first_lines(*one)])
    index_new(session, [(case, task.message) for task, case in opened])
    return cases


def _with_numbers(session: Session, tasks: Sequence[Task]) -> list[Case]:
    """The cases as they were written, each with a number that was free."""
    year = tasks[0].now.astimezone(tasks[0].parts.settings.zone).year
    new = [_columns(task) for task in tasks]
    ids: dict[str, int] = {}
    for _ in range(_NUMBER_TRIES):
        # One whose number was taken, also by one of these, has none of the written ones.
        numbered = {tracking.issue(year): one for one in new if one["number"] not in ids}
        for number, one in numbered.items():
            one["number"] = number
        ids |= insert_rows(session, Case, [*numbered.values()], unless_taken=Case.number)
        if len(ids) == len(new):
            return [as_read(Case, {"id": ids[one["number"]], **one}) for one in new]
    raise NoFreeNumber


def _columns(task: Task) -> dict[str, Any]:
    """A new matter, with the administration that is competent for it, if one surely is."""
    complaint, route, settings = task.complaint, task.understood.route, task.parts.settings
    directory, addresses = task.parts.directory, task.addresses
    competent = directory.get(route.administration) if route.administration else None
    slug = competent.slug if competent else None
    return {
        "number": "",
        "version": 1,
        "status": "routed" if competent else "received",
        "kind": complaint.kind,
        "subject": complaint.subject,
        "text": complaint.text or complaint.subject or "",
        "language": task.language,
        "administration": slug,
        "confidence": route.confidence,
        "candidates": [list(candidate) for candidate in route.candidates],
        "reasons": list(route.reasons),
        "city": route.city,
        "channel": complaint.channel,
        "account": complaint.account,
        "contact_id": addresses[0].contact_id if addresses else None,
        "address_id": addresses[0].id if addresses else None,
        "location": task.message.location,
        "on_behalf": complaint.on_behalf,
        "created_at": complaint.received_at,
        "due_at": due(complaint.received_at, complaint.kind, slug, directory, settings),
    }


def _first_lines(task: Task, case: Case) -> Iterator[dict[str, Any]]:
    """How its history begins."""
    earlier = task.placement.earlier
    went_before = {"earlier": earlier.number} if earlier else {}
    yield task.line(case, "citizen", "received", message=task.message.id, **went_before)
    if case.administration:
        yield task.line(case, "guichet", "routed", **_found(case))


def acknowledged(task: Task, case: Case) -> Answer:
    """The number; and where only a word of theirs is missing to find who is competent, a question
    for it, in the same message."""
    plain = Answer("acknowledged", case, buttons=buttons(task, case))
    if task.own is None or task.spoken or task.complaint.auto:
        return plain
    if task.understood.route.needs_city:
        return ask_city(case)
    if _is_between(task):
        return ask_administration(task, case, instead=plain)
    return plain


def ask_city(case: Case) -> Answer:
    """Of which city's commune is it a matter?"""
    return Answer("city_ask", case, asks=Asks("city"), way_asks="location")


def ask_administration(task: Task, case: Case, instead: Answer | None = None) -> Answer:
    """Which of the likeliest is competent?"""
    short = STYLES.get(task.complaint.channel) == "sms"
    named = offered(case.candidates, task.parts.directory, case.language, case.city, short=short)
    here = {case.administration, COMMUNE if _is_commune(task, case) else case.administration}
    others = [(slug, label) for slug, label in named if slug not in here]
    return Answer(
        "triage_ask",
        case,
        asks=Asks("administration", tuple(slug for slug, _ in others)),
        choices=tuple(("", label) for _, label in others),
        none=task.label("button_none", case.language),
        instead=instead,
    )


def _is_commune(task: Task, case: Case) -> bool:
    """Whether a city's commune has it: the router calls every one of them the same."""
    commune = task.parts.directory.commune_of(case.city) if case.city else None
    return commune is not None and commune.slug == case.administration


def buttons(task: Task, case: Case) -> tuple[Choice, ...]:
    """What can be done next, for a chat."""
    if task.complaint.channel not in BUTTON_CHANNELS:
        return ()
    wanted = {
        "details": "button_details",
        "place": "button_location",
        "wrong": "button_wrong" if case.administration else "",
        "follow": "button_follow",
    }
    return tuple(
        (f"{verb}:{case.number}", task.label(key, case.language))
        for verb, key in wanted.items()
        if key
    )


def note_route(task: Task, case: Case) -> None:
    """Write down where the machine sent it."""
    task.note(case, "guichet", "routed", **_found(case))


def _found(case: Case) -> dict[str, object]:
    return {"administration": case.administration, "confidence": round(case.confidence, 3)}


def _is_between(task: Task) -> bool:
    """Whether the router found administrations, but none surely enough. What it surely takes for
    nobody's matter, or for inadmissible, is for a person."""
    route = task.understood.route
    if route.administration or route.kind in NOT_ROUTED or not task.complaint.text:
        return False
    shares = [share for _, share in route.candidates]
    return (
        len(shares) > 1 and _LIKELY <= shares[0] < THRESHOLD and route.confidence < _SURELY_NOBODYS
    )
