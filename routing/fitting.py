"""Multinomial logistic regression in pure Python: the worker refits without a numerics library."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing.model import Model, features
from routing.words import split

_EPOCHS = 10
_RATE = 1.0
#: Pulls weights that few examples ask for back to nothing, so that many stand for each word.
_DECAY = 1e-3
#: Weights smaller than this change no decision and are left out of the file.
_SMALLEST = 0.04
_SEED = 20170623


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A text as the model sees it: features with their values, the right slug, what it counts."""

    features: tuple[tuple[str, float], ...]
    place: int
    weight: float


def fit(
    slugs: Sequence[str], lessons: Iterable[tuple[str, str, float]], *, seed: int = _SEED
) -> Model:
    """The model that (text, slug, weight) teach."""
    vectors = ((word_vector(text), slug, weight) for text, slug, weight in lessons)
    return fit_vectors(slugs, vectors, seed=seed)


def fit_vectors(
    slugs: Sequence[str],
    lessons: Iterable[tuple[Mapping[str, float], str, float]],
    *,
    seed: int = _SEED,
    epochs: int = _EPOCHS,
    decay: float = _DECAY,
) -> Model:
    """The model that (features, slug, weight) teach by AdaGrad.

    Reproducible: the same lessons in the same order and the same seed give the same model.
    """
    places = {slug: place for place, slug in enumerate(slugs)}
    taught = [
        _Lesson(tuple(vector.items()), places[slug], weight)
        for vector, slug, weight in lessons
        if slug in places
    ]
    taught = _without_rare_letters(taught)
    width = len(slugs)
    weights: dict[str, list[float]] = {}
    slopes: dict[str, float] = {}
    bias = [0.0] * width
    keep = 1.0 - decay
    order = random.Random(seed)  # noqa: S311 - shuffles lessons, keeps no secret
    for epoch in range(epochs):
        order.shuffle(taught)
        pace = _RATE * (1 - epoch / epochs) + 0.02
        for lesson in taught:
            scores = list(bias)
            for feature, value in lesson.features:
                row = weights.get(feature)
                if row is not None:
                    scores = [a + value * b for a, b in zip(scores, row, strict=True)]
            errors = _shares(scores)
            errors[lesson.place] -= 1.0
            errors = [lesson.weight * error for error in errors]
            steepness = sum(error * error for error in errors)
            bias = [b - 0.02 * pace * error for b, error in zip(bias, errors, strict=True)]
            for feature, value in lesson.features:
                slope = slopes.get(feature, 1e-2) + value * value * steepness
                slopes[feature] = slope
                step = pace * value / math.sqrt(slope)
                row = weights.get(feature) or [0.0] * width
                weights[feature] = [
                    keep * b - step * error for b, error in zip(row, errors, strict=True)
                ]
    kept = {feature: _kept(row) for feature, row in weights.items()}
    return Model.of(slugs, bias, {feature: row for feature, row in kept.items() if any(row)})


def _without_rare_letters(taught: list[_Lesson]) -> list[_Lesson]:
    """Letter sequences of a single text say no more than its words, and are most of the file."""
    seen = Counter(feature for lesson in taught for feature, _ in lesson.features)
    return [
        _Lesson(
            tuple(pair for pair in lesson.features if pair[0][0] in "=~" or seen[pair[0]] > 1),
            lesson.place,
            lesson.weight,
        )
        for lesson in taught
    ]


def _kept(row: Sequence[float]) -> list[float]:
    return [value if abs(value) >= _SMALLEST else 0.0 for value in row]


def word_vector(text: str) -> dict[str, float]:
    """The features of a text, weighted as ``Model.score`` weighs them."""
    words = split(text)
    vector: dict[str, float] = {}
    before: str | None = None
    for word in words:
        parts = list(features(word, before))
        for part in parts:
            vector[part] = vector.get(part, 0.0) + 1 / math.sqrt(len(parts) * len(words))
        before = word
    return vector


def _shares(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    odds = [math.exp(score - highest) for score in scores]
    total = sum(odds)
    return [odd / total for odd in odds]
