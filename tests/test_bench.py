"""The benchmark's own arithmetic: medians, ratios, tables of the documentation, the idle guard."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from benchmarks import machine, page
from benchmarks.bench import Bench
from benchmarks.machine import Busy, expect_idle
from benchmarks.results import RESULTS, Part, Results
from benchmarks.rows import Row, Table, percentiles
from benchmarks.sizing import Need
from benchmarks.tables import number

DOCS = Path(__file__).parent.parent / "docs"


def measured(*rates: float) -> Table:
    """Two sides in so many repetitions; ours takes 100 µs a message, theirs ten times as many."""
    table = Table()
    for rate in rates:
        cpu = {"web": 0.01, "load": 5.0}
        table.add("ours", rate, "/s", cpu=cpu, messages=100)
        table.add("theirs", rate / 4, "/s", cpu={"web": 0.1, "load": 1.0}, messages=100)
    return table


def test_a_figure_is_the_median_of_its_repetitions() -> None:
    row = measured(400, 100, 300).rows()[0]
    assert (row.figure, row.values) == (300, (400, 100, 300))
    assert row.beside == pytest.approx({"web": 100, "load": 50_000})


def test_ratios_are_taken_within_each_repetition() -> None:
    """What slows the machine down slows both sides of one repetition."""
    table = measured(400, 8)
    table.ratio("rate", "ours", "theirs", at_least=3)
    table.ratio("cpu", "theirs", "ours", of_cpu=True, at_least=11)
    rate, cpu = table.rows()[2:]
    assert rate.values == pytest.approx([4, 4])
    # What measures is no cost of what is measured.
    assert cpu.values == pytest.approx([10, 10])
    assert [rate.kept, cpu.kept] == [True, False]


@pytest.mark.parametrize(
    ("at_least", "at_most", "kept"),
    [
        (None, None, None),
        (5, None, True),
        (5.1, None, False),
        (None, 5, True),
        (None, 4.9, False),
    ],
)
def test_a_row_says_whether_it_is_as_wanted(
    at_least: float | None, at_most: float | None, kept: bool | None
) -> None:
    assert Row("latency", "ms", (5, 1, 9), {}, at_least, at_most).kept is kept


def test_percentiles_are_milliseconds() -> None:
    assert percentiles([n / 1000 for n in range(101)]) == pytest.approx((50, 99))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.1419, "0.14"), (2.25, "2.2"), (19.94, "19.9"), (20.4, "20"), (12345.6, "12,346")],
)
def test_numbers_have_the_digits_that_mean_something(value: float, shown: str) -> None:
    assert number(value) == shown


def test_an_idle_machine_is_waited_for() -> None:
    """Seconds worked by others, read before and after each look: busy, busy, at rest."""
    read, slept = iter([0.0, 0.5, 0.5, 0.61, 0.61, 0.70]), list[float]()
    expect_idle(60, worked=lambda: next(read), sleep=slept.append)
    assert slept == [1.0, 1.0, 1.0]


def test_a_machine_that_stays_busy_is_not_measured() -> None:
    clock = count()
    with pytest.raises(Busy, match="100%"):
        expect_idle(3, worked=lambda: float(next(clock)), sleep=lambda _: None)


def test_what_the_kernel_tells_is_read_right() -> None:
    stat = "cpu  100 20 30 999 888 4 5 6 7 0\ncpu0 1 1 1 1"
    assert machine._busy_ticks(stat) == 165
    rollup = "Rss: 40 kB\nPss: 30 kB\nPss_Dirty: 9 kB\nPrivate_Clean: 5 kB\nPrivate_Dirty: 6 kB\n"
    assert machine._sizes(rollup) == (40_960, 30_720, 11_264)


def a_run(*, short: bool = False, busy: bool = False) -> Bench:
    return Bench(3, short, busy, lambda _: None, others=[0.02, 0.31])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "at most 31% of a core."),
        ({"busy": True}, "**Others used the machine"),
        ({"short": True, "busy": True}, "these figures mean nothing"),
    ],
)
def test_results_are_kept_with_their_circumstances(
    tmp_path: Path, how: dict[str, bool], said: str
) -> None:
    part = Part.of(measured(400, 100).rows(), a_run(**how))
    made = Results.read(tmp_path / "none").with_part("complete", part)
    made.write(tmp_path / "results.json")
    kept = Results.read(tmp_path / "results.json")
    assert kept == made
    assert said in kept.parts["complete"].circumstances


def test_a_table_replaces_what_stood_between_its_marks() -> None:
    text = "before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nafter <!-- bench:b -->"
    assert page.between(text, "bench:a", r"\1 new") == (
        "before\n<!-- bench:a -->\n\n\\1 new\n\n<!-- /bench:a -->\nafter <!-- bench:b -->"
    )
    assert page.between(text, "bench:b", "new") == text


def test_an_installation_is_planned_at_half_of_what_its_processors_can() -> None:
    """Ten million cases a year are 11.4 messages in a second of the busiest hour."""
    cost = Row("complete", "/s", (600,), {"web": 1000, "worker": 2000, "PostgreSQL": 500})
    need = Need.of(cost, 10_000_000)
    assert need.rate == pytest.approx(11.415, abs=0.001)
    assert need.cores == pytest.approx(2 * 11.415 * 0.0035, abs=0.001)
    assert Need.of(cost, 10_000_000, surge=100).cores == pytest.approx(100 * need.cores)


def test_every_block_has_its_place_in_the_documentation() -> None:
    """A table that is made and stands nowhere would be missed by nobody."""
    pages = "".join((DOCS / name).read_text("utf-8") for name in page.PAGES)
    results = Results.read(RESULTS)
    assert page.blocks(results)
    for mark in page.blocks(results):
        assert f"<!-- {mark} -->" in pages, mark
        assert f"<!-- /{mark} -->" in pages, mark


def test_the_documentation_says_what_the_results_say() -> None:
    results = Results.read(RESULTS)
    for name, text in page.written(results).items():
        assert (DOCS / name).read_text("utf-8") == text, f"{name}: python -m benchmarks.page"
