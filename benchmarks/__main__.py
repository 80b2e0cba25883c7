"""Measures everything side by side, and writes what came of it into the documentation."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from benchmarks import page
from benchmarks.bench import Bench
from benchmarks.machine import Busy
from benchmarks.results import RESULTS, Part, Results
from benchmarks.rows import Row

#: The parts in their order, with the module that measures each.
PARTS = {
    "accept": "benchmarks.accept",
    "complete": "benchmarks.complete",
    "costs": "benchmarks.costs",
    "helpdesk": "benchmarks.helpdesk.compare",
    "million": "benchmarks.million",
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice([*PARTS]))
@click.option("--repetitions", default=3, show_default=True, help="How often each is measured.")
@click.option("--short", is_flag=True, help="Little, and once: to see that it works.")
@click.option("--busy", is_flag=True, help="Measure although others use the machine.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the figures here, and into no page."
)
def main(
    parts: tuple[str, ...], repetitions: int, out: Path | None, *, short: bool, busy: bool
) -> None:
    """Measure all parts, or those named; the figures of the others stay as they are."""
    # Whoever ends us ends what we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # What is measured inside this process collects its garbage as ``python -m gateway`` does.
    gc.set_threshold(50_000)
    console = Console(stderr=True)
    results = Results.read(out or RESULTS)
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("", total=len(parts or PARTS))
        for part in parts or PARTS:
            bench = Bench(repetitions, short, busy, _teller(progress, bar, part))
            measure: Callable[[Bench], list[Row]] = import_module(PARTS[part]).run
            try:
                rows = measure(bench)
            except Busy as found:
                raise SystemExit(str(found)) from None
            results = results.with_part(part, Part.of(rows, bench))
            # What was measured so far is kept, whatever becomes of the rest.
            results.write(out or RESULTS)
            if out is None:
                page.write(results)
            progress.console.print(page.shown(part, rows))
            progress.advance(bar)


def _teller(progress: Progress, bar: TaskID, part: str) -> Callable[[str], None]:
    return lambda what: progress.update(bar, description=f"{part}: {what}")


if __name__ == "__main__":
    main()
