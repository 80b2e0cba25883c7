"""A linear model over runs of characters, read from a file and scored with whole numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from normalizer.language.reading import grams

FILE = Path(__file__).with_name("model.tsv")

#: A weight is a whole number of this many steps to one, from -LIMIT to LIMIT.
LIMIT = 127
# All labels' weights of one gram lie side by side in a single int, so that one addition adds
# them all. A lane holds the sum of every gram of the longest message without running over.
_LANE = 24
_MASK = (1 << _LANE) - 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much a word (or the sum of some) speaks for each label, and by how many grams."""

    lanes: int
    grams: int

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.lanes + other.lanes, self.grams + other.grams)


class Model:
    """The labels of one script, told apart."""

    def __init__(
        self, labels: Sequence[str], bias: Sequence[float], scale: float, packed: Mapping[str, int]
    ) -> None:
        self.labels = tuple(labels)
        self._bias = tuple(bias)
        self._scale = scale
        self._packed = packed
        self._unknown = pack([0] * len(labels))
        #: Messages share most of their words.
        self.weigh = lru_cache(maxsize=8192)(self._weigh)

    def _weigh(self, word: str) -> Evidence:
        found = [self._packed.get(gram, self._unknown) for gram in grams(word)]
        return Evidence(sum(found), len(found))

    def chances(self, evidence: Evidence) -> dict[str, float]:
        """The probability of each label, adding up to 1."""
        step = self._scale / math.sqrt(evidence.grams or 1)
        lanes = (evidence.lanes >> (_LANE * n) & _MASK for n in range(len(self.labels)))
        raw = [
            bias + (lane - LIMIT * evidence.grams) * step
            for bias, lane in zip(self._bias, lanes, strict=True)
        ]
        top = max(raw)
        powers = [math.exp(value - top) for value in raw]
        total = sum(powers)
        return {label: power / total for label, power in zip(self.labels, powers, strict=True)}


def pack(weights: Sequence[int]) -> int:
    """Weights from -LIMIT to LIMIT as lanes of one int."""
    return sum((weight + LIMIT) << (_LANE * n) for n, weight in enumerate(weights))


def load(path: Path = FILE) -> tuple[dict[str, object], dict[str, Model]]:
    """What the file says about its making, and the model of each script."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        head = json.loads(next(lines))
        models = {}
        for script, part in head.pop("scripts").items():
            packed = {}
            for _ in range(part["grams"]):
                gram, _, weights = next(lines).partition("\t")
                packed[gram] = pack([int(weight) for weight in weights.split()])
            models[script] = Model(part["labels"], part["bias"], part["scale"], packed)
    return head, models
