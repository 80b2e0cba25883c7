"""Which city a text speaks of: by its names in any script, or by its districts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from normalizer.memo import Memo
from normalizer.text import fold, words_in
from routing.directory import City, Directory
from routing.postcodes import city_of
from routing.words import skeleton

#: Words after which a place is to be expected.
_IN = frozenset(
    "a de en ville vers in at of from near f fi b mdina mdint madinat d dyal commune "
    "في ف ب من الى الي مدينه ديال د بمدينه جماعه".split()
)
#: Those of them that no street's name has before the city's.
_AT = _IN - frozenset("de d d dyal from vers ديال د من الى الي".split())
#: Words that make a city's name that of a street in another.
_STREETS = frozenset("route avenue av bd boulevard rue tri9 triq charia طريق شارع زنقه".split())
#: Words beside the name of the place where somebody lives or something stands.
_HOME = frozenset(
    "quartier hay 7ay hi lotissement residence habite habitant habitants habitons demeurant reside "
    "commune arrondissement live living resident residents neighbourhood neighborhood district "
    "barrio vivo skn sakn saken sakna sakin saknin 7oma houma derb barrio "
    "حي بحي الحي ساكن ساكنه ساكنين نسكن اسكن اقطن القاطن القاطنه سكان حومه الحومه جماعه بجماعه "
    "درب اقامه باقامه تجزءه بتجزءه مقاطعه بمقاطعه".split()
)
#: From so many sounds on, a name is told from others by them.
_TELLING = 4
_CLITICS = "وفبلd"
#: How far from a city's centre a point may lie and still be its commune's, in kilometres.
_NEAR_KM = 25.0
_NAME, _DISTRICT, _COMMON = 2, 1, 0


@dataclass(frozen=True, slots=True)
class _Name:
    rest: tuple[str, ...]
    city: str
    sort: int


class Gazetteer:
    """All names of places by their first word, and the cities by how their names sound."""

    def __init__(
        self,
        names: Mapping[str, tuple[_Name, ...]],
        cities: tuple[City, ...],
        sounds: Mapping[str, str],
    ) -> None:
        self.cities = cities
        self.sounds = sounds
        self._names = names
        self._beginning = Memo(self._begun_by)

    def find(self, text: str, *, expected: bool = False) -> str | None:
        """The slug of the city a text speaks of; where several are named, the likeliest.

        A city's name goes before a district's, a place where one lives before one in passing, and
        what comes first before the rest. ``expected`` says that a place was asked for, so that
        names which are everyday words too are believed.
        """
        words = words_in(text)
        best: tuple[int, int, int, int] | None = None
        where: str | None = None
        for start, names in enumerate(self._beginning.each(words)):
            for name, joined in names:
                if words[start + 1 : start + 1 + len(name.rest)] != name.rest:
                    continue
                inside = joined or (start > 0 and words[start - 1] in _IN)
                if _is_street(words, start) or (name.sort == _COMMON and not inside | expected):
                    continue
                length = len(name.rest) + 1
                lived = _is_lived_in(words, start, start + length)
                rank = (max(name.sort, inside * _NAME), lived, length, -start)
                if best is None or rank > best:
                    best, where = rank, name.city
        return where

    def _begun_by(self, word: str) -> list[tuple[_Name, bool]]:
        """The names that a word begins, and whether it is joined to a word for *in*."""
        return [
            (name, joined) for form, joined in _forms(word) for name in self._names.get(form, ())
        ]

    def nearest(self, latitude: float, longitude: float) -> str | None:
        """The slug of the city that a point (degrees, WGS 84) lies in or close to."""
        distance, slug = min(
            ((city.kilometres_to(latitude, longitude), city.slug) for city in self.cities),
            default=(float("inf"), ""),
        )
        return slug if distance <= _NEAR_KM else None


def city_named(text: str, directory: Directory) -> City | None:
    """The city that a short answer to "which city?" names, in any script or spelling: *Salé*, سلا,
    *f sla*, a district (*Hay Riad*), or a postal code. None where it names none."""
    gazetteer = of(directory)
    slug = city_of(text.strip()) or gazetteer.find(text, expected=True)
    if slug is None:
        slug = gazetteer.sounds.get(_sound(words_in(text)))
    return next((city for city in directory.cities if city.slug == slug), None)


@lru_cache(maxsize=8)
def of(directory: Directory) -> Gazetteer:
    """The gazetteer of a directory's cities."""
    return build(directory.cities)


def _forms(word: str) -> list[tuple[str, bool]]:
    """The word, and the word without what may be joined to its front; whether that means *in*."""
    forms = [(word, False)]
    if len(word) >= 4 and word[0] in _CLITICS:
        forms.append((word[1:], True))
        if word.startswith("لل"):
            forms.append(("ال" + word[2:], True))
    elif len(word) >= 5 and word[0] in "flb":
        forms.append((word[1:], True))
    return forms


def _is_street(words: Sequence[str], start: int) -> bool:
    """Whether a street is named so (*rue de Fès*), and not where the street is (*rue à Fès*)."""
    if start > 0 and words[start - 1] in _AT:
        return False
    return any(word in _STREETS for word in words[max(0, start - 2) : start])


def _is_lived_in(words: Sequence[str], start: int, end: int) -> bool:
    """Whether a place is named beside a word that says where somebody lives."""
    around = (*words[max(0, start - 3) : start], *words[end : end + 2])
    return any(word in _HOME for word in around)


def _sound(words: Iterable[str]) -> str:
    """How a name sounds, its words joined; empty where that tells too little."""
    sounds = "".join(skeleton(word) for word in words)
    return sounds if len(sounds) >= _TELLING else ""


def build(cities: Iterable[City]) -> Gazetteer:
    """Index the cities by every spelling of their names."""
    cities = tuple(cities)
    names: dict[str, list[_Name]] = {}
    for city in cities:
        common = {fold(name) for name in city.common}
        sorts = (
            (_COMMON, city.common),
            (_NAME, (*city.name.values(), *city.also)),
            (_DISTRICT, city.districts),
        )
        for sort, spellings in sorts:
            for spelling in spellings:
                words = words_in(spelling)
                if words and (sort == _COMMON or fold(spelling) not in common):
                    names.setdefault(words[0], []).append(_Name(words[1:], city.slug, sort))
    sounds = {
        sound: city.slug
        for city in reversed(cities)
        for name in (*city.name.values(), *city.also)
        if (sound := _sound(words_in(name)))
    }
    return Gazetteer({word: tuple(found) for word, found in names.items()}, cities, sounds)
