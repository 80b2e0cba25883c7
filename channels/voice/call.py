"""What is remembered of one call from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from channels.base import Notebook

#: The numbers that Twilio puts for a caller who withholds theirs: ANONYMOUS, RESTRICTED, BLOCKED,
#: UNKNOWN and UNAVAILABLE on a phone's keys, and the words that some carriers send instead.
_WITHHELD = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})
_WITHHELD_WORDS = frozenset({"", "anonymous", "restricted", "blocked", "unknown", "unavailable"})


def is_withheld(caller: str) -> bool:
    """Whether a call's ``From`` is no number of its caller's."""
    caller = caller.strip()
    return caller.lstrip("+") in _WITHHELD or caller.lower() in _WITHHELD_WORDS


@dataclass(frozen=True, slots=True)
class Call:
    """Where a caller stands. ``place`` is the city or postal code that they gave, ``recording``
    the last one's SID and ``number`` the case's that it became; ``asked`` is the case number they
    typed, ``told`` that of a case whose end was told to the phone that it was filed from.
    ``turns`` counts silences and wrong keys, ``asks`` the cases they asked for."""

    sid: str
    language: str
    place: str = ""
    recording: str = ""
    number: str = ""
    asked: str = ""
    told: str = ""
    turns: int = 0
    asks: int = 0

    @classmethod
    def read(cls, notes: Notebook, sid: str, default_language: str) -> Self:
        """The call as it was noted, or as it begins."""
        kept: Mapping[str, str] = notes.read(_key(sid))
        return cls(
            sid,
            kept.get("language", default_language),
            place=kept.get("place", ""),
            recording=kept.get("recording", ""),
            number=kept.get("number", ""),
            asked=kept.get("asked", ""),
            told=kept.get("told", ""),
            turns=int(kept.get("turns", "0")),
            asks=int(kept.get("asks", "0")),
        )

    def noted(self, notes: Notebook, **changed: Any) -> Self:
        """The call with what changed, which is now kept for the next step."""
        after = replace(self, **changed)
        facts = {name: str(value) for name, value in asdict(after).items() if name != "sid"}
        notes.write(_key(self.sid), facts)
        return after


def _key(sid: str) -> str:
    return f"voice/{sid}"
