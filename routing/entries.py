"""One entry of the directory: an administration or a city, its names and how to reach it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

Kind = Literal["ministry", "establishment", "commune"]
#: How much a word says about who is competent: it settles the matter, points, or only hints.
Strength = Literal["sure", "strong", "hint"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Phrases = tuple[Text, ...]
#: Opening hours as OpenStreetMap writes them (opening_hours), in local time.
Hours = Annotated[
    str,
    StringConstraints(
        pattern=r"^(Mo|Tu|We|Th|Fr|Sa|Su)[A-Za-z,-]* \d\d:\d\d-\d\d:\d\d"
        r"(; ?(Mo|Tu|We|Th|Fr|Sa|Su)[A-Za-z,-]* \d\d:\d\d-\d\d:\d\d)*$"
    ),
]
Web = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?\d{3,15}$")]
Mailbox = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]
#: Per language, words and phrases by how much they say.
Words = Mapping[str, Mapping[Strength, Phrases]]

#: What is read to someone whose language has no name of its own in the data, best first.
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "ary-Arab": ("ar", "fr"),
    "zgh-Tfng": ("ar", "fr"),
}
_INSTEAD_OTHERWISE = ("fr", "en", "ar")

#: The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1) without control characters. One sign
#: outside of it turns a whole SMS into UCS-2, with 70 characters a segment instead of 160.
_GSM7 = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Longest short name, in characters, that leaves room for a number and a date in one segment.
_SHORT_LATIN, _SHORT_OTHER = 24, 16
#: Longest brief one: a segment of 70 characters then holds three of them to choose among.
_BRIEF_OTHER = 8
_UCS2_LANGUAGES = ("ar", "ary-Arab", "zgh-Tfng")
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Contact:
    """Where else an administration is reached. What is not surely known is left out."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    web: Web | None = None
    phone: Telephone | None = None
    mail: Mailbox | None = None
    address: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Administration:
    """Who can be competent. ``days`` is the legal time to answer where it has one of its own.

    ``brief`` names it among several in one SMS, in a language whose short name is too long there.
    ``lexicon`` holds per language the words and phrases by which people name its matters.
    ``hours`` and ``languages`` (BCP 47) are given where they are not the country's usual ones.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    slug: Slug
    kind: Kind
    name: Annotated[Mapping[str, Text], Field(min_length=1)]
    short: Annotated[Mapping[str, Text], Field(min_length=1)]
    brief: Mapping[str, Text] = field(default_factory=dict)
    parent: Slug | None = None
    city: Slug | None = None
    days: Annotated[int, Field(gt=0, le=366)] | None = None
    hours: Hours | None = None
    languages: tuple[Text, ...] = ()
    contact: Contact = field(default_factory=Contact)
    scope: Mapping[str, Text] = field(default_factory=dict)
    lexicon: Words = field(default_factory=dict)

    def label(self, language: str, short: bool = False) -> str:
        """Its name in the language, or in the one that such a reader knows best.

        ``short`` gives the name that fits into a one-segment SMS.
        """
        return _in_language(self.short if short else self.name, language)

    def address(self, language: str) -> str | None:
        """Where it is, in the language or in the one that such a reader knows best."""
        return _in_language(self.contact.address, language) if self.contact.address else None

    def choice(self, language: str) -> str:
        """Its name in a list to choose from that goes into a one-segment SMS."""
        return _in_language({**self.short, **self.brief}, language)


@dataclass(frozen=True, slots=True)
class City:
    """A place with a commune of its own. ``also`` are other spellings, ``districts`` its parts.

    ``common`` are spellings that are everyday words too (*sale*, *safi*): believed only where a
    place is to be expected. ``commune`` gives the commune's short names where they do not follow
    from the city's.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    slug: Slug
    region: Slug
    name: Annotated[Mapping[str, Text], Field(min_length=1)]
    also: Phrases = ()
    common: Phrases = ()
    districts: Phrases = ()
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    commune: Mapping[str, Text] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """Its name in the language, or in the one that such a reader knows best."""
        return _in_language(self.name, language)

    def kilometres_to(self, latitude: float, longitude: float) -> float:
        """Great-circle distance from the city's centre; infinite where that is not known."""
        if self.latitude is None or self.longitude is None:
            return math.inf
        here, there = math.radians(self.latitude), math.radians(latitude)
        half_turn = math.radians(longitude - self.longitude) / 2
        haversine = (
            math.sin((there - here) / 2) ** 2
            + math.cos(here) * math.cos(there) * math.sin(half_turn) ** 2
        )
        return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(haversine)))


