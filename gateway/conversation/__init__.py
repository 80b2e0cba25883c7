"""Which case a message belongs to and what its sender wants, given what they have open."""

from __future__ import annotations

from dataclasses import replace

from gateway.conversation.past import NONE, pasts
from gateway.conversation.placement import Action, Placement
from gateway.conversation.rules import RULES
from gateway.conversation.situation import Sender, Situation


def place(it: Situation) -> Placement:
    """What the first rule that holds decides."""
    for rule in RULES:
        if placement := rule(it):
            return replace(placement, rule=rule.__name__, wish=it.wish)
    raise AssertionError("the last rule always holds")


__all__ = ["NONE", "Action", "Placement", "Sender", "Situation", "pasts", "place"]
