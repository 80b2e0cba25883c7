"""The administrations and cities of a country, read from data and checked once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from routing.entries import (
    Administration,
    City,
    Kind,
    Phrases,
    Strength,
    Usual,
    Words,
    commune,
    too_much_for_sms,
)

#: With the entries, so that whoever uses the directory imports from one place.
__all__ = [
    "MOROCCO",
    "Administration",
    "BadDirectory",
    "City",
    "Directory",
    "Kind",
    "Strength",
    "Words",
]

MOROCCO = Path(__file__).parent / "data"


class BadDirectory(ValueError):
    """The data cannot be used. The message is one line that names the file and the field."""


@dataclass(frozen=True, slots=True)
class _File:
    """What one data file may hold."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    usual: Usual | None = None
    administration: tuple[Administration, ...] = ()
    city: tuple[City, ...] = ()
    outside: Words = field(default_factory=dict)
    turns: Mapping[str, Phrases] = field(default_factory=dict)
    stories: Mapping[str, Phrases] = field(default_factory=dict)


_FILE = TypeAdapter(_File)


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """All administrations, a commune for every city among them, and all cities.

    ``turns`` are phrases by which it is known what a message is (*je propose*: a suggestion);
    ``stories`` are sentences that people tell around their matter, per language.
    """

    administrations: tuple[Administration, ...]
    cities: tuple[City, ...]
    outside: Words = field(default_factory=dict)
    source: Path | None = None
    turns: Mapping[str, Phrases] = field(default_factory=dict)
    usual: Usual = field(default_factory=Usual)
    stories: Mapping[str, Phrases] = field(default_factory=dict)
    _by_slug: Mapping[str, Administration] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_slug = {administration.slug: administration for administration in self.administrations}
        object.__setattr__(self, "_by_slug", by_slug)

    @classmethod
    def load(cls, path: Path | None = None) -> Directory:
        """Read a TOML file or a folder of them; None means the Moroccan one that ships.

        Raises BadDirectory.
        """
        if path is None:
            return _shipped()
        administrations: list[Administration] = []
        cities: list[City] = []
        outside: dict[str, Mapping[Strength, Phrases]] = {}
        turns: dict[str, Phrases] = {}
        stories: dict[str, Phrases] = {}
        usual = Usual()
        for file in _files(path):
            found = _read(file)
            _check_short_names(file, found)
            administrations += found.administration
            cities += found.city
            outside.update(found.outside)
            turns.update(found.turns)
            stories.update(found.stories)
            usual = found.usual or usual
        known = {administration.slug for administration in administrations}
        if "commune" in known:
            administrations += (
                of_city for city in cities if (of_city := commune(city)).slug not in known
            )
        _check_together(path, administrations, cities)
        return cls(tuple(administrations), tuple(cities), outside, path, turns, usual, stories)

    def get(self, slug: str) -> Administration | None:
        """The administration of that slug."""
        return self._by_slug.get(slug)

    def hours_of(self, administration: Administration) -> str | None:
        """When its counters are open, its own hours before the country's usual ones."""
        return administration.hours or self.usual.hours

    def languages_of(self, administration: Administration) -> tuple[str, ...]:
        """The languages its agents answer in, its own before the country's usual ones."""
        return administration.languages or self.usual.languages

    def commune_of(self, city: str) -> Administration | None:
        """The commune that looks after a city, given the city's slug."""
        return self._by_slug.get(f"commune-{city}")


@cache
def _shipped() -> Directory:
    """What comes with the program does not change while it runs."""
    return Directory.load(MOROCCO)


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
        *((each.slug, "brief", each.brief) for each in found.administration),
        *((each.slug, "commune", each.commune) for each in found.city),
    )
    for slug, where, names in named:
        for language, name in names.items():
            if problem := too_much_for_sms(language, name, brief=where == "brief"):
                raise BadDirectory(f"{file.name}: {slug}.{where}.{language}: {problem}")


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
