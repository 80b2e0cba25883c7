"""Issue, check and find tracking numbers: twelve digits that survive speech, keypads and SMS.

Two digits for the year, eight at random, two check digits (ISO 7064 MOD 97-10), so that any
single wrong digit and any swap of neighbours is caught. Digits only, in groups of four.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from stdnum.iso7064 import mod_97_10

LENGTH = 12

#: What people and phones put between digits: spaces of all kinds, hyphens, dots, slashes,
#: underscores, and the invisible direction marks of right-to-left text.
_SEPARATOR = (
    r"[\s\u00a0\u2000-\u200f\u202a-\u202f\u2060-\u2069\ufeff\u061c"
    r"\-\u2010-\u2015\u2212._/]"
)
#: Who types a number alone loses no more digits than so many, and adds no more.
_SLIPS = 2
#: Digits enough with at most three separators between neighbours, whatever stands around them.
_RUN = re.compile(rf"\d(?:{_SEPARATOR}{{0,3}}\d){{{LENGTH - _SLIPS - 1},}}")
#: A Moroccan phone number as gateways write it, without its plus.
_PHONE = re.compile(r"212[5-8]")


def issue(year: int) -> str:
    """A new number for a case of that year: twelve digits. The database decides if it is free."""
    body = f"{year % 100:02d}{secrets.randbelow(10**8):08d}"
    return body + mod_97_10.calc_check_digits(body)


def is_valid(number: str) -> bool:
    """Whether twelve plain digits carry the right check digits."""
    return (
        len(number) == LENGTH
        and number.isascii()
        and number.isdigit()
        and bool(mod_97_10.is_valid(number))
    )


def parse(text: str) -> str | None:
    """The number a person typed into a field, however they grouped it, or None.

    The field may hold a label before it (``n°``, ``#``, ``رقم``) but only one number.
    """
    found = find(text)
    return found[0] if len(found) == 1 else None


def find(text: str) -> tuple[str, ...]:
    """The valid numbers in a text, each once, in order of appearance.

    Finds them with spaces, hyphens, full-width or Arabic-Indic digits and direction marks, and
    inside a longer run such as a phone number followed by the tracking number.
    """
    return scan(text)[0]


# A message is looked through several times on its way.
@lru_cache(maxsize=128)
def scan(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The valid numbers in a text, and the near misses: twelve digits written as one writes a
    tracking number, of which at least one is wrong, or a text that is nothing but about as many."""
    found, near = _scanned(text)
    if not found and not near and (number := _alone(text)):
        near = (number,)
    return found, near


def _scanned(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[str, None] = {}
    near: dict[str, None] = {}
    for run in _RUN.finditer(text):
        groups = _groups(run.group())
        if is_valid(whole := "".join(groups)):
            found[whole] = None
            continue
        # Neighbouring numbers ("0612345678 2648 3159 2783") make one run: try whole groups only,
        # so that a longer number never yields one by chance from its middle.
        windows = [*_windows(groups)]
        valid = [window for window in windows if is_valid("".join(window[1]))]
        taken = {place for start, parts in valid for place in range(start, start + len(parts))}
        found |= dict.fromkeys("".join(parts) for _, parts in valid)
        near |= dict.fromkeys(
            "".join(parts)
            for start, parts in windows
            if taken.isdisjoint(range(start, start + len(parts))) and _is_near(parts, run.group())
        )
    return tuple(found), tuple(number for number in near if number not in found)


@lru_cache(maxsize=128)
def without(text: str) -> str:
    """The text without its tracking numbers, right or nearly so."""
    return " " if _alone(text) else _RUN.sub(_rest, text)


def _alone(text: str) -> str | None:
    """The digits of a text that is nothing else, and meant as a tracking number: of a year of ours,
    perhaps with a digit or two lost, or one too many."""
    run = _RUN.fullmatch(text.strip())
    number = "".join(_groups(run.group())) if run else ""
    near = number.startswith("2") and abs(len(number) - LENGTH) <= _SLIPS
    return number if near and not _PHONE.match(number) else None


def _rest(run: re.Match[str]) -> str:
    groups = _groups(run.group())
    valid, near = _scanned(run.group())
    for number in (*valid, *near):
        start = next(
            (n for n in range(len(groups)) if "".join(groups[n:]).startswith(number)), None
        )
        if start is not None:
            kept = "".join(groups[start:])[LENGTH:]
            groups = [*groups[:start], *([kept] if kept else [])]
    return run.group() if not (valid or near) else f" {' '.join(groups)} "


def _windows(groups: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Neighbouring groups of twelve digits together, and where they begin."""
    for start in range(len(groups)):
        end, length = start, 0
        while end < len(groups) and length < LENGTH:
            length += len(groups[end])
            end += 1
        if length == LENGTH:
            yield start, groups[start:end]


def _is_near(parts: list[str], run: str) -> bool:
    """Whether twelve digits were meant as a tracking number. Dates and sums have groups of many
    lengths, and 212612345678 is a phone."""
    alike = len({len(part) for part in parts}) == 1
    return alike and not _PHONE.match("".join(parts)) and len(set(run)) > 2


def spaced(number: str) -> str:
    """For reading: ``2648 3159 2783``."""
    return f"{number[:4]} {number[4:8]} {number[8:]}"


def _groups(run: str) -> list[str]:
    """The digit groups of a run, each digit as ASCII whatever script it was written in."""
    groups: list[str] = []
    fresh = True
    for character in run:
        if character.isdigit():
            digit = str(unicodedata.digit(character))
            if fresh:
                groups.append(digit)
            else:
                groups[-1] += digit
            fresh = False
        else:
            fresh = True
    return groups
