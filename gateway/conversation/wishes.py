"""What a message does to the case that it is surely about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.conversation.placement import Placement
from gateway.conversation.situation import SUBSTANCE, Situation
from gateway.models import ANSWERED, CLOSED, Case, Question
from normalizer.text import plain_digits

#: Words to the machine: whatever they are written under, they are not about a case.
TO_THE_MACHINE = (
    "stop", "start", "help", "language", "human", "cases", "greeting", "reach", "pin", "shared",
)  # fmt: skip

#: The code of a case, when we asked for one.
_PIN = re.compile(r"\d{4}", re.ASCII)
#: One that was sent to another address of theirs.
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


def about(it: Situation, case: Case, *, silent: bool = False) -> Placement:
    """What a message does to a case of the sender's, by what it asks for."""
    wish, over = it.wish, case.status in ANSWERED
    if it.complaint.auto is None:
        if wish == "status":
            return Placement("status", case)
        if wish == "link":
            return Placement("follow", case)
        if wish in ("rating", "choice") and (score := score_of(it)) and over:
            return Placement("rate", case, n=score)
        if wish in ("dissatisfied", "reopen") and over:
            return Placement("dissatisfied" if wish == "dissatisfied" else "reopen", case)
        if wish == "settled" and over:
            return Placement("settled", case)
        if wish == "reopen":
            return Placement("status", case)
        if wish in ("courtesy", "yes", "no", "choice") and case.status != "awaiting_citizen":
            return Placement("keep", case)
        if case.status in CLOSED:
            return added_to_closed(it, case)
    return Placement("addition", case, silent=silent)


def added_to_closed(it: Situation, case: Case) -> Placement:
    """Writing back to a closed case asks whether to open it again; long after, it begins anew."""
    return Placement("ask_reopen", case) if it.reopens(case) else Placement("new", earlier=case)


def which(it: Situation, cases: Sequence[Case], *, sure: bool = True) -> Placement | None:
    """The only case that it can be about, or that it names; else their sender is asked which, once.
    Unless that is ``sure``, also about a single one.

    Where nobody answered, what has substance is a matter of its own, and anything else belongs to
    the latest case.
    """
    held = it.was_held
    if held is not None and held.answer is not None:
        return Placement("new")
    if len(cases) == 1 and (sure or it.shared):
        return about(it, cases[0])
    named = [case for case in cases if it.is_like(case)]
    if held is None and len(named) == 1 < len(cases):
        return about(it, named[0])
    if held is None:
        return None if it.shared else Placement("which_case", cases=tuple(cases))
    if it.route.destination or it.words >= SUBSTANCE:
        return Placement("new")
    return about(it, cases[0])


def answer_to(it: Situation, question: Question) -> Placement | None:
    """What a short answer means to a question of ours; None where it is no answer to it."""
    case = it.case_of(question)
    if question.key == "which_case":
        return _which_case(it, question)
    if question.key == "proof":
        good = _is_code(it.complaint.text)
        return Placement("code", case, question=question) if good else None
    if case is None:
        return None
    if question.key == "pin" and (it.wish == "pin" or _is_pin(it.complaint.text)):
        return Placement("pin", case, question=question)
    choice, score = it.complaint.choice, score_of(it)
    if question.key == "reopen":
        if choice == 1 or it.agrees:
            return Placement("reopen", case, question=question)
        if choice in (0, 2) or it.agrees is False:
            return Placement("leave", case, question=question)
    if question.key == "administration":
        return _administration(it, question)
    if question.key == "rating" and score:
        return Placement("rate", case, question=question, n=score)
    return None


def _administration(it: Situation, question: Question) -> Placement | None:
    """The one that they choose, by its digit or by its name."""
    choice, named = it.complaint.choice, it.route.administration
    if choice is None and it.words < SUBSTANCE and named in question.options:
        choice = question.options.index(named) + 1
    return None if choice is None else picked(it, question, choice)


def picked(it: Situation, question: Question, n: int) -> Placement | None:
    """The n-th answer to a question, 0 for none of them; None for one that was not offered."""
    case = it.case_of(question)
    if question.key == "which_case":
        return _nth_case(it, question, n)
    if question.key == "administration" and case is not None and n <= len(question.options):
        return Placement("choose", case, question=question, n=n)
    return None


def score_of(it: Situation) -> int | None:
    """The rating, 1 to 5, that a message gives."""
    score = it.complaint.score or it.complaint.choice
    return score if score is not None and 1 <= score <= 5 else None


def _which_case(it: Situation, question: Question) -> Placement | None:
    named = it.numbered
    if named is not None and named.number in question.options and it.wish in ("status", "choice"):
        return Placement("picked", named, question=question)
    choice = it.complaint.choice
    if choice is not None:
        return _nth_case(it, question, choice)
    like = [case for case in it.recent if case.number in question.options and it.is_like(case)]
    short = it.words <= SUBSTANCE and len(like) == 1
    return Placement("picked", like[0], question=question) if short else None


def _nth_case(it: Situation, question: Question, n: int) -> Placement | None:
    if n == 0:
        return Placement("anew", question=question)
    if n > len(question.options):
        return None
    number = question.options[n - 1]
    case = it.session.scalar(it.theirs().where(Case.number == number))
    return Placement("picked", case, question=question) if case else None


def _is_pin(text: str) -> bool:
    return bool(_PIN.fullmatch(plain_digits(text)))


def _is_code(text: str) -> bool:
    """Whether it is a code of ours, maybe with a few words beside it."""
    digits = text.replace(" ", "").replace("-", "")
    alone = digits.isdecimal() and 4 <= len(digits) <= 8
    return alone or (len(text.split()) <= SUBSTANCE and len(_CODE.findall(text)) == 1)
