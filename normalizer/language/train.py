"""Builds the model from the corpus: ``python -m normalizer.language.train``."""

from __future__ import annotations

import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from normalizer.language import corpus, detect
from normalizer.language.corpus import Line
from normalizer.language.model import FILE, LIMIT
from normalizer.language.reading import WHOLE, grams, words

#: Which model tells which labels apart; Tifinagh needs none.
SCRIPTS = {
    "Arab": ("ar", "ary-Arab"),
    "Latn": ("ary-Latn", "zgh-Latn", "fr", "en", "es", "other"),
}
#: Laps over the lines, the first lap's step, how often a gram must occur to be learnt, the error
#: below which a line teaches nothing more, and how often a whole word counts.
SETTINGS = {"format": 1, "rounds": 12, "rate": 4.0, "seen": 2, "close": 0.02, "whole": WHOLE}
_SEED = 20170623

Row = list[float]


@dataclass(frozen=True, slots=True)
class Sample:
    """A line as the learner sees it: what its grams are, whose it is, how much it counts."""

    grams: list[str]
    label: int
    weight: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """The weights of one script's model before they are rounded."""

    labels: tuple[str, ...]
    bias: Row
    rows: Mapping[str, Row]


def learn(lines: Iterable[Line], labels: tuple[str, ...]) -> Learnt:
    """Multinomial logistic regression by gradient descent, one line at a time, in plain floats:
    the same lines in the same order give the same weights anywhere."""
    samples = _samples(lines, labels)
    seen = Counter(gram for sample in samples for gram in set(sample.grams))
    rows = {gram: [0.0] * len(labels) for gram, n in seen.items() if n >= SETTINGS["seen"]}
    known = [
        ([rows[gram] for gram in sample.grams if gram in rows], len(sample.grams), sample)
        for sample in samples
    ]
    bias = [0.0] * len(labels)
    draw = random.Random(_SEED)  # noqa: S311 - an order to learn in, not a secret
    # The mean over the later laps is steadier than whatever the last line happened to say.
    laps = int(SETTINGS["rounds"])
    first = laps // 3
    means = {gram: [0.0] * len(labels) for gram in rows}
    offset = [0.0] * len(labels)
    for lap in range(laps):
        draw.shuffle(known)
        rate = SETTINGS["rate"] / (1 + lap)
        for found, total, sample in known:
            _step(found, math.sqrt(total), sample, bias, rate)
        if lap >= first:
            for gram, row in rows.items():
                means[gram] = [
                    a + b / (laps - first) for a, b in zip(means[gram], row, strict=True)
                ]
            offset = [a + b / (laps - first) for a, b in zip(offset, bias, strict=True)]
    return Learnt(labels, offset, means)


def _samples(lines: Iterable[Line], labels: Sequence[str]) -> list[Sample]:
    """Every label is to weigh the same: hidden texts do not come in our corpus's proportions."""
    kept = [
        (line, found)
        for line in lines
        if line.tag in labels and (found := [g for word in words(line.text) for g in grams(word)])
    ]
    mass: dict[str, float] = defaultdict(float)
    for line, _ in kept:
        mass[line.tag] += corpus.WEIGHTS[line.source]
    mean = sum(mass.values()) / len(mass)
    # A label with hardly any text of its own is not blown up.
    share = {tag: min(2.0, mean / amount) for tag, amount in mass.items()}
    return [
        Sample(found, labels.index(line.tag), corpus.WEIGHTS[line.source] * share[line.tag])
        for line, found in kept
    ]


def _step(found: list[Row], norm: float, sample: Sample, bias: Row, rate: float) -> None:
    sums = [sum(column) / norm for column in zip(*found, strict=True)] or [0.0] * len(bias)
    raw = [a + b for a, b in zip(sums, bias, strict=True)]
    top = max(raw)
    powers = [math.exp(value - top) for value in raw]
    total = sum(powers)
    errors = [power / total for power in powers]
    errors[sample.label] -= 1.0
    if abs(errors[sample.label]) < SETTINGS["close"]:
        return
    move = rate * sample.weight
    moves = [(n, move * error / norm) for n, error in enumerate(errors) if abs(error) > 1e-3]
    for row in found:
        for n, amount in moves:
            row[n] -= amount
    for n, error in enumerate(errors):
        bias[n] -= 0.1 * move * error


def write(learnt: Mapping[str, Learnt], path: Path, digest: str) -> None:
    """One line of JSON, then a line per gram: itself, a tab, a whole number per label."""
    scripts: dict[str, object] = {}
    body: list[str] = []
    for script, part in learnt.items():
        scale = max(abs(weight) for row in part.rows.values() for weight in row) / LIMIT
        whole = {gram: [round(w / scale) for w in row] for gram, row in part.rows.items()}
        kept = sorted((gram, row) for gram, row in whole.items() if any(row))
        body += [f"{gram}\t{' '.join(map(str, row))}\n" for gram, row in kept]
        scripts[script] = {
            "labels": part.labels,
            "bias": [round(value, 6) for value in part.bias],
            "scale": round(scale, 9),
            "grams": len(kept),
        }
    head = {"settings": SETTINGS, "weights": corpus.WEIGHTS, "corpus": digest, "scripts": scripts}
    path.write_text(json.dumps(head) + "\n" + "".join(body), encoding="utf-8", newline="\n")


def train(lines: Sequence[Line], path: Path, digest: str) -> None:
    """Learn every script's model from ``lines`` and write them to ``path``."""
    write({script: learn(lines, labels) for script, labels in SCRIPTS.items()}, path, digest)


def main() -> None:
    """Write the model that ships, then say how well it does on sentences it has not seen."""
    train(corpus.read(), FILE, corpus.digest())
    right, total = Counter[str](), Counter[str]()
    for line in corpus.development():
        total[line.tag] += 1
        right[line.tag] += detect(line.text).tag == line.tag
    for tag in sorted(total):
        sys.stdout.write(f"{tag}\t{right[tag]}/{total[tag]}\n")


if __name__ == "__main__":
    main()
