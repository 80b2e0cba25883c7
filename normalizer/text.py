"""Text as people type it, made safe to store and comparable: Unicode, Arabic folding, digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from normalizer.memo import Memo

#: No database takes NUL, and the other C0 and C1 controls but tab and newline only hide things.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")
_OTHER_DIGITS = re.compile(r"[^\D0-9]")

_WORD = re.compile(r"[^\W_]+")
_ELONGATION = re.compile(r"(\w)\1{2,}")
#: Arabic vowel marks and tatweel carry no meaning for search; marks of direction are invisible.
_UNSEEN = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]"
)

#: Letters that Moroccans write one for the other; the first spelling stands for all.
_ARABIC = str.maketrans("أإآٱىةؤئکگیڭڤپ", "ااااىهوءككيكفب".replace("ى", "ي"))


def storable(text: str) -> str:
    """The text as it came, but for NULs and lone surrogates, which no database takes."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def clean(text: str) -> str:
    """Text fit to keep: NFC, no control characters or lone surrogates, blanks and lines tidied."""
    if text.isprintable() and "  " not in text:
        # One line with nothing in it to be tidied, as most texts are.
        return unicodedata.normalize("NFC", text).strip()
    text = _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", _CONTROLS.sub("", text))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """``clean``, on a single line: for subjects and names."""
    return _SPACES.sub(" ", clean(text)).strip()


@lru_cache(maxsize=128)
def plain_digits(text: str) -> str:
    """The text with every script's digits as ASCII; NFKC knows the circled and full-width ones."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


class _Folding(dict[int, str]):
    """What each character folds to. Asked once per character, then it is a table."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.combining(character) or _UNSEEN.match(character):
            folded = ""
        elif character.isdigit():
            folded = str(unicodedata.digit(character))
        else:
            folded = character.translate(_ARABIC)
        self[code] = folded
        return folded


_FOLDING = _Folding()


# The same few texts are compared again and again while one message is read.
@lru_cache(maxsize=128)
def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, vowel marks, tatweel or elongations, ASCII
    digits, and one spelling for the Arabic letters that are written for one another."""
    return " ".join(filter(None, FOLDED.each(text.split())))


# Asked for by everything that looks at words.
@lru_cache(maxsize=128)
def words_in(text: str) -> tuple[str, ...]:
    """The words of a folded text: runs of letters and digits."""
    return tuple(chain.from_iterable(WORDS.each(text.split())))


def _fold(part: str) -> str:
    part = part.lower() if part.isascii() else _unaccented(part)
    part = _ELONGATION.sub(r"\1", part)
    return _SPACES.sub(" ", part.replace("\u2019", "'").replace("-", " ")).strip()


#: No rule of folding looks across a blank, and what stands between two is the same in many texts.
FOLDED = Memo(_fold)
WORDS = Memo(lambda part: _WORD.findall(FOLDED[part]))


def any_of(phrases: Iterable[str]) -> str:
    """A pattern for one of some phrases, themselves patterns that begin with a letter. They are put
    together by that letter: hundreds of them would be tried at every word."""
    rests: dict[str, list[str]] = {}
    for phrase in phrases:
        rests.setdefault(phrase[0], []).append(phrase[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


def _unaccented(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).lower().translate(_FOLDING)
    return unicodedata.normalize("NFC", text)
