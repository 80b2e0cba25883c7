"""What may stand against taking a matter up: it is before a court, or between private persons."""

from __future__ import annotations

from normalizer.text import fold
from routing.kinds import Turns
from routing.reasons import Reason


def objection(text: str, turns: Turns) -> Reason | None:
    """Why a matter is perhaps not to be taken up; None for most."""
    asks = turns.get("before_court")
    return Reason("court") if asks and asks.search(fold(text)) else None


def is_private(text: str, turns: Turns) -> bool:
    """Whether it names persons one quarrels with in private. It may be a complaint all the same,
    so this only explains why a text was found nobody's matter."""
    persons = turns.get("private")
    return bool(persons and persons.search(fold(text)))
