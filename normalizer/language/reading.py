"""A message reduced to what tells its language: folded words of letters."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from normalizer.memo import Memo

#: A complaint has said its language long before this many characters.
LONGEST = 600

#: A known word says more than its pieces: this often it counts.
WHOLE = 3

_ADDRESSES = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|(?<!\w)[@#]\w+|\S+\.(?:ma|com|org|net)\b\S*"
)
# Above U+FFFF there are emoji and mathematical letters; nobody's language.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_MARKS = re.compile("[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")
_ELONGATION = re.compile(r"(\w)\1{2,}")
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*'?")
_LETTER = re.compile(r"[^\W\d_]")
# Arabizi writes letters as 2 to 9, one at a time or doubled ("7a99i"); other digits count things.
_FIGURES = re.compile(r"(?:(\d)(?!\1)\d|\d{3})\d*|[01]")

#: Spellings that only say how carefully somebody types: without this, correct hamza is learnt
#: as "standard Arabic". Dotless and Persian forms are what some keyboards give for the same.
_FOLDED = str.maketrans("أإآٱةىیکڪگڭݣڤپ’ʼ`´", "ااااهييكككككفب''''")


def words(text: str) -> list[str]:
    """The words of ``text`` that have letters: lower case, no vowel marks, addresses or numbers."""
    if len(text) > LONGEST:
        return _words(_ADDRESSES.sub(" ", text[: 4 * LONGEST])[:LONGEST])
    return list(chain.from_iterable(_words_of.each(text.split())))


def _words(text: str) -> list[str]:
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", _ASTRAL.sub(" ", text))).lower()
        text = _MARKS.sub("", text)
    text = _ELONGATION.sub(r"\1", text.translate(_FOLDED))
    found = (
        _FIGURES.sub("", word) if not word.isalpha() else word for word in _WORDS.findall(text)
    )
    return [word for word in found if _LETTER.search(word)]


# No rule looks across a blank, and what stands between two is the same in many messages.
@Memo
def _words_of(part: str) -> list[str]:
    # Figures and signs, of which no letter can come.
    if part.isascii() and not _LETTER.search(part):
        return []
    return _words(_ADDRESSES.sub(" ", part))


def grams(word: str) -> list[str]:
    """What the model knows a word by: itself, and its runs of 1 to 4 characters with its ends."""
    padded = f" {word} "
    pieces = [
        padded[start : start + size]
        for size in (1, 2, 3, 4)
        for start in range(len(padded) - size + 1)
    ]
    return [f"={word}"] * WHOLE + pieces
