"""What a word to the machine asks for: nothing but an answer, or something about a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gateway.conversation.placement import Action, Placement
from gateway.conversation.situation import SUBSTANCE, Situation
from gateway.conversation.wishes import which
from gateway.models import ANSWERED, Case

#: What would change how a person is written to.
_OF_THE_ADDRESS = ("stop", "start", "language")


def command(it: Situation) -> Placement | None:
    """A word to the machine, or to the case that it can only be about."""
    if it.complaint.is_forged and it.wish in _OF_THE_ADDRESS:
        return Placement("keep")
    if plain := _PLAIN.get(it.wish):
        return Placement(plain)
    asked = _ASKED.get(it.wish)
    return asked(it) if asked else None


def _start(it: Situation) -> Placement:
    if it.sender is not None and it.sender.address.stopped_at:
        return Placement("start")
    return Placement("welcome" if it.complaint.channel == "telegram" else "greeting")


def _asked_for(it: Situation) -> Placement:
    """Where their cases stand: the one there is, or a choice; the last one where all are over."""
    cases = it.live or list(it.recent[:1])
    if it.shared or not cases:
        return Placement("shared" if cases else "no_case")
    if len(cases) == 1 and it.wish == "status":
        return Placement("status", cases[0])
    return Placement("cases", cases=tuple(it.recent if it.wish == "cases" else cases))


def _link(it: Situation) -> Placement:
    """The way to their case; asked about several, which one, and not a second time."""
    cases = it.live or list(it.recent[:1])
    if it.shared or not cases:
        return Placement("shared" if cases else "no_case")
    if len(cases) == 1:
        return Placement("follow", cases[0])
    if it.was_held is None:
        return Placement("which_case", cases=tuple(cases))
    return Placement("keep" if it.was_held.answer is None else "help")


def _pin(it: Situation) -> Placement:
    """A code for what they filed last; but not another one for a case that others may see here."""
    return _one_of("pin", [case for case in it.live if not it.is_locked(case)])


def _share(it: Situation) -> Placement:
    return Placement("share", next(iter(it.live), None))


def _reach(it: Situation) -> Placement:
    return _one_of("reach", it.live or it.closed)


def _rate(it: Situation) -> Placement:
    rateable = [case for case in it.recent if case.status in ANSWERED]
    return _one_of("rate", sorted(rateable, key=_ended, reverse=True), it.complaint.score or 0)


def _one_of(action: Action, cases: Sequence[Case], n: int = 0) -> Placement:
    return Placement(action, cases[0], n=n) if cases else Placement("no_case")


def _reopen(it: Situation) -> Placement | None:
    """To who hears no more of us, « reprendre » means that they want to."""
    stopped = it.sender is not None and it.sender.address.stopped_at
    return Placement("start") if stopped and it.words == 1 else _unhappy(it)


def _settled(it: Situation) -> Placement | None:
    """Their trouble is over: kept with what is over already, else added to what is open."""
    over = [case for case in it.recent if case.status in ANSWERED]
    if over:
        return Placement("settled", max(over, key=_ended))
    return which(it, it.live) if it.live else None


def _unhappy(it: Situation) -> Placement | None:
    """With what is over; or with how long it takes, which the case shall hear."""
    over = [case for case in it.live if case.status in ANSWERED] or it.closed
    theirs = over or it.live
    if theirs and it.topics and all(it.may_differ(case) for case in theirs):
        return None
    if over:
        return which(it, over)
    if it.wish == "dissatisfied" and it.live:
        return which(it, it.live)
    if it.wish == "dissatisfied" and it.words >= SUBSTANCE:
        return None
    return Placement("no_case")


def _ended(case: Case) -> datetime:
    return case.closed_at or case.answered_at or case.created_at


#: Words that need nothing but an answer, if that.
_PLAIN: Mapping[str, Action] = {
    "stop": "stop",
    "language": "language",
    "help": "help",
    "greeting": "greeting",
    "human": "human",
    "courtesy": "keep",
    "yes": "keep",
    "no": "keep",
    "choice": "help",
}
#: Those that are about one of their cases, or about their address.
_ASKED: Mapping[str, Callable[[Situation], Placement | None]] = {
    "start": _start,
    "status": _asked_for,
    "cases": _asked_for,
    "link": _link,
    "pin": _pin,
    "shared": _share,
    "reach": _reach,
    "rating": _rate,
    "reopen": _reopen,
    "settled": _settled,
    "dissatisfied": _unhappy,
}
