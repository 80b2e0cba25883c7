"""One JSON line in, one JSON line out, whatever the line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.command import route_line


def test_a_line_is_routed_to_the_destination_with_the_city_beside_it() -> None:
    line = json.dumps({"text": "Les poubelles débordent à Salé", "lang": "fr"})
    answer = json.loads(route_line(line))
    assert answer["administration"] == "commune"
    assert answer["city"] == "sale"
    assert answer["kind"] == "complaint"
    assert answer["candidates"][0][0] == "commune"
    assert len(answer["candidates"]) >= 3
    assert 0 < answer["confidence"] <= 1
    assert answer["reasons"]


@pytest.mark.parametrize(
    "line",
    ["", "x", "[]", "null", "3", "{}", '{"text": 3}', '{"text": null}', "[" * 100_000,
     '{"text": "a", "lang": []}', '{"text": "a", "subject": {}}'],
)  # fmt: skip
def test_a_bad_line_is_answered_with_an_error(line: str) -> None:
    assert set(json.loads(route_line(line))) == {"error"}


@settings(max_examples=60)
@given(st.text(max_size=120))
def test_no_line_raises(line: str) -> None:
    json.loads(route_line(line))
    json.loads(route_line(json.dumps({"text": line, "lang": line, "subject": line})))
