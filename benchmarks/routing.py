"""How well complaints are routed, with and without each ingredient, and how fast a few decisions
teach a new topic: ``python -m benchmarks.routing`` prints the tables of docs/routing.md."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from routing.directory import MOROCCO, Administration, Directory
from routing.examples import Example, judged
from routing.learning import taught
from routing.measure import judge, report, share
from routing.model import Model, shipped
from routing.router import NOBODY

TESTS = Path(__file__).parent.parent / "tests" / "routing"
#: Messages of each topic of tests/routing/topics.jsonl, and how many a person decides first.
PER_TOPIC, REROUTES = 8, 3


def main() -> int:
    """Print the tables."""
    directory = Directory.load()
    bare = Directory(directory.administrations, directory.cities, directory.outside)
    mute = Directory(
        tuple(_without_words(directory)),
        directory.cities,
        source=directory.source,
        turns=directory.turns,
    )
    messages = list(judged(TESTS / "counter.jsonl"))
    for name, ingredients in (
        ("lexicon alone", bare),
        ("model alone", mute),
        ("lexicon and model", directory),
    ):
        sys.stdout.write(f"\n### {name}\n\n{report(judge(messages, ingredients, None))}\n")
    sys.stdout.write(f"\n### three reroutes on each of six new topics\n\n{_learning(directory)}\n")
    return 0


def _without_words(directory: Directory) -> list[Administration]:
    return [replace(each, lexicon={}) for each in directory.administrations]


def _learning(directory: Directory) -> str:
    topics = list(judged(TESTS / "topics.jsonl"))
    first = [each for place, each in enumerate(topics) if place % PER_TOPIC < REROUTES]
    later = [each for place, each in enumerate(topics) if place % PER_TOPIC >= REROUTES]
    others = [each for each in judged(TESTS / "counter.jsonl") if each.slug != NOBODY]
    before = shipped(MOROCCO)
    if before is None:
        return "no model ships"
    after = taught(before, [(each.complaint(), each.slug) for each in first])
    rows = (
        ("the topics' other messages", later),
        ("all other matters", others),
    )
    return "\n".join(
        (
            "| | before | after |",
            "|---|---|---|",
            *(
                f"| {name} | {_right(group, directory, before):.3f} "
                f"| {_right(group, directory, after):.3f} |"
                for name, group in rows
            ),
        )
    )


def _right(examples: Sequence[Example], directory: Directory, model: Model) -> float:
    return share(judge(examples, directory, model), lambda each: each.first_right)


if __name__ == "__main__":
    sys.exit(main())
