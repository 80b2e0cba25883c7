"""Which administrations the words of a text name, by the weighted lexicon of the directory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import contains

from routing.directory import Strength, Words
from routing.words import sound_key, split, stem_key

#: Log-odds that one occurrence adds: a sure word alone outweighs two strong ones of another.
_WEIGHT: Mapping[Strength, float] = {"sure": 3.0, "strong": 1.4, "hint": 0.5}
#: A word found by its consonants alone may be another word.
_BY_SOUND = 0.75
#: More words than any phrase of a lexicon has.
_LONGEST = 8
#: Darija has no spelling: its words are also looked up by their consonants.
_SPOKEN = ("ary", "ar")


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of the lexicon as it is looked up: the keys after the first, whose it is."""

    rest: tuple[str, ...]
    slug: str
    weight: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found in a text, from word ``start`` up to ``end``."""

    start: int
    end: int
    slug: str
    weight: float


class Lexicon:
    """All phrases by their first key."""

    def __init__(self, entries: Mapping[str, tuple[Entry, ...]]) -> None:
        self.entries = entries
        #: Texts share most of their words, and few of these begin a phrase.
        self._beginning = lru_cache(maxsize=8192)(self._begun_by)

    def hits(self, texts: list[tuple[str, ...]]) -> list[Hit]:
        """The phrases in a text, given the keys of each of its words.

        Of phrases that overlap only the longest count ("permis de construire", not "permis"), and
        of spellings of the same word the weightiest.
        """
        best: dict[tuple[int, int, str], float] = {}
        for start, word in enumerate(texts):
            for entry in self._beginning(word):
                end = start + 1 + len(entry.rest)
                if all(map(contains, texts[start + 1 : end], entry.rest)) and end <= len(texts):
                    place = (start, end, entry.slug)
                    best[place] = max(best.get(place, 0.0), entry.weight)
        found = [Hit(*place, weight) for place, weight in best.items()]
        reach: dict[int, int] = {}
        for hit in found:
            reach[hit.start] = max(reach.get(hit.start, 0), hit.end)
        return [hit for hit in found if not _inside_a_longer(hit, reach)]

    def _begun_by(self, word: tuple[str, ...]) -> list[Entry]:
        """The entries that a word begins. One whose spelling is known is not sounded out."""
        found: list[Entry] = []
        for key in word:
            if found and key.startswith("~"):
                break
            found += self.entries.get(key, ())
        return found


def _inside_a_longer(hit: Hit, reach: Mapping[int, int]) -> bool:
    """Whether a longer phrase covers it, given how far the phrases from each word on reach."""
    return any(
        reach.get(start, 0) >= hit.end and reach[start] - start > hit.end - hit.start
        for start in range(hit.start - _LONGEST, hit.start + 1)
    )


def build(
    lexicons: Iterable[tuple[str, Words]],
) -> Lexicon:
    """Index the lexicons of all administrations, given with their slugs."""
    entries: dict[str, list[Entry]] = {}
    for slug, by_language in lexicons:
        for language, by_strength in by_language.items():
            for strength, phrases in by_strength.items():
                for phrase in phrases:
                    for spelt, factor in _spellings(phrase, language):
                        entry = Entry(spelt[1:], slug, _WEIGHT[strength] * factor)
                        entries.setdefault(spelt[0], []).append(entry)
    return Lexicon({key: tuple(found) for key, found in entries.items()})


def _spellings(phrase: str, language: str) -> list[tuple[tuple[str, ...], float]]:
    words = split(phrase)
    if not words:
        return []
    spellings = [(tuple(stem_key(word, darija=language == "ary") for word in words), 1.0)]
    if language in _SPOKEN:
        sounds = [sound for word in words if (sound := sound_key(word))]
        if len(sounds) == len(words):
            spellings.append((tuple(sounds), _BY_SOUND))
    return spellings


def score(hits: Iterable[tuple[Hit, float]]) -> dict[str, float]:
    """Log-odds per slug, of hits each with the weight of where it stands.

    Saying the same again adds ever less, so that a long story does not outshout its request.
    """
    by_slug: dict[str, list[float]] = {}
    for hit, emphasis in hits:
        by_slug.setdefault(hit.slug, []).append(hit.weight * emphasis)
    return {
        slug: sum(
            weight / math.sqrt(rank)
            for rank, weight in enumerate(sorted(weights, reverse=True), start=1)
        )
        for slug, weights in by_slug.items()
    }
