"""The table: which case a message belongs to and what its sender wants, row by row.

Each rule answers None where it does not hold; the first that holds decides. The order is that of
proof: what the channel itself says, a number that is theirs, a question of ours, words to the
machine, and only then what the wording makes likely. ``docs/conversation.md`` has the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.codes import opened
from gateway.conversation.commands import command
from gateway.conversation.placement import Action, Placement
from gateway.conversation.situation import BRIEF, LENGTHY, SUBSTANCE, UNTOLD, UNTOUCHED, Situation
from gateway.conversation.wishes import TO_THE_MACHINE, about, answer_to, picked, which
from gateway.models import ANSWERED, Case

Rule = Callable[[Situation], Placement | None]

#: Events of which nothing follows but this.
_EVENTS: Mapping[str, Action] = {
    "pin": "pin",
    "transcript": "transcript",
    "migrated": "migrated",
    "blocked": "blocked",
    "unblocked": "unblocked",
}
#: What may answer a question; « très bien » is polite, and a score where one was asked for.
_ANSWERS = (
    "choice", "yes", "no", "rating", "status", "pin", "courtesy", "greeting", "settled", *UNTOLD,
)  # fmt: skip
#: What asks for something that only the case's own citizen may know or do.
_ASKS = ("status", "rating", "reopen", "dissatisfied", "settled", "link")


def event(it: Situation) -> Placement | None:
    """Something happened, and nobody complained."""
    said = it.complaint.event
    if said is None:
        return None
    if action := _EVENTS.get(said):
        return Placement(action, it.threaded)
    if it.complaint.own_tel is not None and it.sender is not None:
        return Placement("linked")
    if said == "edited":
        # What was said and became no case is heard like any other message.
        return Placement("edited", it.threaded) if it.threaded or not it.says else None
    return Placement("not_understood" if said == "not-understood" and it.sender else "keep")


def album(it: Situation) -> Placement | None:
    """It came in one album with an earlier message: it goes where that one went."""
    if it.fellow is None:
        return None
    case = it.session.get(Case, it.fellow.case_id) if it.fellow.case_id else None
    if case is None and it.fellow.state != "held":
        return None
    action: Action = "which_case" if case is None else "addition"
    return Placement(action, case, silent=not it.complaint.too_large, fellow=it.fellow)


def button(it: Situation) -> Placement | None:
    """A button of ours was pressed. The number in it proves nothing."""
    press = it.complaint.pressed
    if press is None:
        # What is on no button of ours was written by nobody.
        return Placement("keep") if "pressed" in it.message.hints and it.wish == "new" else None
    if press.verb == "language":
        return None
    n = int(press.argument) if press.argument and press.argument.isdecimal() else 0
    if press.verb == "pick":
        found = next((one for one in it.questions if str(one.id) == press.number), None)
        return (picked(it, found, n) if found else None) or Placement("keep")
    case = it.session.scalar(it.theirs().where(Case.number == press.number))
    if case is None:
        return Placement("unknown_number")
    done: dict[str, Action] = {
        "case": "status",
        "details": "details",
        "place": "place",
        "wrong": "wrong",
        "to": "choose",
        "follow": "follow",
        "rate": "rate",
        "reopen": "reopen",
        "leave": "leave",
    }
    return Placement(done[press.verb], case, n=n)


def machine(it: Situation) -> Placement | None:
    """A machine's mail that answers nothing: kept, and a case only when it is not a bounce."""
    if it.complaint.auto is None or it.threaded is not None:
        return None
    return Placement("keep" if it.complaint.bounced else "new")


def answer(it: Situation) -> Placement | None:
    """A digit, yes or no, a score or a code that fits a question of ours, the latest first."""
    if it.wish not in _ANSWERS:
        return None
    for question in it.questions:
        elsewhere = question.case_id and it.threaded and it.threaded.id != question.case_id
        if not elsewhere and (found := answer_to(it, question)):
            return found
    return None


def thread(it: Situation) -> Placement | None:
    """It answers, by the channel's own signs, a message about a case of theirs."""
    if it.threaded is None or it.wish in TO_THE_MACHINE:
        return None
    silent = it.is_begun(it.threaded) and it.threaded == it.breath
    return about(it, it.threaded, silent=silent)


def form(it: Situation) -> Placement | None:
    """A form is filled in to file something, and proves nobody's address; or a key was pressed
    to."""
    chosen = it.complaint.keyed and it.wish == "new"
    return Placement("new") if it.sender is None or chosen else None


