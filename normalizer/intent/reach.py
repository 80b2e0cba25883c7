"""Where a citizen asks to be answered: "answer me at a@b.c", عيطو ليا ف 06…"""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalizer.contact import Address, canonical
from normalizer.intent.phrasebook import Book, Said, books, line_of, words_of
from normalizer.tracking import without

_MAIL = r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}"
_PHONE = r"(?:\+|\b0|\b(?=212))\d[\d\s().\-]{7,18}\d\b"
_ADDRESS = re.compile(f"(?P<mail>{_MAIL})|(?P<tel>{_PHONE})")
#: Without one of these there is no address, and no need to look for it.
_HINT = re.compile(r"[@+02](?:(?<=@)|(?<=\+)\d|(?<=\b0)\d|(?<=\b2)12)")
#: How far back from the address the asking may begin, in letters and in words.
_BACK, _WORDS_BACK = 80, 9


def reach_of(text: str, region: str = "MA") -> Address | None:
    """The address at which a message asks to be answered, whatever else it says.

    One that is merely mentioned is none: the office's, a witness's. A message that is nothing but
    an address gives it to us to be used.
    """
    # A tracking number may be some country's phone number too.
    text = without(text)
    for found, address in _addresses(text, region):
        if _asked_before(text, found.start()) or _is_all(text, found):
            return address
    return None


def asks_to_be_reached(said: Said, region: str = "MA") -> bool:
    """Whether a message asks for an answer elsewhere and for nothing else, with an address or
    without one as yet."""
    named = [*_addresses(said.text, region)]
    if said.strange and not named:
        return False
    words = words_of(_ADDRESS.sub(" ", said.text)) if named else said.words
    if not words:
        return bool(named)
    # Most texts say something else: that is found out soonest.
    theirs = [book for book in books() if all(_is_beside(book, word) for word in words)]
    line = line_of(words) if theirs else ""
    return any(phrase in line for book in theirs for phrase in book.reach)


def _addresses(text: str, region: str) -> Iterator[tuple[re.Match[str], Address]]:
    if _HINT.search(text):
        for found in _ADDRESS.finditer(text):
            if address := _address(found, region):
                yield found, address


def _address(found: re.Match[str], region: str) -> Address | None:
    if found["mail"]:
        return canonical("mail", found["mail"].rstrip("."), region)
    address = canonical("tel", found["tel"], region)
    return address if address and address.kind == "tel" else None


def _asked_before(text: str, end: int) -> bool:
    line = line_of(words_of(text[max(0, end - _BACK) : end])[-_WORDS_BACK:])
    return any(phrase in line for book in books() for phrase in book.reach)


def _is_all(text: str, found: re.Match[str]) -> bool:
    return not words_of(text[: found.start()] + text[found.end() :])


def _is_beside(book: Book, word: str) -> bool:
    return (
        word in book.means
        or word in book.small
        or word in book.beside
        or bool(book.about.fullmatch(word))
    )
