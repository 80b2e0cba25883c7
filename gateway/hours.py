"""Says opening hours in words: from ``Mo-Fr 08:30-16:30`` to « lundi – vendredi 08:30–16:30 »."""

from __future__ import annotations

import re
from functools import cache

from babel.dates import get_day_names

from gateway.messages import locale_of

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = re.compile("|".join(_DAYS))


def in_words(hours: str, language: str) -> tuple[str, ...]:
    """Each rule of opening hours in a language (BCP 47), as the directory keeps them
    (``routing.entries.Hours``, a part of OpenStreetMap's opening_hours)."""
    # Whose days CLDR does not know in their script reads them in French.
    names = _names(locale_of(language) or "fr")
    return tuple(_said(rule.strip(), names) for rule in hours.split(";"))


def _said(rule: str, names: tuple[str, ...]) -> str:
    days, times = rule.split(" ", 1)
    days = days.replace("-", " – ").replace(",", ", ")
    return f"{_DAY.sub(lambda day: names[_DAYS.index(day[0])], days)} {times.replace('-', '–')}"


@cache
def _names(locale: str) -> tuple[str, ...]:
    names = get_day_names("wide", locale=locale)
    return tuple(names[day] for day in range(len(_DAYS)))
