"""Fills a template of the desk with what each of its pages needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, Literal

from babel.dates import format_datetime
from babel.units import format_unit
from flask import g, render_template

from gateway import clock
from gateway.desk_queues import queues_of
from gateway.roles import StaffView
from gateway.staff import LANGUAGES
from gateway.web.current import house
from gateway.web.desk.current import may
from gateway.web.pages.tongues import TONGUES, tongue
from routing.directory import Directory

#: After ``g``, the key that leads to a queue: static/desk.js reads it from the link.
KEYS = {
    "mine": "m",
    "unassigned": "u",
    "triage": "t",
    "disputed": "d",
    "arriving": "i",
    "soon": "s",
    "late": "l",
    "awaiting": "w",
    "reopened": "r",
    "all": "a",
}
#: What is listed by its names.
Places = Literal["administrations", "cities"]
#: Morocco's Arabic writes Western digits.
_LOCALES = {"ar": "ar_MA", "fr": "fr", "en": "en_GB"}


def page(template: str, **facts: Any) -> str:
    """The page of that template, in the language of whoever is logged in."""
    who = g.get("me")
    # A page about a failure must not fail: it shows no counts.
    counts = _counts(who) if who and "code" not in facts else {}
    return render_template(
        f"desk/{template}",
        tongue=tongue(),
        languages=[TONGUES[code] for code in LANGUAGES],
        me=who,
        may=may,
        moment=moment,
        days_left=days_left,
        weight=weight,
        city=city,
        said=said,
        once=cache,
        keys=KEYS,
        queues=queues_of(who) if who else (),
        counts=counts,
        **facts,
    )


def _counts(who: StaffView) -> dict[str, int]:
    """How much waits for them, by queue."""
    counts = house().lists.counts(who, clock.now())
    if may("shunted"):
        counts["shunted"] = house().shunted.count()
    return counts


def days_left(due_at: datetime, now: datetime) -> int:
    """Days between two moments, as the calendar here counts them."""
    zone = house().settings.zone
    return (due_at.astimezone(zone).date() - now.astimezone(zone).date()).days


def named(places: Places) -> Mapping[str, str]:
    """Slugs with their names in this request's language, by name."""
    return _named(house().directory, places, tongue().tag)


@lru_cache
def _named(directory: Directory, places: Places, tag: str) -> Mapping[str, str]:
    every = directory.cities if places == "cities" else directory.administrations
    names = {one.slug: one.label(tag) for one in every}
    return dict(sorted(names.items(), key=itemgetter(1)))


def city(slug: str) -> str:
    """A city's name in this request's language."""
    return named("cities").get(slug, slug)


def said(values: Iterable[str], how: Callable[[str], str]) -> Mapping[str, str]:
    """Values with their names, by the macro that names them."""
    return {value: how(value).strip() for value in values}


def moment(at: datetime) -> str:
    """Date and time, as people here say it."""
    local = at.astimezone(house().settings.zone)
    return format_datetime(local, "d MMM y HH:mm", locale=_LOCALES[tongue().code])


def weight(size: int) -> str:
    """A file's size, as people here say it."""
    kilobytes = max(1, round(size / 1000))
    value, unit = (kilobytes / 1000, "mega") if kilobytes >= 1000 else (kilobytes, "kilo")
    said = format_unit(
        round(value, 1), f"digital-{unit}byte", "short", locale=_LOCALES[tongue().code]
    )
    return str(said)
