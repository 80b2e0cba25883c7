"""Long texts in parts that Telegram takes, cut where a reader would pause."""

from __future__ import annotations

import re

#: https://core.telegram.org/bots/api#sendmessage. Counted in UTF-16 units, as Telegram counts
#: its entities: no text is then longer by any other measure.
LIMIT = 4096
#: The same for the words that go with a file (https://core.telegram.org/bots/api#senddocument).
CAPTION = 1024

#: Where to cut, best first: after a sentence or a line, else after a word.
_ENDS = (re.compile(r"[.!?؟۔…]+[\"'»”)]*\s+|\n"), re.compile(r"\s"))


def fits(text: str, limit: int = LIMIT) -> bool:
    """Whether a text needs no cutting."""
    return len(text.encode("utf-16-le")) <= 2 * limit


def split(text: str, limit: int = LIMIT) -> list[str]:
    """The text in parts of at most ``limit`` UTF-16 units, nothing lost but blanks at the cuts."""
    text = text.strip()
    parts = []
    while not fits(text, limit):
        # A cut through a surrogate pair leaves half a character, which `ignore` drops.
        head = text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
        cut = _pause(head)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _pause(head: str) -> int:
    for end in _ENDS:
        found = [match.end() for match in end.finditer(head)]
        if found:
            return found[-1]
    return len(head)
