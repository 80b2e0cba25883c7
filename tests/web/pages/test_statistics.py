"""The statistics page: figures that anyone can read, hear, and take along."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from gateway import clock
from gateway.house import House
from gateway.web.pages.charts import WIDTH, bars, columns
from tests.cases_in_bulk import filed, put
from tests.web.pages.citizen import Citizen, words


@pytest.fixture(autouse=True)
def _cases(house: House) -> None:
    now = clock.now()
    put(
        house.store,
        [
            *(filed(now, days=2, channel="sms", language="ar") for _ in range(9)),
            *(filed(now, days=40, channel="voice", language="fr") for _ in range(6)),
            *(filed(now, channel="email", language="ar", administration=None) for _ in range(3)),
        ],
    )


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        pytest.param("fr", ("Par moyen de contact", "Tous les autres ensemble", "17,2"), id="fr"),
        pytest.param("ar", ("حسب الإدارة", "الباقي مجموعا", "17,2"), id="ar"),
        pytest.param("en", ("By kind", "All others together", "17.2"), id="en"),
    ],
)
def test_the_figures_are_told_in_the_pages_language(
    citizen: Citizen, code: str, shown: tuple[str, ...]
) -> None:
    said = words(citizen.get(f"/{code}/statistics"))
    for one in shown:
        assert one in said


def test_each_chart_says_what_it_shows_and_stands_beside_its_table(citizen: Citizen) -> None:
    page = citizen.get("/fr/statistics").text
    assert page.count("<svg") == page.count("<table>") == 5
    assert '<desc id="channel-desc">SMS: 9; Tous les autres ensemble: 9</desc>' in page


def test_a_table_can_be_taken_along(citizen: Citizen) -> None:
    answer = citizen.get("/ar/statistics/channel.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [(row["key"], row["received"], row["mean_days"]) for row in rows] == [
        ("sms", "9", "2.0"),
        ("others", "9", "40.0"),
    ]


@pytest.mark.parametrize("name", ["rating", "..", "month.csv", "text"])
def test_nothing_else_can_be_counted(citizen: Citizen, name: str) -> None:
    assert citizen.get(f"/fr/statistics/{name}.csv").status_code == 404


@pytest.mark.parametrize("draw", [bars, columns])
@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("values", [[], [0.0], [1.0, 1e9], [5.0] * 13])
def test_no_bar_leaves_its_drawing(draw, mirrored: bool, values: list[float]) -> None:  # type: ignore[no-untyped-def]  # two functions of one shape
    chart = draw("a", [("label", value, str(value)) for value in values], mirrored=mirrored)
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= 0
        assert bar.y + bar.height <= chart.height


def test_a_long_name_leaves_room_for_its_figure() -> None:
    chart = bars("a", [("Eau et électricité (ONEE / société régionale)", 1.0, "1")], mirrored=False)
    assert len(chart.bars[0].label) <= 36
    assert chart.bars[0].label.endswith("…")
    assert "régionale" in chart.description
