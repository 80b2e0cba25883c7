"""A linear model over words, their consonants and their letters: what the lexicon does not list."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self

from normalizer.complaint import Complaint
from normalizer.lanes import lanes
from normalizer.memo import Memo
from routing.words import bare, skeleton, stem

#: Length of the letter sequences that are features: enough to see through misspellings.
_LETTERS = 4
#: Weights are kept as whole hundredths, which halves the file and changes no decision.
_SCALE = 100
#: What a word counts is a whole number of so fine steps. Its half, its third, up to its tenth are
#: whole too, so that equals stay equal; and the heaviest word repeated throughout the longest text
#: does not fill 64 bits.
_FINE = 5040 << 20
#: So many words of a text may remind of decisions, at full weight in texts of so many words.
_TELLING, _TOPICAL = 2, 10

#: Per feature, (position in ``slugs``, weight).
Weights = Mapping[str, tuple[tuple[int, float], ...]]


class BadModel(ValueError):
    """The file is no model of ours."""


def features(word: str, before: str | None) -> Iterator[str]:
    """What a folded word is made of, for the model; ``before`` is the word it follows."""
    yield from _own(word)
    if before is not None:
        yield f"{stem(before)} {stem(word)}"


def _own(word: str) -> Iterator[str]:
    yield "=" + stem(word)
    sounds = skeleton(word)
    if len(sounds) >= 2:
        yield "~" + sounds
    letters = f"<{bare(word)}>"
    for start in range(len(letters) - _LETTERS + 1):
        yield letters[start : start + _LETTERS]


def softmax(log_odds: Mapping[str, float]) -> dict[str, float]:
    """The probabilities that log-odds stand for."""
    highest = max(log_odds.values())
    odds = {name: math.exp(value - highest) for name, value in log_odds.items()}
    total = sum(odds.values())
    return {name: value / total for name, value in odds.items()}


class Ingredient(Protocol):
    """Something else that speaks for administrations, beside lexicon and model."""

    def log_odds(self, complaint: Complaint) -> Mapping[str, float]:
        """What it adds per slug."""
        ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """How lexicon and model are weighed so that the probabilities that come out are those with
    which they are right; ``routing.calibration`` fits it to messages that taught no weight.

    ``lexicon`` is what its log-odds count beside the model's, ``nobody`` what is added to those of
    nobody's matter, ``short`` and ``long`` what the sums are divided by for short and long texts.
    From the probability ``limit`` that it is nobody's matter a person decides.
    """

    lexicon: float = 0.3
    nobody: float = 0.0
    short: float = 1.0
    long: float = 1.0
    limit: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights in whole hundredths: ``bias`` per slug, ``weights`` per feature, as lanes
    (``normalizer.lanes``) of a number per slug.

    ``made_from`` tells what it was trained on. ``lately`` are log-odds that words gained by
    decisions since, ``beside`` an optional ingredient; neither is in the file.
    """

    slugs: tuple[str, ...]
    bias: tuple[int, ...]
    weights: Mapping[str, int]
    calibration: Calibration = Calibration()
    made_from: str = ""
    lately: Weights = field(default_factory=dict)
    beside: Ingredient | None = None
    _words: Memo[tuple[str, int, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_words", Memo(self._word))

    @classmethod
    def of(
        cls, slugs: Sequence[str], bias: Sequence[float], rows: Mapping[str, Sequence[float]]
    ) -> Self:
        """The model of these weights per slug, rounded as its file holds them."""
        packed = lanes(len(slugs)).packed
        return cls(
            slugs=tuple(slugs),
            bias=tuple(round(value * _SCALE) for value in bias),
            weights={
                feature: packed([round(value * _SCALE) for value in row])
                for feature, row in rows.items()
            },
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """The model in a file that ``write`` made. Raises BadModel."""
        try:
            return cls._of(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            raise BadModel(f"{path.name}: {error}") from error

    @classmethod
    def _of(cls, data: Any) -> Self:
        slugs = tuple(data["slugs"])
        packed, nothing = lanes(len(slugs)).packed, [0] * len(slugs)
        weights = {}
        for feature, pairs in data["weights"].items():
            row = nothing.copy()
            for place, value in zip(pairs[::2], pairs[1::2], strict=True):
                row[place] = value
            weights[feature] = packed(row)
        return cls(
            slugs=slugs,
            bias=tuple(map(int, data["bias"])),
            weights=weights,
            calibration=Calibration(**data.get("calibration", {})),
            made_from=data.get("made_from", ""),
        )

    def write(self, path: Path) -> None:
        """Keep the model as JSON: readable, and no code runs when it is read."""
        path.write_text(self.written(), encoding="utf-8")

    def written(self) -> str:
        """The model as it stands in its file."""
        data = {
            "slugs": self.slugs,
            "made_from": self.made_from,
            "calibration": asdict(self.calibration),
            "bias": self.bias,
            "weights": {
                feature: [number for pair in self._row(feature) for number in pair]
                for feature in sorted(self.weights)
            },
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return text.replace("],", "],\n") + "\n"

    def breadth(self, feature: str) -> int:
        """For how many slugs a feature weighs anything."""
        return len(self._row(feature))

    def _row(self, feature: str) -> list[tuple[int, int]]:
        row = self._unpacked(self.weights.get(feature, 0))
        return [(place, value) for place, value in enumerate(row) if value]

    def _unpacked(self, weights: int) -> tuple[int, ...]:
        return lanes(len(self.slugs)).unpacked(weights)

    def score(self, words: Sequence[str], emphasis: Sequence[float]) -> dict[str, float]:
        """Log-odds per slug for the folded words of a text, each with its weight."""
        # All slugs are added up at once, so what a word counts is a whole number too.
        total, length = 0, sum(weight * weight for weight in emphasis)
        before: str | None = None
        for word, weight in zip(words, emphasis, strict=True):
            root, parts, weights = self._words[word]
            if before is not None:
                parts += 1
                weights += self.weights.get(f"{before} {root}", 0)
            total += weights * round(_FINE * weight / (parts * length) ** 0.5)
            before = root
        scores = {
            slug: (bias + found / _FINE) / _SCALE
            for slug, bias, found in zip(self.slugs, self.bias, self._unpacked(total), strict=True)
        }
        for place, value in self._remembered(words):
            scores[self.slugs[place]] += value
        return scores

    def remembering(self, lately: Weights) -> Self:
        """The same model with a memory of what was decided lately."""
        return replace(self, lately=lately)

    def _remembered(self, words: Sequence[str]) -> Iterator[tuple[int, float]]:
        """What the words that tell most of decisions add: the less, the more words stand around
        them, for a story shares some with any other."""
        if not self.lately:
            return
        rows = [row for word in dict.fromkeys(words) if (row := self._lately(word))]
        rows.sort(key=lambda row: -max(value for _, value in row))
        share = min(1.0, (_TOPICAL / len(words)) ** 0.5) if words else 1.0
        for row in rows[:_TELLING]:
            for place, value in row:
                yield place, share * value

    def _lately(self, word: str) -> tuple[tuple[int, float], ...]:
        spelt = self.lately.get("=" + stem(word))
        return spelt or self.lately.get("~" + skeleton(word), ())

    def odds(self, parts: Sequence[str]) -> dict[str, float]:
        """Log-odds per slug for features of equal weight, together of unit length."""
        total = self._unpacked(self._sum(parts))
        share = 1 / len(parts) ** 0.5
        return {
            slug: (bias + share * value) / _SCALE
            for slug, bias, value in zip(self.slugs, self.bias, total, strict=True)
        }

    def _word(self, word: str) -> tuple[str, int, int]:
        """The stem of a word, how many features it has by itself, and what they weigh."""
        parts = list(_own(word))
        return stem(word), len(parts), self._sum(parts)

    def _sum(self, parts: Iterable[str]) -> int:
        return sum(filter(None, map(self.weights.get, parts)))


@lru_cache(maxsize=4)
def shipped(folder: Path | None) -> Model | None:
    """The model that stands beside a directory's data, where there is one."""
    return _beside(folder, "model.json")


@lru_cache(maxsize=4)
def shipped_kinds(folder: Path | None) -> Model | None:
    """The model of kinds that stands there, where there is one."""
    return _beside(folder, "kinds.json")


def _beside(folder: Path | None, name: str) -> Model | None:
    path = folder / name if folder and folder.is_dir() else None
    return Model.read(path) if path and path.exists() else None
