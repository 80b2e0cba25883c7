"""Which administrations the words of a text name, by the weighted lexicon of the directory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from normalizer.memo import Memo
from routing.directory import Strength, Words
from routing.words import keys, sound_key, split, stem_key

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
class _Known:
    """What the lexicon knows of a word: the keys it is looked up by, what it weighs alone per slug,
    and the longer phrases that it begins, by the key of their second word."""

    keys: tuple[str, ...]
    alone: Mapping[str, float]
    begun: Mapping[str, list[Entry]]


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
        self._known = {darija: Memo(partial(self._look_up, darija)) for darija in (False, True)}

    def hits(self, words: Sequence[str], *, darija: bool) -> list[Hit]:
        """The phrases in a text of these folded words, which may be Darija or not.

        Of phrases that overlap only the longest count ("permis de construire", not "permis"), and
        of spellings of the same word the weightiest.
        """
        known = [*self._known[darija].each(words)]
        best: dict[tuple[int, int, str], float] = {}
        reach: dict[int, int] = {}
        for start, word in enumerate(known):
            for slug, weight in word.alone.items():
                best[start, start + 1, slug] = weight
            for entry in _completed(known, start) if word.begun else ():
                end = start + 1 + len(entry.rest)
                place = (start, end, entry.slug)
                best[place] = max(best.get(place, 0.0), entry.weight)
                reach[start] = max(reach.get(start, 0), end)
        found = [Hit(*place, weight) for place, weight in best.items()]
        return [hit for hit in found if not _inside_a_longer(hit, reach)] if reach else found

    def _look_up(self, darija: bool, word: str) -> _Known:
        looked_up = keys(word, darija=darija)
        alone: dict[str, float] = {}
        begun: dict[str, list[Entry]] = {}
        for entry in self._begun_by(looked_up):
            if entry.rest:
                begun.setdefault(entry.rest[0], []).append(entry)
            else:
                alone[entry.slug] = max(alone.get(entry.slug, 0.0), entry.weight)
        return _Known(looked_up, alone, begun)

    def _begun_by(self, word: tuple[str, ...]) -> list[Entry]:
        """The entries that a word begins. One whose spelling is known is not sounded out."""
        found: list[Entry] = []
        for key in word:
            if found and key.startswith("~"):
                break
            found += self.entries.get(key, ())
        return found


def _completed(words: Sequence[_Known], start: int) -> Iterator[Entry]:
    """The longer phrases that a word begins and those after it complete."""
    for second in words[start + 1 : start + 2]:
        for key in second.keys:
            for entry in words[start].begun.get(key, ()):
                after = words[start + 1 : start + 1 + len(entry.rest)]
                if len(after) == len(entry.rest) and all(
                    key in word.keys for key, word in zip(entry.rest, after, strict=True)
                ):
                    yield entry


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
