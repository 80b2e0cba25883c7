"""The model that ships came from the corpus that ships, and anybody can make it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalizer.language import corpus, detect, model
from normalizer.language.train import SCRIPTS, SETTINGS, train

LARGEST = 3_000_000  # bytes


def test_the_model_was_trained_from_this_corpus_with_these_settings() -> None:
    """Else: ``python -m normalizer.language.train``."""
    head, _ = model.load()
    assert head["corpus"] == corpus.digest()
    assert head["settings"] == SETTINGS
    assert head["weights"] == corpus.WEIGHTS


def test_training_twice_gives_the_same_file(tmp_path: Path) -> None:
    lines = corpus.read()[::100]
    for name in ("one", "two"):
        train(lines, tmp_path / name, "slice")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_model_knows_every_language_and_stays_small() -> None:
    _, models = model.load()
    assert {script: judge.labels for script, judge in models.items()} == SCRIPTS
    assert model.FILE.stat().st_size < LARGEST


@pytest.mark.parametrize("tag", ["ar", "fr", "en", "es", "zgh-Latn"])
def test_sentences_it_never_saw_are_recognised(tag: str) -> None:
    texts = [line.text for line in corpus.development() if line.tag == tag]
    right = sum(detect(text).tag == tag for text in texts)
    assert right / len(texts) > 0.94


def test_no_development_sentence_is_learnt() -> None:
    learnt = {line.text for line in corpus.read()}
    assert not learnt & {line.text for line in corpus.development()}


def test_a_message_that_is_one_long_word_is_weighed() -> None:
    judge = model.Model(("a", "b"), (0.0, 0.0), 1.0, {"x": [model.LIMIT, -model.LIMIT]})
    assert judge.chances(judge.weigh(["x" * 600]))["a"] > 0.99
