"""Dialogues with citizens, played through the real road: each message to the right case, each
answer right and single."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.conversation.rules import RULES
from tests.dialogues.play import Dialogue, Play, dialogues, rules

TABLE = Path(__file__).parents[2] / "docs" / "conversation.md"


@pytest.mark.parametrize("dialogue", dialogues(), ids=lambda dialogue: dialogue.name)
def test_dialogue(
    dialogue: Dialogue, stage: Callable[[], Play], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        stage().run(dialogue)
    assert set(rules(caplog.records)) == dialogue.rules


def test_every_row_of_the_table_is_written_down_with_dialogues_that_pass_it() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \|.*\| (\[[^|]*) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    )
    assert list(rows) == [rule.__name__ for rule in RULES]
    passed = {dialogue.name: dialogue.rules for dialogue in dialogues()}
    for rule, named in rows.items():
        files = re.findall(r"\[([\w-]+)\]", named)
        assert files, rule
        assert [name for name in files if rule not in passed.get(name, ())] == [], rule


def test_every_row_is_passed_in_two_languages_at_least() -> None:
    for rule in RULES:
        passing = [one for one in dialogues() if rule.__name__ in one.rules]
        assert len({language for one in passing for language in one.languages}) > 1, rule.__name__
