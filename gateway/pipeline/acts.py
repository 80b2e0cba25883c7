"""What follows from each placement: what changes in the database, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select, update

from gateway import citizen, links, proofs, questions
from gateway.codes import digest
from gateway.conversation import Action
from gateway.guesses import note_guess, of_address
from gateway.messages import LANGUAGE_CHOICES
from gateway.models import ANSWERED, CLOSED, AddressRow, Case, Message
from gateway.pipeline import joining, opening
from gateway.pipeline.task import Answer, Asks, Task

#: A rating up to this one is followed by the way to have the case opened again.
_POOR = 2


def act(task: Task) -> tuple[Case | None, Answer | None]:
    """Do what a placement says. Returns the case that the message is about, and what to answer."""
    if task.placement.action == "new":
        case = opening.open_case(task)
        return case, opening.acknowledged(task, case)
    plain = _PLAIN.get(task.placement.action)
    answer = Answer(plain, task.placement.case) if plain else _ACTS[task.placement.action](task)
    return task.placement.case, answer


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


def _pin(task: Task) -> None:
    case, secret = task.placement.case, task.parts.settings.secret_key
    if case is not None:
        case.pin = digest(secret, case.number, task.complaint.text)


# What they answer.


def _anew(task: Task) -> None:
    joining.release(task)


def _choose(task: Task) -> Answer | None:
    case, question, n = task.case, task.placement.question, task.placement.n
    wanted: int | str = question.options[n - 1] if question and n else n
    directory = task.parts.directory
    if not citizen.choose(task.session, case, wanted, directory, task.now):
        untouched = case.status in citizen.UNTOUCHED
        return None if untouched else Answer("status", case)
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
    digits = "".join(sign for sign in task.complaint.text if sign.isdecimal())
    if task.own is None:
        return None
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
    return Answer("rated_poor" if score <= _POOR else "rated", case)


def _reopen(task: Task) -> Answer | None:
    words = "" if task.complaint.pressed else task.complaint.text
    channel = task.complaint.channel
    if not citizen.reopen(task.session, task.case, words, task.now, channel=channel):
        return None
    joining.move(task, task.case)
    return joining.reopened(task.case)


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
    """Where it stands, and a link that opens it once."""
    case, notices, settings = task.case, task.parts.notices, task.parts.settings
    token = links.make(
        task.session, "case", task.now, lifetime=links.CASE, case=case, address=task.own
    )
    url = f"{settings.public_url}/l/{token}"
    if task.complaint.channel == "sms":
        return Answer("link", case, {"url": url})
    return Answer(
        "status", case, {"message": notices.say("link", {"url": url}, case.language, "long")}
    )


def _cases(task: Task) -> Answer:
    cases = task.placement.cases
    return Answer(
        "cases_list",
        asks=Asks("which_case", tuple(case.number for case in cases)),
        choices=tuple((f"case:{case.number}", joining.described(case)) for case in cases),
    )


def _unknown_number(task: Task) -> Answer:
    """The same words whether there is such a case or not. In a chat, a phone number that Telegram
    vouches for may prove more."""
    if task.own is not None and task.complaint.pressed is None:
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


def _language(task: Task) -> Answer:
    """From now on, and in every case that is not over yet, write to them in this one."""
    tag = task.complaint.wanted_language
    if not tag:
        return Answer("language_ask", buttons=LANGUAGE_CHOICES)
    if task.own is not None:
        contact = task.own.contact
        contact.chosen_language = contact.language = tag
        task.session.execute(
            update(Case)
            .where(Case.contact_id == contact.id, Case.status.not_in(CLOSED))
            .values(language=tag)
        )
    return Answer("language_set")


def _reach(task: Task) -> Answer:
    wanted, own, case = task.complaint.reach, task.own, task.case
    if wanted is None or own is None:
        return Answer("help")
    begun = proofs.begin(
        task.session,
        task.parts.notices,
        own,
        wanted,
        task.now,
        case=case,
        language=case.language,
    )
    if begun is None:
        return Answer("slow_down")
    # About no case: the code is asked for here and nowhere else.
    return Answer("proof_sent", facts={"address": wanted.value}, asks=Asks("proof"))


# What concerns their address.


def _stop(task: Task) -> Answer:
    if task.own is not None:
        task.own.stopped_at = task.now
    return Answer("stopped")


def _start(task: Task) -> Answer:
    if task.own is not None:
        task.own.stopped_at = None
    return Answer("started")


def _blocked(task: Task) -> None:
    _stop(task)


def _unblocked(task: Task) -> None:
    _start(task)


def _linked(task: Task) -> Answer | None:
    tel = task.complaint.own_tel
    if task.own is None or tel is None:
        return None
    proofs.link(task.session, task.own, tel, task.now)
    return Answer("proved", facts={"address": tel.value})


def _migrated(task: Task) -> None:
    """A group has a new id: its cases follow, unless somebody wrote from there already."""
    own, new = task.own, task.complaint.migrated_to
    if own is None or not new:
        return
    taken = select(AddressRow.id).where(AddressRow.kind == own.kind, AddressRow.value == new)
    if task.session.scalar(taken) is None:
        own.value = new


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
    "details": _details,
    "place": _place,
    "wrong": _wrong,
    "status": _status,
    "follow": _follow,
    "cases": _cases,
    "unknown_number": _unknown_number,
    "near_number": _near_number,
    "human": _human,
    "language": _language,
    "reach": _reach,
    "stop": _stop,
    "start": _start,
    "linked": _linked,
    "migrated": _migrated,
    "blocked": _blocked,
    "unblocked": _unblocked,
    "keep": _nothing,
}
