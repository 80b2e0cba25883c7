"""Text as people type it, made safe to store and comparable: Unicode, Arabic folding, digits."""

from __future__ import annotations

import re
import unicodedata

#: No database takes NUL, and the other C0 and C1 controls but tab and newline only hide things.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")

#: Arabic vowel marks and tatweel: they carry no meaning for search.
_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_ELONGATION = re.compile(r"(\w)\1{2,}")
_DIRECTION = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")

#: Letters that Moroccans write one for the other; the first spelling stands for all.
_ARABIC = str.maketrans("أإآٱىةؤئکگیڭڤپ", "ااااىهوءككيكفب".replace("ى", "ي"))


def storable(text: str) -> str:
    """The text as it came, but for NULs and lone surrogates, which no database takes."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def clean(text: str) -> str:
    """Text fit to keep: NFC, no control characters or lone surrogates, blanks and lines tidied."""
    text = _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", _CONTROLS.sub("", text))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """``clean``, on a single line: for subjects and names."""
    return _SPACES.sub(" ", clean(text)).strip()


def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, vowel marks, tatweel or elongations, ASCII
    digits, and one spelling for the Arabic letters that are written for one another."""
    text = unicodedata.normalize("NFKD", text).lower()
    text = _DIRECTION.sub("", _MARKS.sub("", text))
    text = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c
        for c in text
        if not unicodedata.combining(c)
    )
    text = unicodedata.normalize("NFC", text).translate(_ARABIC)
    text = _ELONGATION.sub(r"\1", text)
    return _SPACES.sub(" ", text.replace("\u2019", "'").replace("-", " ")).strip()
