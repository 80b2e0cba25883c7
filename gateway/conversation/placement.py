"""What a rule decides about a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.models import Case, Message, Question

Action = Literal[
    # It tells something, and belongs to a case.
    "new",
    "addition",
    "ask_reopen",  # joins a closed case, which may be opened again
    "edited",  # says an earlier message anew
    "transcript",  # what a machine heard in a recording
    "pin",  # they chose the code of their case
    "which_case",  # it is held while its sender is asked
    # It answers a question of ours.
    "picked",  # this case
    "anew",  # none of these: what was held is a matter of its own
    "choose",  # whose matter it is
    "city",
    "code",  # what was sent to their other address
    "leave",  # the case stays closed
    # It does something to a case.
    "rate",
    "reopen",
    "dissatisfied",
    "settled",  # its trouble is over, they say
    "details",
    "place",
    "wrong",
    # It asks for something.
    "status",
    "follow",  # status and a link
    "cases",
    "unknown_number",
    "near_number",
    "no_case",
    "shared",  # several people write from there: which number?
    "share",  # they say so themselves
    "slow_down",  # too many numbers that are not theirs
    "help",
    "human",
    "greeting",
    "welcome",
    "language",
    "reach",
    "not_understood",
    # It is about the address.
    "stop",
    "start",
    "linked",  # Telegram vouches for a phone number
    "migrated",
    "blocked",
    "unblocked",
    # There is nothing to say.
    "keep",
]


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do with a message, and the case it is about.

    ``silent``: it goes on with what its sender wrote a moment ago, and was answered with that.
    ``cases`` are what they are asked to choose among, ``question`` is what they answered,
    ``fellow`` the message that this one belongs to, ``earlier`` a case that is over for good and
    that it goes back to. ``n`` is a rank or a score, ``city`` the slug of one that they
    name, ``rule`` the row of the table that decided, ``wish`` what the message asks for.
    """

    action: Action
    case: Case | None = None
    silent: bool = False
    cases: tuple[Case, ...] = ()
    question: Question | None = None
    fellow: Message | None = None
    earlier: Case | None = None
    n: int = 0
    city: str | None = None
    rule: str = ""
    wish: str = ""
