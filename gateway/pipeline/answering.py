"""The one answer that a message gets: over which way, with which question, or why none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from gateway import links, questions
from gateway.choices import Choice
from gateway.models import AddressRow, Case, Question
from gateway.notices import Way
from gateway.pipeline.at_hand import AtHand
from gateway.pipeline.loops import is_loop
from gateway.pipeline.task import Answer, Task

#: Buttons that are good once: what they hung on goes when they were pressed.
_SPENT = ("rate", "pick", "reopen", "leave", "to")


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer on its way, with the question that goes along."""

    task: Task
    answer: Answer
    way: Way
    question: Question | None


def give(session: Session, answers: Sequence[tuple[Task, Answer]], at_hand: AtHand) -> set[str]:
    """Queue answers. Returns the channels of those that wait to be claimed."""
    said = [one for task, answer in answers if (one := _said(task, answer))]
    # Buttons carry the ids of their questions.
    session.flush()
    drafts = [
        (one.way.address, draft)
        for one in said
        for draft in _drafts(one.task, one.answer, one.way, _choices(one))
    ]
    return at_hand.write(session, drafts)


def _said(task: Task, answer: Answer) -> _Said | None:
    way = _way_back(task, even_stopped=answer.key == "stopped")
    if way is None:
        _not_answered(task, answer, "nobody_to_tell")
        return None
    # A status is told on the line alone; a number is written too, so that nobody needs a pen.
    if task.spoken and (not task.is_new or way.channel == task.complaint.channel):
        return None
    if _is_loop(task, way, answer.key):
        _not_answered(task, answer, "not_answered", reason="loop")
        return None
    if answer.instead is not None and not _fits(task, answer, way):
        answer = answer.instead
    if task.complaint.too_large and answer.case is not None:
        answer = replace(answer, facts={**answer.facts, **linking(task, answer.case, "upload")})
    question = _ask(task, answer, way.address, way.channel, way.account)
    return _Said(task, answer, way, question)


def _drafts(task: Task, answer: Answer, way: Way, choices: list[Choice]) -> list[dict[str, Any]]:
    notices, case = task.parts.notices, answer.case
    return notices.drafts(
        task.session,
        way,
        answer.key,
        {**(notices.facts(case) if case else {}), **_facts(task, answer)},
        case.language if case else task.language,
        f"{answer.key}:{task.message.id}",
        task.now,
        case,
        choices=choices,
        buttons=answer.buttons,
        thread=_thread(task, way) if task.is_new or case is None else None,
        trace=task.message.trace,
    )


def _thread(task: Task, way: Way) -> tuple[str, ...]:
    """What the answer names as that which it answers; another channel has other names."""
    return (task.message.reference,) if way.channel == task.complaint.channel else ()


def linked(task: Task, purpose: links.Purpose) -> dict[str, str]:
    """The facts of a one-time link. The link itself is made when it is sent."""
    return {"link": purpose, "url": f"{task.parts.settings.public_url}/l/{links.MASK}"}


def linking(task: Task, case: Case, purpose: links.Purpose) -> Mapping[str, str]:
    """The same with words for it, for a sentence that speaks of something else."""
    facts = linked(task, purpose)
    sentence = "upload_link" if purpose == "upload" else "link"
    return facts | {"message": task.parts.notices.say(sentence, facts, case.language, "long")}


def _facts(task: Task, answer: Answer) -> dict[str, Any]:
    pressed, pressed_on = task.complaint.pressed, task.complaint.in_reply_to
    facts = dict(answer.facts)
    if answer.way_asks:
        facts["asks"] = answer.way_asks
    if pressed and pressed.verb in _SPENT and pressed_on:
        facts["retires"] = pressed_on[0]
    return facts


def _choices(said: _Said) -> list[Choice]:
    """The answers to the question that goes along, as buttons and digits name them."""
    return _named(said.answer, said.question.id) if said.question else []


def _ask(
    task: Task, answer: Answer, address: AddressRow, channel: str, account: str
) -> Question | None:
    if answer.asks is None:
        return None
    return questions.ask(
        task.session,
        address,
        channel,
        account,
        answer.asks.key,
        answer.asks.options,
        task.now,
        case=answer.case,
        message=task.message if answer.asks.holds else None,
        fresh=task.is_new,
    )


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
    # Who complains of three things under one subject is told three numbers; and no machine says
    # yes to what was asked once.
    counts = key != "acknowledged" and task.placement.question is None
    subject = task.complaint.subject if counts else None
    settings = task.parts.settings
    is_mail = way.address.kind == "mail"
    most = settings.email_auto_answers if is_mail else settings.sender_answers
    return is_loop(task.said, way, subject, most)


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
