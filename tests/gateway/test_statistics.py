"""The figures for everyone: right, quickly, and about nobody in particular."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.house import House
from gateway.statistics import (
    DIMENSIONS,
    LEAST,
    OTHERS,
    Figures,
    Statistics,
    _folded,
    _Group,
    _safe,
)
from gateway.store import Store
from tests.cases_in_bulk import filed, put

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def tables(store: Store) -> Mapping[str, Mapping[str, Figures]]:
    report = Statistics(store).count(NOW)
    return {name: {row.key: row for row in rows} for name, rows in report.tables.items()}


def test_received_answered_delays_ratings_and_reopened_are_counted(store: Store) -> None:
    days = [1, 2, 3, 10, 20, 30]
    put(
        store,
        [
            *(filed(NOW - timedelta(days=40), days=d + 0.5, rating=4) for d in days),
            *(filed(NOW, reopened=1, channel="voice") for _ in range(6)),
        ],
    )
    total = Statistics(store).count(NOW).total
    assert total == Figures("", 12, 6, 6, 6, mean=11.0, median=6.5, satisfaction=4.0)
    found = tables(store)
    assert found["channel"]["sms"].median == 6.5
    assert found["channel"]["voice"].answered == 0
    assert list(found["month"]) == ["2026-10", "2026-11"]


def test_an_odd_number_has_its_middle_one_as_median(store: Store) -> None:
    put(store, [filed(NOW - timedelta(days=50), days=d) for d in (1, 1, 1, 9, 9, 40, 40)])
    total = Statistics(store).count(NOW).total
    assert total is not None
    assert total.median == 9


def test_only_this_month_and_the_twelve_before_it_count(store: Store) -> None:
    inside, outside = datetime(2025, 11, 1, tzinfo=UTC), datetime(2025, 10, 31, 23, tzinfo=UTC)
    put(store, [filed(at) for at in (inside, outside) for _ in range(7)])
    total = Statistics(store).count(NOW).total
    assert total is not None
    assert total.received == 7


def test_too_few_cases_are_not_told_of_at_all(store: Store) -> None:
    put(store, [filed(NOW) for _ in range(LEAST - 1)])
    report = Statistics(store).count(NOW)
    assert report.total is None
    assert not any(report.tables.values())


def test_a_small_group_is_counted_with_others(store: Store) -> None:
    put(
        store,
        [
            *(filed(NOW, language="ar") for _ in range(20)),
            *(filed(NOW, language="fr") for _ in range(8)),
            *(filed(NOW, language="es") for _ in range(2)),
        ],
    )
    languages = tables(store)["language"]
    # Spanish alone would be the total less the rest: French goes with it.
    assert {key: row.received for key, row in languages.items()} == {"ar": 20, OTHERS: 10}


def test_the_delay_of_a_few_is_not_told(store: Store) -> None:
    put(
        store,
        [
            *(filed(NOW - timedelta(days=9), days=3, channel="sms") for _ in range(9)),
            *(filed(NOW - timedelta(days=9), days=5, channel="email") for _ in range(7)),
            *(filed(NOW - timedelta(days=9), days=8, channel="voice") for _ in range(2)),
            *(filed(NOW, channel="voice") for _ in range(9)),
        ],
    )
    channels = tables(store)["channel"]
    assert (channels["voice"].answered, channels["voice"].mean) == (None, None)
    # Nor that of the next larger group, or the total would give the few away.
    assert (channels["email"].answered, channels["email"].median) == (None, None)
    assert channels["sms"].answered == 9


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(1, 40), max_size=9))
def test_no_row_is_small_and_none_is_lost(counts: dict[str, int]) -> None:
    folded = _folded({key: _Group(received=count) for key, count in counts.items()})
    assert sum(group.received for group in folded.values()) == sum(counts.values())
    if sum(counts.values()) >= LEAST:
        assert all(group.received >= LEAST for group in folded.values())


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 40), max_size=9))
def test_what_is_left_out_of_a_column_cannot_be_worked_out(counts: dict[str, int]) -> None:
    told = _safe(counts)
    hidden = [key for key, count in told.items() if count is None]
    assert all(count == 0 or count >= LEAST for count in told.values() if count is not None)
    others = [key for key, count in counts.items() if count >= LEAST]
    if hidden and others:
        assert len(hidden) > 1
        assert sum(counts[key] for key in hidden) >= LEAST


def test_figures_are_kept_for_some_minutes(house: House) -> None:
    assert house.statistics.report(NOW).total is None
    put(house.store, [filed(NOW) for _ in range(9)])
    assert house.statistics.report(NOW + timedelta(minutes=9)).total is None
    later = house.statistics.report(NOW + timedelta(minutes=11)).total
    assert later is not None
    assert later.received == 9


def test_every_table_counts_every_case(store: Store) -> None:
    chance = Random(7)
    put(store, (_any_case(chance) for _ in range(3_000)))
    report = Statistics(store).count(NOW)
    assert report.total is not None
    assert report.total.received == 3_000
    for name in DIMENSIONS:
        assert sum(row.received for row in report.tables[name]) == 3_000


def _any_case(chance: Random) -> dict[str, Any]:
    days = chance.randrange(90) if chance.random() < 0.8 else None
    return filed(
        NOW - timedelta(days=chance.randrange(360)),
        days=days,
        channel=chance.choice(("sms", "voice", "email", "telegram", "webform")),
        language=chance.choice(("ar", "ary-Arab", "fr", "zgh-Tfng")),
        administration=chance.choice(("health", "interior", "narsa", None)),
        rating=chance.choice((None, None, 1, 3, 5)),
    )
