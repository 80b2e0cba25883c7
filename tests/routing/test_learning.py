"""A few decisions of people move the router at once, and move little else."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.directory import MOROCCO, Directory
from routing.examples import Example, complaint, judged
from routing.learning import taught
from routing.measure import judge, share
from routing.model import Model, shipped
from routing.router import NOBODY, decide

#: Sets of six topics that nobody thought of before, eight messages each.
TOPICS = ("topics.jsonl", "topics_later.jsonl", "topics_last.jsonl")
HELD_OUT = MOROCCO / "held" / "heldout.jsonl"
#: So many messages of each topic are decided by a person first.
REROUTES = 3


def _base() -> Model:
    model = shipped(MOROCCO)
    assert model is not None
    return model


def _by_topic(name: str) -> list[list[Example]]:
    examples = list(judged(Path(__file__).parent / name))
    return [examples[start : start + 8] for start in range(0, len(examples), 8)]


def _right(examples: list[Example], directory: Directory, model: Model) -> float:
    return share(judge(examples, directory, model), lambda each: each.first_right)


@pytest.mark.parametrize("name", TOPICS)
def test_three_reroutes_teach_a_new_topic_and_cost_the_others_little(name: str) -> None:
    directory, base = Directory.load(), _base()
    first = [each for topic in _by_topic(name) for each in topic[:REROUTES]]
    later = [each for topic in _by_topic(name) for each in topic[REROUTES:]]
    model = taught(base, [(each.complaint(), each.slug) for each in first])
    others = [each for each in judged(HELD_OUT) if each.slug != NOBODY]
    assert _right(later, directory, base) < 0.4
    assert _right(later, directory, model) >= 0.75
    assert _right(others, directory, model) >= _right(others, directory, base) - 0.02


def test_a_decision_works_at_once_and_is_no_part_of_the_models_file(tmp_path: Path) -> None:
    directory, base = Directory.load(), _base()
    said = complaint("Mon drone est cloué au sol", "fr")
    model = taught(base, [(said, "interior")] * 2)
    assert (
        decide(complaint("Un drone interdit", "fr"), directory, model).candidates[0][0]
        == "interior"
    )
    model.write(tmp_path / "model.json")
    assert not Model.read(tmp_path / "model.json").lately


def test_the_order_of_decisions_changes_nothing() -> None:
    base = _base()
    decisions = [
        (complaint("Mon drone est cloué au sol", "fr"), "interior"),
        (complaint("Un drone filme ma maison", "fr"), "police-dgsn"),
    ]
    assert taught(base, decisions).lately == taught(base, decisions[::-1]).lately


def test_a_decision_for_someone_the_model_does_not_know_is_left_aside() -> None:
    said = complaint("Mon drone est cloué au sol", "fr")
    assert not taught(_base(), [(said, "no-such")]).lately
