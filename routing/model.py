"""A linear model over words, their consonants and their letters: what the lexicon does not list."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol, Self

from normalizer.complaint import Complaint
from routing.words import bare, skeleton, stem

#: Lengths of the letter sequences that are features: enough to see through misspellings.
_LETTERS = (3, 4)
#: Weights are kept as whole hundredths, which halves the file and changes no decision.
_SCALE = 100
#: Words whose scores are kept; a text's words recur, and scoring one costs most of a decision.
_REMEMBERED = 20_000


#: Per feature, (position in ``slugs``, weight).
Weights = Mapping[str, tuple[tuple[int, float], ...]]


class BadModel(ValueError):
    """The file is no model of ours."""


def features(word: str, before: str | None) -> Iterator[str]:
    """What a folded word is made of, for the model; ``before`` is the word it follows."""
    root = stem(word)
    yield "=" + root
    sounds = skeleton(word)
    if len(sounds) >= 2:
        yield "~" + sounds
    if before is not None:
        yield f"{stem(before)} {root}"
    letters = f"<{bare(word)}>"
    for length in _LETTERS:
        for start in range(len(letters) - length + 1):
            yield letters[start : start + length]


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


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights per feature, each a list of (position in ``slugs``, weight).

    ``temperature`` is what log-odds of lexicon and model together are divided by so that the
    probabilities that come out are those with which they are right. ``lately`` are log-odds that
    words gained by decisions since, ``beside`` an optional ingredient; neither is in the file.
    """

    slugs: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Weights
    temperature: float = 1.0
    lately: Weights = field(default_factory=dict)
    beside: Ingredient | None = None
    _words: dict[tuple[str, str | None], tuple[float, ...]] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def read(cls, path: Path) -> Self:
        """The model in a file that ``write`` made. Raises BadModel."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                slugs=tuple(data["slugs"]),
                bias=tuple(value / _SCALE for value in data["bias"]),
                weights={
                    feature: tuple(
                        (place, value / _SCALE)
                        for place, value in zip(pairs[::2], pairs[1::2], strict=True)
                    )
                    for feature, pairs in data["weights"].items()
                },
                temperature=float(data["temperature"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadModel(f"{path.name}: {error}") from error

    def write(self, path: Path) -> None:
        """Keep the model as JSON: readable, and no code runs when it is read."""
        data = {
            "slugs": self.slugs,
            "temperature": round(self.temperature, 3),
            "bias": [round(value * _SCALE) for value in self.bias],
            "weights": {
                feature: [
                    number for place, value in pairs for number in (place, round(value * _SCALE))
                ]
                for feature, pairs in sorted(self.weights.items())
            },
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        path.write_text(text.replace("],", "],\n") + "\n", encoding="utf-8")

    def score(self, words: Sequence[str], emphasis: Sequence[float]) -> dict[str, float]:
        """Log-odds per slug for the folded words of a text, each with its weight."""
        total = [0.0] * len(self.slugs)
        before: str | None = None
        for word, weight in zip(words, emphasis, strict=True):
            for place, value in enumerate(self._word(word, before)):
                total[place] += weight * value
            before = word
        length = sum(weight * weight for weight in emphasis) ** 0.5 or 1.0
        scores = {
            slug: bias + value / length
            for slug, bias, value in zip(self.slugs, self.bias, total, strict=True)
        }
        for place, value in self._remembered(words):
            scores[self.slugs[place]] += value
        return scores

    def remembering(self, lately: Weights) -> Self:
        """The same model with a memory of what was decided lately."""
        return replace(self, lately=lately)

    def _remembered(self, words: Sequence[str]) -> Iterator[tuple[int, float]]:
        if self.lately:
            for word in dict.fromkeys(words):
                spelt = self.lately.get("=" + stem(word))
                yield from spelt or self.lately.get("~" + skeleton(word), ())

    def odds(self, vector: Mapping[str, float]) -> dict[str, float]:
        """Log-odds per slug for features with their values."""
        total = list(self.bias)
        for feature, value in vector.items():
            for place, weight in self.weights.get(feature, ()):
                total[place] += value * weight
        return dict(zip(self.slugs, total, strict=True))

    def _word(self, word: str, before: str | None) -> tuple[float, ...]:
        known = self._words.get((word, before))
        if known is not None:
            return known
        total = [0.0] * len(self.slugs)
        parts = list(features(word, before))
        for part in parts:
            for place, value in self.weights.get(part, ()):
                total[place] += value
        length = len(parts) ** 0.5
        scores = tuple(value / length for value in total)
        if len(self._words) < _REMEMBERED:
            self._words[word, before] = scores
        return scores


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
