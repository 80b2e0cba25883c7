"""What a message changes in a case that it joins."""

from __future__ import annotations

import re

from sqlalchemy import select

from gateway import citizen, questions
from gateway.choices import LONGEST, short
from gateway.models import ANSWERED, CLOSED, AddressRow, Case, CaseAddress, Message, Question
from gateway.notices import STYLES
from gateway.pipeline.answering import linked
from gateway.pipeline.opening import note_route
from gateway.pipeline.task import Answer, Asks, Task
from normalizer.tracking import spaced

_UNLATIN = re.compile("[\u0600-\u06ff\u2d30-\u2d7f]")
#: By which an agent could only call, or not answer at all.
_ONE_WAY = ("voice", "webform")


def add(task: Task) -> Answer | None:
    """Join a message to a case; what is said about it.

    The rest of a burst belongs to the complaint itself: its words are added to it, and may tell
    who is competent where the first ones did not.
    """
    case, complaint = task.case, task.complaint
    automatic = {"auto": complaint.auto} if complaint.auto else {}
    task.note(case, "citizen", "added", message=task.message.id, **automatic)
    if task.placement.question is not None:
        questions.settle(task.session, task.placement.question, task.now, "told")
    case.on_behalf = case.on_behalf or complaint.on_behalf
    if task.placement.silent and case.status in citizen.UNTOUCHED:
        case.text = "\n".join(part for part in (case.text, complaint.text) if part)
        reroute(task, case)
    if complaint.location:
        _locate(task, case)
    if complaint.auto:
        return None
    move(task, case)
    if take_up(task, case, ""):
        return Answer("reopened", case)
    only_a_place = complaint.location and not complaint.text and not complaint.attachments
    return Answer("location_saved" if only_a_place else "added", case)


def take_up(task: Task, case: Case, reason: str) -> bool:
    """Put a case back to work; whether that opened it again.

    An answer to our question does. Whoever writes back after an administration's answer was told
    that we would look again, so the case is reopened.
    """
    if case.status == "awaiting_citizen":
        case.status = "in_progress"
        task.note(case, "guichet", "status", status="in_progress")
    return open_again(task, case, reason)


def move(task: Task, case: Case) -> None:
    """Answer from now on where the citizen last wrote, if that address is theirs for sure."""
    own, complaint = task.own, task.complaint
    here = own is not None and (case.channel, case.account, case.address_id) == (
        complaint.channel,
        complaint.account,
        own.id,
    )
    if own is None or here or complaint.channel in _ONE_WAY or not complaint.proves_sender:
        return
    if not _may_hear(task, case, own):
        return
    case.channel, case.account, case.address_id = complaint.channel, complaint.account, own.id


def _may_hear(task: Task, case: Case, own: AddressRow) -> bool:
    if task.session.get(CaseAddress, (case.id, own.id)) is not None:
        return True
    if own.contact_id != case.contact_id:
        return False
    task.session.add(CaseAddress(case_id=case.id, address_id=own.id))
    return True


def _locate(task: Task, case: Case) -> None:
    """Keep the first place; it may be all that was missing to know whose matter it is."""
    case.location = case.location or task.message.location
    city = task.understood.route.city
    open_ones = questions.open_for(task.session, [task.own] if task.own else [], task.now)
    if city and any(one.key == "city" and one.case_id == case.id for one in open_ones):
        citizen.name_city(task.session, case, city, task.parts.directory, task.now)


def reroute(task: Task, case: Case) -> None:
    """Send a case in triage where this message says that it belongs, if it does."""
    route = task.understood.route
    if case.status != "received" or case.administration or not route.administration:
        return
    case.administration, case.status = route.administration, "routed"
    case.confidence, case.city = route.confidence, case.city or route.city
    case.candidates = [list(candidate) for candidate in route.candidates]
    case.reasons = list(route.reasons)
    questions.give_up(task.session, task.now, "administration", case)
    questions.give_up(task.session, task.now, "city", case)
    note_route(task, case)


