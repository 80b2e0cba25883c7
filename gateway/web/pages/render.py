"""Fills a template with what every page needs: its language, and the way to the others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, render_template, request, url_for
from markupsafe import Markup

from gateway.hours import in_words
from gateway.messages import date_in
from gateway.web.current import house
from gateway.web.pages.tongues import TONGUES, Tongue, gettext, ngettext, tongue
from normalizer.tracking import spaced
from routing.entries import Contact

#: What an address may ask for that holds in every language.
_ASKED = ("number", "code", "q")


@dataclass(frozen=True, slots=True)
class Office:
    """Where else an administration is reached, in one language. ``open_at`` holds a line for each
    rule of its hours."""

    open_at: tuple[str, ...]
    address: str | None
    contact: Contact


def page(template: str, **facts: Any) -> str:
    """The page of that template in this request's language."""
    return render_template(f"pages/{template}", tongue=tongue(), tongues=TONGUES.values(), **facts)


def init_templates(app: Flask) -> None:
    """Teach the templates to speak: ``_()`` and what they say numbers, dates and files with."""
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension adds it
    env.trim_blocks = env.lstrip_blocks = True
    env.filters["spaced"] = spaced
    env.filters["day"] = day
    env.globals.update(_=_say, gettext=_say, ngettext=_say_many)
    env.globals.update(
        asset=asset, in_tongue=in_tongue, administration=administration, office=office
    )


def _say(message: str, **facts: object) -> Markup:
    """``_()`` of the templates. A page says hundreds of things: the extension's own takes twice as
    long to say one."""
    said = Markup(gettext(message))  # noqa: S704  # our own sentences
    return said % facts if facts else said


def _say_many(singular: str, plural: str, num: int, **facts: object) -> Markup:
    """The same with a number, which the sentence may call ``num``."""
    said = Markup(ngettext(singular, plural, num))  # noqa: S704  # our own sentences
    return said % {"num": num, **facts}


def day(at: datetime) -> str:
    """A moment's date, as people here say it."""
    zone = house().settings.zone
    return date_in(at.astimezone(zone).date(), tongue().tag)


def administration(slug: str | None) -> str | None:
    """An administration's name in this request's language; None while there is none."""
    found = house().directory.get(slug) if slug else None
    return found.label(tongue().tag) if found else None


def office(slug: str) -> Office | None:
    """Where an administration is reached without us, in this request's language."""
    directory, tag = house().directory, tongue().tag
    found = directory.get(slug)
    if found is None:
        return None
    hours = directory.hours_of(found)
    open_at = in_words(hours, tag) if hours else ()
    return Office(open_at, found.address(tag), found.contact)


def in_tongue(other: Tongue) -> str:
    """This page's address in another language, or that language's home."""
    rule = request.url_rule
    if rule is None or "lang" not in rule.arguments:
        return url_for("pages.home", lang=other.code)
    # Only these: others could be words that ``url_for`` itself obeys.
    asked: dict[str, Any] = {name: request.args[name] for name in _ASKED if name in request.args}
    return url_for(rule.endpoint, lang=other.code, **asked, **(request.view_args or {}))


def asset(name: str) -> str:
    """A static file's address, another one when its content changes, so that it can be kept."""
    file = Path(current_app.static_folder or "", name)
    return url_for("static", filename=name, v=_digest(file, file.stat().st_mtime_ns))


@lru_cache
def _digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]
