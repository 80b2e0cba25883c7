"""What may stand against taking a matter up: it is before a court, or between private persons."""

from __future__ import annotations

from routing.kinds import Turns
from routing.reasons import Reason


def objection(text: str, turns: Turns) -> Reason | None:
    """Why a matter is perhaps not to be taken up; None for most."""
    return Reason("court") if "before_court" in turns.inside(text) else None


def is_private(text: str, turns: Turns) -> bool:
    """Whether it names persons one quarrels with in private. It may be a complaint all the same,
    so this only explains why a text was found nobody's matter."""
    return "private" in turns.inside(text)
