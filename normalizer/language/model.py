"""A linear model over runs of characters, read from a file and scored with whole numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from normalizer.lanes import lanes
from normalizer.language.reading import grams
from normalizer.memo import Memo

FILE = Path(__file__).with_name("model.tsv")

#: A weight is a whole number of this many steps to one, from -LIMIT to LIMIT.
LIMIT = 127


class Model:
    """The labels of one script, told apart. What speaks for them are lanes: a weight for each
    label, and behind them how many grams it is the sum of."""

    def __init__(
        self,
        labels: Sequence[str],
        bias: Sequence[float],
        scale: float,
        weights: Mapping[str, Sequence[int]],
    ) -> None:
        self.labels = tuple(labels)
        self._bias = tuple(bias)
        self._scale = scale
        self._lanes = lanes(len(labels) + 1)
        self._packed = {gram: self._lanes.packed((*row, 0)) for gram, row in weights.items()}
        self._one = self._lanes.packed([0] * len(labels) + [1])
        self._weights = Memo(self._weigh)

    def weigh(self, words: Iterable[str]) -> int:
        """What these words say."""
        return sum(self._weights.each(words))

    def _weigh(self, word: str) -> int:
        found = grams(word)
        return sum(filter(None, map(self._packed.get, found))) + len(found) * self._one

    def chances(self, evidence: int) -> dict[str, float]:
        """The probability of each label, adding up to 1, by what was weighed."""
        *sums, count = self._lanes.unpacked(evidence)
        step = self._scale / math.sqrt(count or 1)
        raw = [bias + found * step for bias, found in zip(self._bias, sums, strict=True)]
        top = max(raw)
        powers = [math.exp(value - top) for value in raw]
        total = sum(powers)
        return {label: power / total for label, power in zip(self.labels, powers, strict=True)}


def load(path: Path = FILE) -> tuple[dict[str, object], dict[str, Model]]:
    """What the file says about its making, and the model of each script."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        head = json.loads(next(lines))
        models = {}
        for script, part in head.pop("scripts").items():
            weights = {}
            for _ in range(part["grams"]):
                gram, _, row = next(lines).partition("\t")
                weights[gram] = [int(weight) for weight in row.split()]
            models[script] = Model(part["labels"], part["bias"], part["scale"], weights)
    return head, models
