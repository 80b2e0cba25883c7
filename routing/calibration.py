"""Fit how lexicon and model are weighed to messages that taught neither, of many styles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from routing.directory import Directory
from routing.examples import Example, judged
from routing.model import Calibration, Model, softmax
from routing.router import NOBODY, Evidence, evidence

#: What is tried for each number, one after the other, until nothing gets better.
_TRIED: Mapping[str, Sequence[float]] = {
    "lexicon": [step / 20 for step in range(25)],
    "nobody": [step / 4 for step in range(-8, 9)],
    "short": [step / 20 for step in range(6, 50)],
    "long": [step / 20 for step in range(6, 100)],
}
_ROUNDS = 4
#: The share of nobody's matters that is to be kept from being routed.
_KEPT = 0.96
_LIMITS = [step / 20 for step in range(19, 1, -1)]

#: What speaks for each destination of a message, and the right one.
_Seen = tuple[Evidence, str]


def held(folder: Path) -> Iterable[Example]:
    """The messages beside a directory's data that are kept from training."""
    for file in sorted((folder / "held").glob("*.jsonl")):
        yield from judged(file)


def calibrated(model: Model, directory: Directory, messages: Iterable[Example]) -> Model:
    """The model with the calibration that makes its probabilities come true on the messages."""
    seen = [(evidence(each.complaint(), directory, model), each.slug) for each in messages]
    if not seen:
        return model
    best = Calibration()
    for _ in range(_ROUNDS):
        for name, values in _TRIED.items():
            trials = [replace(best, **{name: value}) for value in values]
            best = min(trials, key=lambda trial: _surprise(seen, trial))
    return replace(model, calibration=replace(best, limit=_limit(seen, best)))


def _surprise(seen: Sequence[_Seen], calibration: Calibration) -> float:
    """Negative log-likelihood of the right answers."""
    chances = (softmax(found.weighed(calibration))[slug] for found, slug in seen)
    return -sum(math.log(max(chance, 1e-9)) for chance in chances)


def _limit(seen: Sequence[_Seen], calibration: Calibration) -> float:
    """The highest probability of nobody's up to which a matter may be routed, so that enough of
    nobody's are not."""
    outside = [
        softmax(found.weighed(calibration))[NOBODY] for found, slug in seen if slug == NOBODY
    ]
    return next(
        (
            limit
            for limit in _LIMITS
            if sum(chance >= limit for chance in outside) >= _KEPT * len(outside)
        ),
        _LIMITS[-1],
    )
