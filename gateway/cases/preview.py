"""What an answer will look like where it goes: its words, its way, and what it costs there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gateway.fitting import fit, split
from gateway.messages import speak
from gateway.models import Case
from gateway.notices import Notices
from gateway.segments import measure

#: What an agent may want of their words, with the sentence that carries them.
CARRIERS: Mapping[str, str] = {
    "say": "told",
    "ask": "question",
    "answer": "answered",
    "close": "closed",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One answer before it is sent. ``channel`` is None when nobody can be reached; ``segments``
    are the SMS it is billed as, ``narrow`` says that its letters leave 70 signs to each."""

    text: str
    channel: str | None
    segments: int | None = None
    narrow: bool = False


def preview(session: Session, notices: Notices, case: Case, what: str, message: str) -> Preview:
    """The answer as it would go out now. Raises KeyError for another ``what``."""
    way = next(notices.ways(session, case), None)
    style = way.style if way else "long"
    facts = notices.facts(case) | {"message": message}
    text = notices.say(CARRIERS[what], facts, case.language, style)
    if way is None or style != "sms":
        return Preview(text, way.channel if way else None)
    pieces = split(fit(text, speak(case.language, notices.settings.default_language)))
    lengths = [measure(piece) for piece in pieces]
    return Preview(
        "\n".join(pieces),
        way.channel,
        sum(length.segments for length in lengths),
        any(length.alphabet == "ucs2" for length in lengths),
    )