def _in_language(names: Mapping[str, str], language: str) -> str:
    for tag in (language, *_INSTEAD.get(language, ()), *_INSTEAD_OTHERWISE):
        if tag in names:
            return names[tag]
    return next(iter(names.values()))


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for every administration that says nothing else."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    hours: Hours | None = None
    languages: tuple[Text, ...] = ()


def too_much_for_sms(language: str, name: str, *, brief: bool = False) -> str | None:
    """Why a short name, or a brief one, does not fit into a one-segment SMS; None where it does."""
    limit = _SHORT_LATIN
    if language in _UCS2_LANGUAGES:
        limit = _BRIEF_OTHER if brief else _SHORT_OTHER
    if len(name) > limit:
        return f"{name!r} has {len(name)} characters, at most {limit} fit"
    if language not in _UCS2_LANGUAGES and (strange := set(name) - _GSM7):
        return f"{name!r} has {''.join(sorted(strange))!r}, which GSM-7 lacks"
    return None


def commune(city: City) -> Administration:
    """The commune of a city: its names follow from the city's."""
    name = {
        language: _named(language, of)
        for language, of in city.name.items()
        if language in _COMMUNE_NAMES
    }
    latin = city.name.get("fr") or next(iter(city.name.values()))
    name.setdefault("fr", _named("fr", latin))
    name.setdefault("en", _named("en", latin))
    short = {
        language: said
        for language in name
        if (said := _short_commune(language, city.name.get(language, latin)))
    }
    return Administration(
        slug=f"commune-{city.slug}",
        kind="commune",
        name=name,
        short={**short, **city.commune},
        # Whose it is they wrote themselves, or we would not know the city.
        brief=_BRIEF_COMMUNE,
        parent="commune",
        city=city.slug,
    )


#: How a commune is called, longest form first; a short name is the first that fits.
_COMMUNE_NAMES: Mapping[str, tuple[str, ...]] = {
    "fr": ("Commune de {}", "Commune {}", "{}"),
    "ar": ("جماعة {}", "ج. {}", "{}"),
    "en": ("Municipality of {}", "{} municipality", "City of {}", "{}"),
    "es": ("Comuna de {}", "{}"),
    "zgh-Tfng": ("ⵜⴰⵖⵉⵡⴰⵏⵜ ⵏ {}", "{}"),
}


_BRIEF_COMMUNE: Mapping[str, str] = {"ar": "الجماعة", "zgh-Tfng": "ⵜⴰⵖⵉⵡⴰⵏⵜ"}


def _named(language: str, city: str) -> str:
    return _in_french(_COMMUNE_NAMES[language][0].format(city))


def _short_commune(language: str, city: str) -> str | None:
    if language not in _UCS2_LANGUAGES:
        city = "".join(sign if sign in _GSM7 else _plain(sign) for sign in city)
    forms = (_in_french(form.format(city)) for form in _COMMUNE_NAMES[language])
    return next((form for form in forms if not too_much_for_sms(language, form)), None)


def _plain(sign: str) -> str:
    return unicodedata.normalize("NFKD", sign)[0]


def _in_french(name: str) -> str:
    """``Commune d'Agadir``: French elides before a vowel."""
    head, middle, city = name.partition("Commune de ")
    if middle and city[:1] in "AEIOUYÉÈ":
        return f"{head}Commune d'{city}"
    return name