def open_again(task: Task, case: Case, words: str) -> bool:
    """Open a case again that was answered or closed; whether it was."""
    return citizen.reopen(
        task.session,
        case,
        words,
        task.now,
        channel=task.complaint.channel,
        directory=task.parts.directory,
        settings=task.parts.settings,
    )


def ask_reopen(task: Task, case: Case) -> Answer | None:
    """Shall it be opened again? Asked once, however much they write meanwhile."""
    own = [task.own] if task.own else []
    for one in questions.open_for(task.session, own, task.now):
        if one.key == "reopen" and one.case_id == case.id:
            return None
    return Answer(
        "ask_reopen",
        case,
        asks=Asks("reopen"),
        buttons=(
            (f"reopen:{case.number}", task.label("button_reopen", case.language)),
            (f"leave:{case.number}", task.label("button_leave", case.language)),
        ),
    )


def reopened(case: Case) -> Answer:
    """It is open again; who was not content twice is shown the Mediator's door too."""
    return Answer("reopened_mediator" if case.reopened > 1 else "reopened", case)


def hold(task: Task) -> Answer | None:
    """Keep a message until its sender says which case it is about. What they add to it meanwhile
    waits with it, and is not asked about again."""
    own, asked = task.own, _asked(task)
    if own is None:
        raise LookupError("nobody to ask")
    numbers = tuple(case.number for case in task.placement.cases)
    if asked:
        first = asked[-1]
        questions.ask(
            task.session,
            own,
            first.channel,
            first.account,
            "which_case",
            first.options,
            task.now,
            message=task.message,
            lifetime=first.expires_at - task.now,
        )
        return None
    return Answer(
        "which_case",
        asks=Asks("which_case", numbers, holds=True),
        choices=tuple(("", described(task, case)) for case in task.placement.cases),
        none=task.label("button_new"),
    )


def described(task: Task, case: Case, room: int = LONGEST) -> str:
    """What a case says of itself where its citizen chooses among several. One letter of another
    script would halve what an SMS holds: there it is named by its number."""
    said = case.subject or case.text
    halved = _UNLATIN.search(said) and not _UNLATIN.search(task.label("button_none"))
    if STYLES.get(task.complaint.channel) == "sms" and halved:
        said = ""
    return short(said or spaced(case.number), room)


def _asked(task: Task) -> list[Question]:
    own = [task.own] if task.own else []
    found = questions.open_for(task.session, own, task.now)
    return [one for one in found if one.key == "which_case" and one.message_id]


def pick(task: Task) -> Answer | None:
    """The case that was meant: what was held goes there, or they are told how it stands."""
    case, chosen = task.case, task.placement.question
    held = _asked(task)
    if chosen is not None and chosen.message_id is None:
        questions.settle(task.session, chosen, task.now, case.number)
        return Answer("status", case)
    for question in held:
        questions.settle(task.session, question, task.now, case.number)
    waiting = task.session.scalars(
        select(Message)
        .where(Message.id.in_([one.message_id for one in held]), Message.state == "held")
        .order_by(Message.id)
    ).all()
    if any(message.intent == "link" for message in waiting):
        for message in waiting:
            message.case_id, message.state = case.id, "done"
        return Answer("link", case, linked(task, "case"))
    wishes = {_join(task, case, message) for message in waiting}
    if case.status in ANSWERED and wishes & {"dissatisfied", "reopen"}:
        words = waiting[0].text
        open_again(task, case, words)
        return reopened(case)
    if case.status in CLOSED:
        return ask_reopen(task, case)
    move(task, case)
    return Answer("reopened" if take_up(task, case, "") else "added", case)


def _join(task: Task, case: Case, message: Message) -> str:
    message.case_id, message.state = case.id, "done"
    case.location = case.location or message.location
    task.note(case, "citizen", "added", message=message.id)
    return message.intent or ""


def release(task: Task) -> None:
    """None of their cases: what was held is looked at again, as a matter of its own."""
    for question in _asked(task):
        questions.settle(task.session, question, task.now, "none")
        message = task.session.get(Message, question.message_id)
        if message is not None and message.state == "held":
            message.state, message.due_at, message.tries = "new", task.now, 0
