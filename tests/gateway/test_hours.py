"""Opening hours are said in the reader's own names of days."""

from __future__ import annotations

import pytest

from gateway.hours import in_words
from routing.directory import Directory

WEEK = "Mo-Fr 08:30-16:30"


@pytest.mark.parametrize(
    ("hours", "language", "said"),
    [
        (WEEK, "en", ["Monday – Friday 08:30–16:30"]),
        (WEEK, "fr", ["lundi – vendredi 08:30–16:30"]),
        (WEEK, "ar", ["الاثنين – الجمعة 08:30–16:30"]),
        (WEEK, "ary-Arab", ["الاثنين – الجمعة 08:30–16:30"]),
        (WEEK, "zgh-Tfng", ["ⴰⵢⵏⴰⵙ – ⴰⵙⵉⵎⵡⴰⵙ 08:30–16:30"]),
        (
            "Mo-Th,Sa 08:30-12:00; Fr 09:00-11:30",
            "fr",
            ["lundi – jeudi, samedi 08:30–12:00", "vendredi 09:00–11:30"],
        ),
    ],
)
def test_hours_are_said_in_words(hours: str, language: str, said: list[str]) -> None:
    assert list(in_words(hours, language)) == said


def test_every_administration_of_the_shipped_directory_has_hours_that_can_be_said() -> None:
    directory = Directory.load()
    for each in directory.administrations:
        hours = directory.hours_of(each)
        assert hours
        assert all("-" not in rule for rule in in_words(hours, "en")), each.slug
