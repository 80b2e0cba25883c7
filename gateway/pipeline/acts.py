"""What follows from each placement: what changes in the database, and what is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update

from gateway import citizen, proofs, questions
from gateway.codes import digest
from gateway.conversation import Action
from gateway.guesses import note_guess, of_address
from gateway.models import ANSWERED, CLOSED, Case, Message
from gateway.pipeline import address_acts, joining, opening
from gateway.pipeline.answering import linked, linking
from gateway.pipeline.task import Answer, Asks, Task
from normalizer.text import plain_digits

#: What is kept of the payload of a message with a code in it. Nor its hash: codes are short, and
#: would be found by trying.
NO_PAYLOAD: Mapping[str, Any] = {"raw": b"", "raw_sha256": sha256(b"").hexdigest()}
#: A rating up to this one is followed by the way to have the case opened again.
_POOR = 2
#: So much of a case's subject leaves room for its status on a button.
_SHORT = 28
_DIGIT, _NOT_A_DIGIT = re.compile(r"\d"), re.compile(r"\D")


def act(task: Task) -> Answer | None:
    """Do what a placement says, but for opening a new case; what to answer."""
    if task.complaint.pin:
        _forget(task)
    if plain := _PLAIN.get(task.placement.action):
        return Answer(plain, task.placement.case)
    return _ACTS[task.placement.action](task)


def _nothing(task: Task) -> None:
    """Kept with its message."""


# What they tell.


def _ask_reopen(task: Task) -> Answer | None:
    task.note(task.case, "citizen", "added", message=task.message.id)
    return joining.ask_reopen(task, task.case)


def _edited(task: Task) -> None:
    """Both wordings are kept: what was first said stays as it was."""
    case = task.placement.case
    if case is None:
        return
    first = task.session.scalar(
        select(Message).where(
            Message.case_id == case.id, Message.reference.in_(task.complaint.in_reply_to)
        )
    )
    before = first.text if first else ""
    task.note(
        case, "citizen", "edited", message=task.message.id, before=before, after=task.complaint.text
    )
    joining.reroute(task, case)


def _transcript(task: Task) -> None:
    """Give a recorded complaint the words that a machine heard, and what follows from them."""
    case, complaint = task.placement.case, task.complaint
    if case is None:
        return
    by = complaint.transcriber or "a machine"
    task.note(case, "guichet", "transcribed", message=task.message.id, by=by)
    if not case.text and complaint.text:
        case.text, case.transcribed, case.kind = complaint.text, True, complaint.kind
        joining.reroute(task, case)


def _pin(task: Task) -> Answer | None:
    """Keep the HMAC of the code that they chose, and of the code itself nothing."""
    case, complaint = task.placement.case, task.complaint
    if case is None:
        return None
    code = complaint.pin or plain_digits(complaint.text)
    case.pin, case.pin_failures = digest(task.parts.settings.secret_key, case.number, code), 0
    _forget(task)
    if task.placement.question is not None:
        questions.settle(task.session, task.placement.question, task.now, "chosen")
    return None if complaint.event else Answer("pin_set", case)


def _forget(task: Task) -> None:
    """Of a text with a code in it, keep that there was one. A caller's is in no text."""
    if task.complaint.event or "pin" in task.message.hints:
        return
    task.message.text = _DIGIT.sub("*", task.message.text)
    forgotten = {"text": task.message.text, **NO_PAYLOAD}
    task.session.execute(update(Message).where(Message.id == task.message.id).values(forgotten))


# What they answer.


def _anew(task: Task) -> None:
    joining.release(task)


def _choose(task: Task) -> Answer | None:
    case, question, n = task.case, task.placement.question, task.placement.n
    wanted: int | str = question.options[n - 1] if question and n else n
    directory = task.parts.directory
    if not citizen.choose(task.session, case, wanted, directory, task.now):
        # It is there already, or on somebody's desk.
        return Answer("status", case)
    if n == 0:
        return Answer("pick_none", case)
    return Answer("picked", case) if case.administration else opening.ask_city(case)


def _city(task: Task) -> Answer | None:
    case, found = task.case, task.placement.city
    named = found and citizen.name_city(task.session, case, found, task.parts.directory, task.now)
    if task.message.location:
        case.location = case.location or task.message.location
    return Answer("picked" if named else "status", case)


def _code(task: Task) -> Answer | None:
    digits = _NOT_A_DIGIT.sub("", plain_digits(task.complaint.text))
    if task.own is None:
        return None
    _forget(task)
    proof = proofs.answer(task.session, task.parts.notices, task.own, digits, task.now)
    if proof is None:
        return Answer("proof_wrong")
    if task.placement.question is not None:
        questions.settle(task.session, task.placement.question, task.now, "proved")
    return Answer("proved", facts={"address": proof.value})


def _leave(task: Task) -> Answer | None:
    case, own = task.case, [task.own] if task.own else []
    for one in questions.open_for(task.session, own, task.now):
        if one.key == "reopen" and one.case_id == case.id:
            questions.settle(task.session, one, task.now, "no")
            return Answer("left_closed", case)
    return None


# What they do to a case.


