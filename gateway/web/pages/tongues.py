"""The four languages that the citizens' pages are written in, and which one a request wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from flask import current_app, g, request

from gateway.messages import Domain, catalogue
from gateway.web.current import house


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language of the pages: ``code`` stands in addresses, ``tag`` is its BCP 47 tag."""

    code: str
    tag: str
    direction: Literal["ltr", "rtl"]
    name: str


TONGUES = {
    tongue.code: tongue
    for tongue in (
        Tongue("ar", "ar", "rtl", "العربية"),
        Tongue("zgh", "zgh-Tfng", "ltr", "ⵜⴰⵎⴰⵣⵉⵖⵜ"),
        Tongue("fr", "fr", "ltr", "Français"),
        Tongue("en", "en", "ltr", "English"),
    )
}

#: What browsers of Amazigh speakers ask for, besides ``zgh`` itself: ISO 639 codes of Moroccan
#: varieties and of the family.
_AMAZIGH = ("ber", "tzm", "shi", "rif")


def tongue() -> Tongue:
    """The language of this request: from its address, else from what the browser asks for."""
    kept: Tongue | None = g.get("tongue")
    if kept is None:
        first = request.path.split("/", 2)[1]
        kept = g.tongue = TONGUES.get(first) or wanted()
    return kept


def wanted() -> Tongue:
    """What Accept-Language asks for most, else the house's own language, else Arabic.

    Only the primary language counts: who asks for ``ar-MA, fr;q=0.5`` wants Arabic.
    """
    for asked in request.accept_languages.values():
        primary = asked.replace("_", "-").split("-", 1)[0].lower()
        code = "zgh" if primary in _AMAZIGH else primary
        if code in TONGUES:
            return TONGUES[code]
    return TONGUES.get(house().settings.default_language, TONGUES["ar"])


def gettext(message: str) -> str:
    """``_()`` of the templates."""
    return catalogue(tongue().tag, _domain()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """``_()`` with a number: each language has its own plural forms."""
    return catalogue(tongue().tag, _domain()).ngettext(singular, plural, count)


def _domain() -> Domain:
    """Whose templates speak: the staff's, where the desk has said so, else the citizens'."""
    domain: Domain = g.get("domain", "pages")
    return domain


def take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the language out of the address, so that no view has to."""
    if values and (code := values.pop("lang", None)):
        g.tongue = TONGUES[code]


def give_language(endpoint: str, values: dict[str, Any]) -> None:
    """Put this request's language into every address that has none."""
    if "lang" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = tongue().code
