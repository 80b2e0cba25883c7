"""The one answer that a message gets: over which way, with which question, or why none."""

from __future__ import annotations

from typing import Any

from gateway import questions
from gateway.choices import Choice
from gateway.models import AddressRow, OutboundRow
from gateway.notices import Way
from gateway.pipeline.loops import is_loop
from gateway.pipeline.task import Answer, Task


def give(task: Task, answer: Answer) -> str | None:
    """Queue an answer. Returns the channel that it takes, if there is one."""
    way = _way_back(task, even_stopped=answer.key == "stopped")
    if way is None:
        _not_answered(task, answer, "nobody_to_tell")
        return None
    # A status is told on the line alone; a number is written too, so that nobody needs a pen.
    is_new = task.placement.action == "new"
    if task.spoken and (not is_new or way.channel == task.complaint.channel):
        return None
    if _is_loop(task, way, answer.key):
        _not_answered(task, answer, "not_answered", reason="loop")
        return None
    if answer.instead is not None and not _fits(task, answer, way):
        answer = answer.instead
    choices = _choices(task, answer, way)
    _queue(task, answer, way, choices)
    return way.channel


def _queue(task: Task, answer: Answer, way: Way, choices: list[Choice]) -> OutboundRow | None:
    notices, cause = task.parts.notices, f"{answer.key}:{task.message.id}"
    facts = _facts(answer)
    if answer.case is not None:
        return notices.tell(
            task.session,
            answer.case,
            answer.key,
            cause,
            task.now,
            first=way,
            facts=facts,
            choices=choices,
            buttons=answer.buttons,
        )
    return notices.queue(
        task.session,
        way,
        answer.key,
        facts,
        task.language,
        cause,
        task.now,
        thread=(task.message.reference,),
        choices=choices,
        buttons=answer.buttons,
    )


def _facts(answer: Answer) -> dict[str, Any]:
    asks = {"asks": answer.way_asks} if answer.way_asks else {}
    return {**answer.facts, **asks}


def _choices(task: Task, answer: Answer, way: Way) -> list[Choice]:
    """Put the question that goes along, and name its answers for buttons and digits."""
    if answer.asks is None:
        return []
    return _named(answer, _ask(task, answer, way.address, way.channel, way.account))


def _ask(task: Task, answer: Answer, address: AddressRow, channel: str, account: str) -> int:
    if answer.asks is None:
        raise LookupError("no question")
    question = questions.ask(
        task.session,
        address,
        channel,
        account,
        answer.asks.key,
        answer.asks.options,
        task.now,
        case=answer.case,
        message=task.message if answer.asks.holds else None,
    )
    return question.id


def _named(answer: Answer, question_id: int) -> list[Choice]:
    named = [
        (value or f"pick:{question_id}:{n}", label)
        for n, (value, label) in enumerate(answer.choices, 1)
    ]
    if answer.none:
        named.append((f"pick:{question_id}:0", answer.none))
    return named


def _fits(task: Task, answer: Answer, way: Way) -> bool:
    """Whether the choices can be read in one short message."""
    notices, case = task.parts.notices, answer.case
    facts = {**(notices.facts(case) if case else {}), "options": _named(answer, 0)}
    language = case.language if case else task.language
    return bool(answer.choices) and notices.is_short(way, answer.key, facts, language)


def _not_answered(task: Task, answer: Answer, kind: str, **why: str) -> None:
    """Say so in the case's history. What would be held waits all the same, until it is given up."""
    if answer.asks and answer.asks.holds:
        _ask(task, answer, task.addresses[0], task.complaint.channel, task.complaint.account)
    if answer.case is not None:
        task.note(answer.case, "guichet", kind, notice=answer.key, **why)


def _is_loop(task: Task, way: Way, key: str) -> bool:
    # Who complains of three things under one subject is told three numbers.
    subject = None if key == "acknowledged" else task.complaint.subject
    settings = task.parts.settings
    is_mail = way.address.kind == "mail"
    most = settings.email_auto_answers if is_mail else settings.sender_answers
    return is_loop(task.session, way, subject, most, task.now)


def _way_back(task: Task, *, even_stopped: bool) -> Way | None:
    """The first way that reaches the sender; nobody who said stop, but to tell them so."""
    return next(
        (
            way
            for address in task.addresses
            if address.stopped_at is None or even_stopped
            for way in _ways_to(task, address)
        ),
        None,
    )


def _ways_to(task: Task, address: AddressRow) -> list[Way]:
    channel, account = task.complaint.channel, task.complaint.account
    # What a call said or did not say is better read than called after.
    ways = task.parts.notices.ways_to(address, channel, account)
    return sorted(ways, key=lambda way: way.channel == "voice")
