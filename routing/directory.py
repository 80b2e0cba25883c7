"""The administrations and cities of a country, read from data and checked once."""

from __future__ import annotations

import math
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

MOROCCO = Path(__file__).parent / "data"

Kind = Literal["ministry", "establishment", "commune"]
#: How much a word says about who is competent: it settles the matter, points, or only hints.
Strength = Literal["sure", "strong", "hint"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Phrases = tuple[Text, ...]
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
_UCS2_LANGUAGES = ("ar", "ary-Arab", "zgh-Tfng")
_EARTH_KM = 6371.0


class BadDirectory(ValueError):
    """The data cannot be used. The message is one line that names the file and the field."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Who can be competent. ``days`` is the legal time to answer where it has one of its own.

    ``lexicon`` holds per language the words and phrases by which people name its matters.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    slug: Slug
    kind: Kind
    name: Annotated[Mapping[str, Text], Field(min_length=1)]
    short: Annotated[Mapping[str, Text], Field(min_length=1)]
    parent: Slug | None = None
    city: Slug | None = None
    days: Annotated[int, Field(gt=0, le=366)] | None = None
    scope: Mapping[str, Text] = field(default_factory=dict)
    lexicon: Words = field(default_factory=dict)

    def label(self, language: str, short: bool = False) -> str:
        """Its name in the language, or in the one that such a reader knows best.

        ``short`` gives the name that fits into a one-segment SMS.
        """
        names = self.short if short else self.name
        for tag in (language, *_INSTEAD.get(language, ()), *_INSTEAD_OTHERWISE):
            if tag in names:
                return names[tag]
        return next(iter(names.values()))


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


@dataclass(frozen=True, slots=True)
class _File:
    """What one data file may hold."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    administration: tuple[Administration, ...] = ()
    city: tuple[City, ...] = ()
    outside: Words = field(default_factory=dict)
    turns: Mapping[str, Phrases] = field(default_factory=dict)


_FILE = TypeAdapter(_File)


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """All administrations, a commune for every city among them, and all cities.

    ``turns`` are phrases by which it is known what a message is (*je propose*: a suggestion).
    """

    administrations: tuple[Administration, ...]
    cities: tuple[City, ...]
    outside: Words = field(default_factory=dict)
    source: Path | None = None
    turns: Mapping[str, Phrases] = field(default_factory=dict)
    _by_slug: Mapping[str, Administration] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_slug = {administration.slug: administration for administration in self.administrations}
        object.__setattr__(self, "_by_slug", by_slug)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a TOML file or a folder of them; None means the Moroccan one that ships.

        Raises BadDirectory.
        """
        path = path or MOROCCO
        administrations: list[Administration] = []
        cities: list[City] = []
        outside: dict[str, Mapping[Strength, Phrases]] = {}
        turns: dict[str, Phrases] = {}
        for file in _files(path):
            found = _read(file)
            _check_short_names(file, found)
            administrations += found.administration
            cities += found.city
            outside.update(found.outside)
            turns.update(found.turns)
        known = {administration.slug for administration in administrations}
        if "commune" in known:
            administrations += (
                commune for city in cities if (commune := _commune(city)).slug not in known
            )
        _check_together(path, administrations, cities)
        return cls(tuple(administrations), tuple(cities), outside, path, turns)

    def get(self, slug: str) -> Administration | None:
        """The administration of that slug."""
        return self._by_slug.get(slug)

    def commune_of(self, city: str) -> Administration | None:
        """The commune that looks after a city, given the city's slug."""
        return self._by_slug.get(f"commune-{city}")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(path.rglob("*.toml"))
    if not files:
        raise BadDirectory(f"{path}: no directory of administrations (TOML) there")
    return files


def _read(file: Path) -> _File:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        return _FILE.validate_python(data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadDirectory(f"{file.name}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadDirectory(f"{file.name}: {_place(data, first['loc'])}: {first['msg']}") from None


def _place(data: dict[str, Any], loc: tuple[int | str, ...]) -> str:
    """``administration.health.short.fr`` for pydantic's path, with slugs in place of positions."""
    names: list[str] = []
    node: Any = data
    for step in loc:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        slug = node.get("slug") if isinstance(step, int) and isinstance(node, dict) else None
        names.append(str(slug or step))
    return ".".join(names)


def _check_short_names(file: Path, found: _File) -> None:
    named = (
        *((each.slug, "short", each.short) for each in found.administration),
        *((each.slug, "commune", each.commune) for each in found.city),
    )
    for slug, where, names in named:
        for language, name in names.items():
            if problem := _too_much_for_sms(language, name):
                raise BadDirectory(f"{file.name}: {slug}.{where}.{language}: {problem}")


def _too_much_for_sms(language: str, name: str) -> str | None:
    limit = _SHORT_OTHER if language in _UCS2_LANGUAGES else _SHORT_LATIN
    if len(name) > limit:
        return f"{name!r} has {len(name)} characters, at most {limit} fit"
    if language not in _UCS2_LANGUAGES and (strange := set(name) - _GSM7):
        return f"{name!r} has {''.join(sorted(strange))!r}, which GSM-7 lacks"
    return None


def _check_together(path: Path, administrations: list[Administration], cities: list[City]) -> None:
    for slug in _repeated(administration.slug for administration in administrations):
        raise BadDirectory(f"{path.name}: administration.{slug}: there are two of this slug")
    for slug in _repeated(city.slug for city in cities):
        raise BadDirectory(f"{path.name}: city.{slug}: there are two of this slug")
    slugs = {administration.slug for administration in administrations}
    places = {city.slug for city in cities}
    for administration in administrations:
        where = f"{path.name}: administration.{administration.slug}"
        if administration.parent and administration.parent not in slugs:
            raise BadDirectory(f"{where}.parent: no administration {administration.parent!r}")
        if administration.city and administration.city not in places:
            raise BadDirectory(f"{where}.city: no city {administration.city!r}")


def _repeated(slugs: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for slug in slugs:
        if slug in seen:
            yield slug
        seen.add(slug)


def _commune(city: City) -> Administration:
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


def _named(language: str, city: str) -> str:
    return _in_french(_COMMUNE_NAMES[language][0].format(city))


def _short_commune(language: str, city: str) -> str | None:
    if language not in _UCS2_LANGUAGES:
        city = "".join(sign if sign in _GSM7 else _plain(sign) for sign in city)
    forms = (_in_french(form.format(city)) for form in _COMMUNE_NAMES[language])
    return next((form for form in forms if not _too_much_for_sms(language, form)), None)


def _plain(sign: str) -> str:
    return unicodedata.normalize("NFKD", sign)[0]


def _in_french(name: str) -> str:
    """``Commune d'Agadir``: French elides before a vowel."""
    head, middle, city = name.partition("Commune de ")
    if middle and city[:1] in "AEIOUYÉÈ":
        return f"{head}Commune d'{city}"
    return name