def _rate(task: Task) -> Answer | None:
    case, score, channel = task.case, task.placement.n, task.complaint.channel
    if case.status not in ANSWERED:
        return Answer("question_expired", case)
    word = task.complaint.comment
    if not citizen.rate(task.session, case, score, word, task.now, channel=channel):
        return None
    if score > _POOR:
        return Answer("rated", case)
    reopen = (f"reopen:{case.number}", task.label("button_reopen", case.language))
    return Answer("rated_poor", case, buttons=(reopen,))


def _reopen(task: Task) -> Answer | None:
    words = "" if task.complaint.pressed else task.complaint.text
    if not joining.open_again(task, task.case, words):
        return None
    joining.move(task, task.case)
    return joining.reopened(task.case)


def _settled(task: Task) -> Answer:
    """Their thanks stay with the case, which stays over."""
    task.note(task.case, "citizen", "added", message=task.message.id)
    for one in questions.open_for(task.session, [task.own] if task.own else [], task.now):
        if one.key == "reopen" and one.case_id == task.case.id:
            questions.settle(task.session, one, task.now, "no")
    return Answer("settled", task.case)


def _details(task: Task) -> Answer:
    if task.case.status in CLOSED:
        return Answer("status", task.case)
    return Answer("details_ask", task.case, asks=Asks("details"))


def _place(task: Task) -> Answer:
    return Answer("location_ask", task.case, asks=Asks("location"), way_asks="location")


def _wrong(task: Task) -> Answer:
    case = task.case
    if case.status not in citizen.UNTOUCHED:
        return Answer("status", case)
    task.note(case, "citizen", "wrong", administration=case.administration)
    asked = opening.ask_administration(task, case, instead=Answer("pick_none", case))
    return asked if asked.choices else Answer("pick_none", case)


# What they ask for.


def _status(task: Task) -> Answer:
    return Answer("status", task.case, buttons=opening.buttons(task, task.case)[-1:])


def _follow(task: Task) -> Answer:
    """Where it stands, and a link that opens it once; every mail has one as it is."""
    case, channel = task.case, task.complaint.channel
    if channel == "email":
        return Answer("status", case)
    if channel == "sms":
        return Answer("link", case, linked(task, "case"))
    return Answer("status", case, linking(task, case, "case"))


def _cases(task: Task) -> Answer:
    cases = task.placement.cases
    return Answer(
        "cases_list",
        asks=Asks("which_case", tuple(case.number for case in cases)),
        choices=tuple((f"case:{case.number}", _listed(task, case)) for case in cases),
    )


def _listed(task: Task, case: Case) -> str:
    """A case among theirs: what it is about and where it stands, as much as a button shows."""
    status = task.label(f"status_{case.status}")
    return f"{joining.described(task, case, _SHORT)} · {status}"


def _unknown_number(task: Task) -> Answer:
    """The same words whether there is such a case or not. In a chat, a phone number that Telegram
    vouches for may prove more."""
    # Whoever only pretends to be somebody does not slow that one down.
    if task.own is not None and not (task.complaint.pressed or task.complaint.is_forged):
        note_guess(task.session, of_address(task.own), task.now)
    if task.complaint.channel != "telegram":
        return Answer("unknown_number")
    ask = task.parts.notices.say("contact_ask", {}, task.language, "long")
    return Answer("unknown_number", facts={"message": ask}, way_asks="contact")


def _near_number(task: Task) -> Answer:
    if task.own is not None:
        note_guess(task.session, of_address(task.own), task.now)
    return Answer("near_number", facts={"number": task.complaint.near[0]})


def _human(task: Task) -> Answer:
    phone = task.parts.settings.voice_human_number
    return Answer("human", facts={"phone": phone}) if phone else Answer("human_none")


#: Answered without anything else.
_PLAIN: Mapping[Action, str] = {
    "help": "help",
    "greeting": "greeting",
    "not_understood": "not_understood",
    "no_case": "no_case",
    "shared": "shared_ask",
    "slow_down": "slow_down",
    "welcome": "bot_welcome",
}
_ACTS: Mapping[Action, Callable[[Task], Answer | None]] = {
    "addition": joining.add,
    "ask_reopen": _ask_reopen,
    "edited": _edited,
    "transcript": _transcript,
    "pin": _pin,
    "which_case": joining.hold,
    "picked": joining.pick,
    "anew": _anew,
    "choose": _choose,
    "city": _city,
    "code": _code,
    "leave": _leave,
    "rate": _rate,
    "reopen": _reopen,
    "dissatisfied": _reopen,
    "settled": _settled,
    "details": _details,
    "place": _place,
    "wrong": _wrong,
    "status": _status,
    "follow": _follow,
    "cases": _cases,
    "unknown_number": _unknown_number,
    "near_number": _near_number,
    "human": _human,
    "language": address_acts.language,
    "reach": address_acts.reach,
    "stop": address_acts.stop,
    "start": address_acts.start,
    "share": address_acts.share,
    "linked": address_acts.linked,
    "migrated": address_acts.migrated,
    "blocked": address_acts.blocked,
    "unblocked": address_acts.unblocked,
    "keep": _nothing,
}