def number(it: Situation) -> Placement | None:
    """It names a number: of a case of theirs, of none, or almost of one."""
    if it.complaint.numbers:
        locked = it.numbered is not None and it.is_locked(it.numbered)
        tells = it.words >= BRIEF or it.route.administration is not None
        asks = it.wish in _ASKS or (it.wish in UNTOLD and (_is_brief(it) or not tells))
        if asks and (it.numbered is None or locked):
            return _not_theirs(it)
        if it.numbered is not None:
            return about(it, it.numbered)
        # It goes on with something, but not with any case of theirs.
        return Placement("new") if it.wish == "addition" else None
    if it.complaint.near:
        if it.wish in ("status", "choice", "cases"):
            return Placement("slow_down" if it.guessed_too_often() else "near_number")
        if it.nearly_numbered is not None:
            return about(it, it.nearly_numbered)
    # Digits typed on a phone that are no number of ours: not the latest case instead.
    typed = it.complaint.keyed and it.complaint.text
    return Placement("unknown_number") if typed else None


def _not_theirs(it: Situation) -> Placement:
    """Told nothing, and after too many guesses not looked at; but the case's code opens it."""
    if it.guessed_too_often():
        return Placement("slow_down")
    pin, secret = it.complaint.pin, it.settings.secret_key
    known = opened(it.session, it.complaint.numbers[0], pin, secret) if pin else None
    return Placement("status", known) if known else Placement("unknown_number")


def told(it: Situation) -> Placement | None:
    """It gives what we asked for in words: a city, details, a place, the agent's answer."""
    if it.wish in (*TO_THE_MACHINE, "status") or it.complaint.subject:
        return None
    for question in it.questions:
        case = it.case_of(question)
        if case is None or case.status in ANSWERED:
            continue
        if question.key == "city" and it.city is not None:
            return Placement("city", case, question=question, city=it.city.slug)
        if question.key == "details" and (it.says or it.only_shows):
            return Placement("addition", case, question=question)
        if question.key == "location" and it.complaint.location:
            return Placement("addition", case, question=question)
    return _agents_question(it)


def _agents_question(it: Situation) -> Placement | None:
    """We told them to simply write back. Who was asked about two matters is asked which."""
    waiting = [case for case in it.live if case.status == "awaiting_citizen"]
    if not waiting or not (it.says or it.only_shows):
        return None
    if it.wish == "new" and all(it.belongs_elsewhere(case) for case in waiting):
        return None
    return which(it, waiting)


def empty(it: Situation) -> Placement | None:
    """It says and shows nothing."""
    return None if it.says or it.complaint.has_substance else Placement("help")


def burst(it: Situation) -> Placement | None:
    """It goes on with what they said a moment ago: the same case, answered already. Once somebody
    works on it, whatever is added is answered."""
    case, silent = it.breath, not it.complaint.too_large
    if case is None or case.status not in UNTOUCHED:
        return None
    if it.is_begun(case) and case.subject is None:
        return Placement("addition", case, silent=silent)
    # After an addition only what is no matter of its own goes on.
    own_matter = it.route.destination is not None or it.words >= SUBSTANCE
    return None if own_matter else Placement("addition", case, silent=silent)


def follow_up(it: Situation) -> Placement | None:
    """It goes on with something, by its words or by having none, and there is a case."""
    if not (it.live or it.closed):
        return None
    few = it.says and _is_brief(it)
    if few and (it.begins_a_mail or it.complaint.location):
        return None
    if it.wish in UNTOLD and not few and not it.only_shows:
        same = it.same_trouble
        open_ones = [case for case in same if case in it.live]
        unsure = it.words >= LENGTHY or any(it.may_differ(case) for case in open_ones)
        return which(it, same, sure=not unsure) if same else None
    if it.wish not in ("addition", *UNTOLD) and not it.only_shows:
        return None
    return which(it, it.live or it.closed)


def _is_brief(it: Situation) -> bool:
    """Whether it is too little to be a matter of its own: a few words, or none that tell."""
    return not it.topics or (it.words < SUBSTANCE and not it.route.destination)


def advert(it: Situation) -> Placement | None:
    """It looks like an advert: kept, and not answered."""
    return Placement("keep") if it.wish == "spam" else None


def new(it: Situation) -> Placement | None:
    """Whatever is left is new matter: better a case too many than a citizen unheard."""
    return Placement("new")


RULES: tuple[Rule, ...] = (
    event,
    album,
    button,
    machine,
    answer,
    thread,
    form,
    number,
    told,
    command,
    empty,
    burst,
    follow_up,
    advert,
    new,
)
