"""What a button of ours means when it is pressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verb = Literal[
    "language",  # write to me in this one: ``language:fr``
    "case",  # show it: ``case:264831592783``
    "details",  # my next message joins it
    "place",  # I want to send a location for it
    "wrong",  # it is with the wrong administration
    "to",  # the n-th of its candidates is right, 0: none of them: ``to:264831592783:2``
    "follow",  # how does it stand
    "rate",  # ``rate:264831592783:4``
    "reopen",
    "leave",  # do not reopen it
    "pick",  # the n-th answer to a question of ours, 0: none of them: ``pick:17:1``
]

_NUMBER = r"([0-9]{12})"
_PLAIN: tuple[Verb, ...] = ("case", "details", "place", "wrong", "follow", "reopen", "leave")
#: What stands behind each verb: a number, an argument, or both.
_FORMS: Mapping[Verb, re.Pattern[str]] = {
    **{verb: re.compile(f"{_NUMBER}()") for verb in _PLAIN},
    "to": re.compile(_NUMBER + r":([0-9]{1,2})"),
    "rate": re.compile(_NUMBER + r":([1-5])"),
    "pick": re.compile(r"([0-9]{1,18}):([0-9]{1,2})"),
    "language": re.compile(r"()([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)"),
}
#: Telegram carries no more bytes in a button.
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button. ``number`` is that of the case it was made for, which proves nothing, or
    for ``pick`` that of the question; ``argument`` is a language, a rank or a score."""

    verb: Verb
    number: str | None = None
    argument: str | None = None


def press_of(value: str) -> Press | None:
    """What a button's value means, or None when it is none of ours. Raises for no input."""
    if len(value) > _LONGEST:
        return None
    name, _, rest = value.partition(":")
    for verb, form in _FORMS.items():
        if verb == name and (found := form.fullmatch(rest)):
            return Press(verb, found[1] or None, found[2] or None)
    return None
