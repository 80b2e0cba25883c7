"""The four digits that somebody writes to keep their case from others who use the same phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from normalizer.intent.phrasebook import Said, books, words_of
from normalizer.text import plain_digits

#: As many as a caller types, see ``gateway/codes.py``.
_CODE = re.compile(r"\d{4}", re.ASCII)
_FOUR = re.compile(r"(?<!\d)\d{4}(?!\d)", re.ASCII)
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?:\d{12})?", re.ASCII)


# Asked for itself, and once more to tell the wish.
@lru_cache(maxsize=128)
def pin_of(said: Said) -> str | None:
    """The code in ``code 1234``, « رمز 1234 », ``2648 3159 2783 1234``; None where anything else
    is said."""
    if not said.short or not _FOUR.search(plain_digits(said.text)):
        return None
    words = tuple(_words(said.text))
    for at, word in enumerate(words):
        if not _CODE.fullmatch(word):
            continue
        others = words[:at] + words[at + 1 :]
        announced = at > 0 and any(words[at - 1] in book.codes for book in books())
        ends_a_number = at == len(words) - 1 and len("".join(filter(str.isdigit, others))) == 12
        if (announced or ends_a_number) and _is_nothing_else(others):
            return word
    return None


def _words(text: str) -> Iterator[str]:
    """The words as they are compared, but figures as they stand: 1111 is no elongation."""
    for word in _WORD.findall(plain_digits(text)):
        yield from (word,) if word.isdecimal() else words_of(word)


def _is_nothing_else(words: tuple[str, ...]) -> bool:
    if not _NUMBER.fullmatch("".join(filter(str.isdigit, words))):
        return False
    rest = [word for word in words if not word.isdigit()]
    return any(
        all(
            word in book.codes
            or word in book.small
            or word in book.beside
            or bool(book.label.fullmatch(word))
            or book.exact.get((word,)) == "status"
            for word in rest
        )
        for book in books()
    )
