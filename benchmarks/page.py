"""Writes the tables of the documentation from the results: ``python -m benchmarks.page``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmarks import sizing
from benchmarks.results import RESULTS, Results
from benchmarks.rows import Row
from benchmarks.tables import markdown, number

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("performance.md", "scaling.md", "operations.md")


def write(results: Results, docs: Path = DOCS) -> None:
    """Replace what stands between the marks of each page."""
    for name, text in written(results, docs).items():
        (docs / name).write_text(text, "utf-8")


def written(results: Results, docs: Path = DOCS) -> dict[str, str]:
    """The pages by name, with the tables of these results."""
    made = {}
    for name in PAGES:
        text = (docs / name).read_text("utf-8")
        for mark, block in blocks(results).items():
            text = between(text, mark, block)
        made[name] = text
    return made


def blocks(results: Results) -> dict[str, str]:
    """All tables and sentences, by their marks."""
    made = {f"bench:{name}": _block(results, name) for name in results.parts}
    return made | sizing.blocks(results)


def between(text: str, mark: str, block: str) -> str:
    """The text with the block between ``<!-- mark -->`` and ``<!-- /mark -->``, if it has them."""
    whole = re.compile(f"(<!-- {re.escape(mark)} -->\n).*?(<!-- /{re.escape(mark)} -->)", re.S)
    return whole.sub(lambda found: f"{found[1]}\n{block}\n\n{found[2]}", text)


def shown(part: str, rows: Sequence[Row]) -> Table:
    """The same for the terminal."""
    table = Table(*_HEAD, title=part, box=None, pad_edge=False, title_justify="left")
    for cells in _cells(rows):
        table.add_row(*cells)
    return table


def _block(results: Results, name: str) -> str:
    part = results.parts[name]
    return f"{markdown(_HEAD, _cells(part.rows))}\n\n{part.circumstances}"


_HEAD = ("", "median", "from", "to", "wanted", "CPU µs a message; MB")


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [
        [
            row.name,
            f"{number(row.figure)} {row.unit}".rstrip(),
            number(min(row.values)),
            number(max(row.values)),
            _wanted(row),
            _beside(row),
        ]
        for row in rows
    ]


def _wanted(row: Row) -> str:
    if row.kept is None:
        return ""
    bound = f"≥ {row.at_least:g}" if row.at_least is not None else f"≤ {row.at_most:g}"
    return f"{bound}: {'yes' if row.kept else '**no**'}"


def _beside(row: Row) -> str:
    return ", ".join(f"{name} {number(spent)}" for name, spent in row.beside.items() if spent >= 1)


if __name__ == "__main__":
    write(Results.read(RESULTS))
