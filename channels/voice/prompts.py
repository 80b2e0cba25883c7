"""Recorded sentences, for languages that no synthetic voice speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from channels.base import BadSetting

#: What comes along: placeholders by a robot, until a deployment records people.
SHIPPED = Path(__file__).parent / "prompts"
#: Who is heard from recordings, where there is one. The other languages have voices.
LANGUAGES = ("ary-Arab", "zgh-Latn")

_NAME = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Prompts:
    """The recordings of a deployment before those that come along, file by file:
    ``<language>/<sentence>.mp3``, and ``digit_0`` to ``digit_9`` for numbers."""

    own: Path | None
    url: str

    @classmethod
    def from_setting(cls, folder: str, public_url: str) -> Prompts:
        """``folder`` is VOICE_PROMPTS, empty for none. Raises BadSetting."""
        own = Path(folder) if folder else None
        if own is not None and not own.is_dir():
            raise BadSetting("VOICE_PROMPTS", "is no folder")
        return cls(own, f"{public_url}/prompts")

    def file(self, language: str, name: str) -> Path | None:
        """The recording of a sentence, None where there is none."""
        if language not in LANGUAGES or not _NAME.fullmatch(name):
            return None
        for folder in (self.own, SHIPPED):
            if folder is not None and (path := folder / language / f"{name}.mp3").is_file():
                return path
        return None

    def address(self, language: str, name: str) -> str | None:
        """Where a provider fetches the recording of a sentence."""
        return f"{self.url}/{language}/{name}.mp3" if self.file(language, name) else None

    def digits(self, language: str, digits: str) -> list[str] | None:
        """The same of digits one by one, None when one of them was not recorded."""
        found = [self.address(language, f"digit_{digit}") for digit in digits]
        return None if None in found else [one for one in found if one]
