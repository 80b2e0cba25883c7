"""Fit the model to the examples, the scopes and the lexicon: ``python -m routing.train``."""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from routing.directory import MOROCCO, Directory, Words
from routing.examples import Example, judged, shipped
from routing.kinds import SORTS
from routing.model import Model, features, softmax
from routing.model import shipped as shipped_model
from routing.router import NOBODY, kind_vector, log_odds
from routing.words import split

_EPOCHS = 10
_RATE = 1.0
#: Pulls weights that few examples ask for back to nothing.
_DECAY = 2e-4
#: Words of the lexicon are examples too, but worth less than a whole message.
_PHRASE = 0.3
#: A complaint that is an administration's, in the model of kinds.
_COMPLAINT = 0.5
#: Kinds are told apart by few features of many texts, so that the model may step wider.
_KIND_EPOCHS, _KIND_RATE = 15, 1.0
#: What a person decided counts more than an example: it is a real citizen's message.
_DECISION = 2.0
#: Weights smaller than this change no decision and are left out of the file.
_SMALLEST = 0.04
_FOLDS = 4
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
    rate: float = _RATE,
) -> Model:
    """Multinomial logistic regression by AdaGrad over (features, slug, weight).

    Pure Python on purpose: the worker refits it without a numerics library. Reproducible: the
    same lessons and seed give the same model.
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
    order = random.Random(seed)  # noqa: S311 - shuffles lessons, keeps no secret
    for epoch in range(epochs):
        order.shuffle(taught)
        pace = rate * (1 - epoch / epochs) + 0.02
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
                keep = 1.0 - _DECAY
                weights[feature] = [
                    keep * b - step * error for b, error in zip(row, errors, strict=True)
                ]
    return Model(
        slugs=tuple(slugs),
        bias=tuple(bias),
        weights={feature: kept for feature, row in weights.items() if (kept := _kept(row))},
    )


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


def _kept(row: Sequence[float]) -> tuple[tuple[int, float], ...]:
    return tuple((place, value) for place, value in enumerate(row) if abs(value) >= _SMALLEST)


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


def kind_lessons(
    directory: Directory, examples: Iterable[Example]
) -> Iterator[tuple[Mapping[str, float], str, float]]:
    """What the model of kinds is taught. Complaints are most of the examples, so each counts
    less."""
    for example in examples:
        weight = _COMPLAINT if example.kind == "complaint" and example.slug != NOBODY else 1.0
        yield kind_vector(example.complaint(), directory), example.kind, weight


def lessons_of(examples: Iterable[Example]) -> Iterator[tuple[str, str, float]]:
    """Each example with its subject, as the model is taught it."""
    for example in examples:
        said = f"{example.subject}\n{example.text}" if example.subject else example.text
        yield said, example.slug, 1.0


def lessons(directory: Directory, examples: Iterable[Example]) -> Iterator[tuple[str, str, float]]:
    """What the model is taught: examples, and the scopes and phrases of the administrations."""
    yield from lessons_of(examples)
    for administration in directory.administrations:
        if administration.city:
            continue
        for scope in administration.scope.values():
            yield scope, administration.slug, 1.0
        yield from _phrases(administration.lexicon, administration.slug)
    yield from _phrases(directory.outside, NOBODY)


def _phrases(lexicon: Words, slug: str) -> Iterator[tuple[str, str, float]]:
    for by_strength in lexicon.values():
        for strength, phrases in by_strength.items():
            for phrase in phrases:
                yield phrase, slug, _PHRASE if strength != "hint" else _PHRASE / 3


def fit_kinds(directory: Directory, examples: Iterable[Example]) -> Model:
    """The model of kinds that examples teach."""
    taught = kind_lessons(directory, examples)
    return fit_vectors(SORTS, taught, epochs=_KIND_EPOCHS, rate=_KIND_RATE)


def slugs_of(directory: Directory) -> tuple[str, ...]:
    """All that a text can be decided to be."""
    return (*(each.slug for each in directory.administrations if not each.city), NOBODY)


def temperature(
    directory: Directory, examples: Sequence[Example]
) -> tuple[float, list[tuple[Example, dict[str, float]]]]:
    """The divisor of log-odds that makes probabilities true on examples the model did not see.

    Each fold is every fifth run of ten neighbours: neighbours resemble each other, and a model
    that saw one would seem surer of the other than it will be of strangers' words.
    """
    unseen: list[tuple[Example, dict[str, float]]] = []
    for fold in range(_FOLDS):
        held = [e for place, e in enumerate(examples) if place // 10 % _FOLDS == fold]
        rest = [e for place, e in enumerate(examples) if place // 10 % _FOLDS != fold]
        model = fit(slugs_of(directory), lessons(directory, rest))
        unseen += [(e, log_odds(e.complaint(), directory, model)) for e in held]
    return min((t / 20 for t in range(4, 80)), key=lambda t: _surprise(unseen, t)), unseen


def _surprise(unseen: Sequence[tuple[Example, dict[str, float]]], heat: float) -> float:
    """Negative log-likelihood of the right answers at a temperature."""
    total = 0.0
    for example, odds in unseen:
        chances = softmax({slug: value / heat for slug, value in odds.items()})
        total -= math.log(max(chances[example.slug], 1e-9))
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on a directory's examples and write ``model.json`` and ``kinds.json`` beside them."""
    parser = argparse.ArgumentParser(prog="python -m routing.train", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=MOROCCO)
    parser.add_argument("--kinds", action="store_true", help="fit only the model of kinds")
    parser.add_argument("--decisions", type=Path, help="JSON lines of what people decided")
    parser.add_argument("--to", type=Path, help="only fit with those decisions, and write here")
    options = parser.parse_args(arguments)
    folder = options.folder
    directory = Directory.load(folder)
    examples = list(shipped(folder))
    if options.to:
        # Beside a gateway at work, whose requests go first.
        os.nice(10)
        decided = list(judged(options.decisions)) if options.decisions else []
        refit(directory, examples, decided).write(options.to)
        return 0
    fit_kinds(directory, examples).write(folder / "kinds.json")
    if options.kinds:
        return 0
    heat, unseen = temperature(directory, examples)
    model = fit(slugs_of(directory), lessons(directory, examples))
    Model(model.slugs, model.bias, model.weights, heat).write(folder / "model.json")
    sys.stdout.write(
        f"{len(examples)} examples, {len(model.weights)} features, temperature {heat}; "
        f"unseen in cross-validation: {_right(unseen, 1):.3f} top 1, "
        f"{_right(unseen, 3):.3f} top 3, {_kept_out(unseen):.3f} of nobody's recognised\n"
    )
    return 0


def refit(directory: Directory, examples: Sequence[Example], decisions: Sequence[Example]) -> Model:
    """The model that old examples and people's decisions teach together. It keeps the temperature
    of the shipped one, which was fitted on texts that it had not seen."""
    learnt = [(text, slug, _DECISION) for text, slug, _ in lessons_of(decisions)]
    model = fit(slugs_of(directory), (*lessons(directory, examples), *learnt))
    before = shipped_model(directory.source)
    return Model(model.slugs, model.bias, model.weights, before.temperature if before else 1.0)


def _right(unseen: Sequence[tuple[Example, dict[str, float]]], among: int) -> float:
    found = []
    for example, odds in unseen:
        if example.slug != NOBODY:
            slugs = sorted(odds.keys() - {NOBODY}, key=lambda slug: -odds[slug])
            found.append(example.slug in slugs[:among])
    return sum(found) / max(len(found), 1)


def _kept_out(unseen: Sequence[tuple[Example, dict[str, float]]]) -> float:
    outside = [odds for example, odds in unseen if example.slug == NOBODY]
    return sum(max(odds, key=lambda slug: odds[slug]) == NOBODY for odds in outside) / max(
        len(outside), 1
    )


if __name__ == "__main__":
    sys.exit(main())
