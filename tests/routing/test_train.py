"""Training is reproducible, and a model survives its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.directory import MOROCCO, Directory
from routing.fitting import fit
from routing.model import BadModel, Model, shipped, shipped_kinds
from routing.train import origin

LESSONS = [
    ("the train is late", "railways", 1.0),
    ("no seat in the train", "railways", 1.0),
    ("the tap has no water", "water", 1.0),
    ("brown water from the tap", "water", 1.0),
]
SLUGS = ("railways", "water")


def test_the_same_lessons_make_the_same_model() -> None:
    assert fit(SLUGS, LESSONS).weights == fit(SLUGS, LESSONS).weights


def test_the_committed_models_are_what_training_makes_of_the_data_and_code() -> None:
    """By what they say they were made from: to make them anew (``python -m routing.train --check``)
    takes minutes."""
    made_from = origin(Directory.load(), MOROCCO)
    for model in (shipped(MOROCCO), shipped_kinds(MOROCCO)):
        assert model is not None
        assert model.made_from == made_from, "run python -m routing.train"


def test_a_model_decides_the_same_after_its_file(tmp_path: Path) -> None:
    model = fit(SLUGS, LESSONS)
    model.write(tmp_path / "model.json")
    kept = Model.read(tmp_path / "model.json")
    words = ["train", "late"]
    scores = kept.score(words, [1.0, 1.0])
    assert scores["railways"] > scores["water"]
    assert scores == pytest.approx(model.score(words, [1.0, 1.0]), abs=0.05)


def test_the_heaviest_word_said_throughout_the_longest_text_is_weighed() -> None:
    """Its sums are whole numbers of 64 bits, which it does not fill: said four times as often it
    weighs twice as much."""
    model = shipped(MOROCCO)
    assert model is not None
    once, often, most = (
        model.score(["cnss"] * count, [1.6] * count)["cnss"] for count in (1, 10_000, 40_000)
    )
    bias = model.bias[model.slugs.index("cnss")] / 100
    assert (most - bias) / (often - bias) == pytest.approx(2, abs=0.001)
    assert once > bias


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"slugs": 3}', "\x80"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadModel):
        Model.read(file)
