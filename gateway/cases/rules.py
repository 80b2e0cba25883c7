"""What may be done to a case and when: the law's part in it, and plain sense."""

from __future__ import annotations

from datetime import datetime

from gateway.cases.errors import CaseError
from gateway.models import CLOSED, Case
from routing.directory import Directory

#: Statuses a person may give, each with the sentence that tells the citizen.
NOTICES = {
    "routed": "transferred",
    "in_progress": "in_progress",
    "awaiting_citizen": "question",
    "answered": "answered",
    "closed": "closed",
    "inadmissible": "inadmissible",
    "reopened": "reopened",
}
#: These say nothing without words: a question needs asking, an answer its reasons.
NEEDS_MESSAGE = ("awaiting_citizen", "answered")
#: Why a case may be refused. ``ground_<name>`` is the sentence that tells the citizen.
GROUNDS = ("court", "prosecutor", "competence", "private", "unclear")
#: A refusal on these grounds must go on: it points to the right door.
_NEEDS_DOOR = ("competence",)
#: So often a case is sent on until a person above the administrations decides whose it is.
HOPS = 3
#: An answer longer than this belongs into a document.
MESSAGE_LIMIT = 4000


def check_words(words: str | None) -> None:
    """Raise CaseError for more than a message holds."""
    if words and len(words) > MESSAGE_LIMIT:
        raise CaseError(f"the message is longer than {MESSAGE_LIMIT} characters", "long")


def check_change(
    case: Case,
    status: str,
    message: str | None,
    administration: str | None,
    ground: str | None,
    directory: Directory,
) -> None:
    """Raise CaseError unless the case may take this status with these words."""
    if status not in NOTICES:
        raise CaseError(f"status must be one of {', '.join(NOTICES)}")
    check_words(message)
    if status in NEEDS_MESSAGE and not message:
        raise CaseError(f"{status} needs a message: the citizen must know what or why", "words")
    if status != "reopened":
        check_open(case)
    elif case.status not in (*CLOSED, "answered"):
        raise CaseError(f"the case is {case.status}, so there is nothing to reopen")
    if status == "routed":
        check_transfer(case, administration, message, directory)
    elif administration is not None:
        raise CaseError("an administration goes with the status routed only")
    elif status == case.status and not message:
        raise CaseError(f"the case is {status} already")
    if status == "closed" and case.status != "answered" and not message:
        raise CaseError("closed needs a reasoned answer, now or before", "words")
    _check_ground(status, ground, message)


def check_open(case: Case) -> None:
    """Raise CaseError when nothing more can be done to a case."""
    if case.merged_into is not None:
        raise CaseError("the case is treated together with another one: go there", "merged")
    if case.status in CLOSED:
        raise CaseError(f"the case is {case.status}; reopen it first", "closed")


def check_transfer(
    case: Case, administration: str | None, reason: str | None, directory: Directory
) -> None:
    """Raise CaseError unless the case may go there. Out of triage no reason is needed."""
    if administration is None or directory.get(administration) is None:
        raise CaseError(
            "routed needs an administration of the directory, by its slug", "administration"
        )
    if administration == case.administration:
        raise CaseError(f"the case is with {administration} already", "administration")
    if case.administration is not None and not reason:
        raise CaseError(
            "a transfer needs its reason in the message, for whoever gets the case", "reason"
        )


def _check_ground(status: str, ground: str | None, message: str | None) -> None:
    if status != "inadmissible":
        if ground is not None:
            raise CaseError("a ground goes with the status inadmissible only")
        return
    if ground not in GROUNDS:
        raise CaseError(f"inadmissible needs a ground: {', '.join(GROUNDS)}", "ground")
    if ground in _NEEDS_DOOR and not message:
        raise CaseError("say in the message which door is the right one", "door")


def check_extension(case: Case, until: datetime, now: datetime, latest: datetime) -> None:
    """Raise CaseError unless the answer may be put off until then."""
    if until <= max(case.due_at, now):
        raise CaseError("the new date must be later than the one that was told", "date")
    if until > latest:
        raise CaseError(f"that is too long: at most until {latest:%Y-%m-%d}", "date")
