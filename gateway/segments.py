"""How many SMS a text makes: GSM 03.38 septets or UCS-2 units, and the segments they fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from channels.gsm import GSM7, GSM7_EXTENSION, is_gsm7

__all__ = ["GSM7", "GSM7_EXTENSION", "Alphabet", "Length", "measure"]

Alphabet = Literal["gsm7", "ucs2"]

#: Units of a message that stands alone, and of each part of a longer one: six octets of every
#: part then go to the header that says which part it is (3GPP TS 23.040, 9.2.3.24).
_ALONE = {"gsm7": 160, "ucs2": 70}
_PART = {"gsm7": 153, "ucs2": 67}


@dataclass(frozen=True, slots=True)
class Length:
    """A text as SMS. ``units`` are septets or UTF-16 code units; ``segments`` is never below 1."""

    alphabet: Alphabet
    units: int
    segments: int


def measure(text: str) -> Length:
    """The alphabet that a text needs, how long it is in it, and the segments it is billed as."""
    alphabet: Alphabet = "gsm7" if is_gsm7(text) else "ucs2"
    if alphabet == "gsm7":
        units = len(text) + sum(map(text.count, GSM7_EXTENSION))
    else:
        units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    alone = units <= _ALONE[alphabet]
    return Length(alphabet, units, 1 if alone else _parts(_widths(text, alphabet), _PART[alphabet]))


def _widths(text: str, alphabet: Alphabet) -> Iterator[int]:
    wide = GSM7_EXTENSION.__contains__ if alphabet == "gsm7" else _is_surrogate_pair
    return (2 if wide(character) else 1 for character in text)


def _is_surrogate_pair(character: str) -> bool:
    return character > "\uffff"


def _parts(widths: Iterable[int], room: int) -> int:
    """An escaped sign or a surrogate pair is not cut in two: it moves to the next part whole."""
    parts, left = 1, room
    for width in widths:
        if width > left:
            parts, left = parts + 1, room
        left -= width
    return parts
