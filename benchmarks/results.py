"""The figures of the last run of each part, with what machine they are from, as a file of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from benchmarks.bench import Bench
from benchmarks.machine import describe
from benchmarks.rows import Row
from gateway import clock

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Part:
    """What one part found, and under which circumstances."""

    rows: tuple[Row, ...]
    machine: Mapping[str, str | int]
    at: str
    short: bool
    busy: bool
    #: The most cores that others used during a measurement.
    others: float

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    @property
    def circumstances(self) -> str:
        """When and on what it was measured; plainly, where that is worth nothing."""
        said = (
            f"Measured {self.at[:10]} on {self.machine['cores']} cores "
            f"({self.machine['processor']}), {self.machine['memory (GB)']} GB, Python "
            f"{self.machine['python']}; others used at most {self.others:.0%} of a core."
        )
        if self.short:
            return f"{said} **A short run, to see that it works: these figures mean nothing.**"
        if self.busy:
            return f"{said} **Others used the machine: rates are too low, and costs too high.**"
        return said

    @classmethod
    def of(cls, rows: Sequence[Row], bench: Bench) -> Self:
        """What was just measured."""
        return cls(
            rows=tuple(rows),
            machine=describe(),
            at=clock.now().isoformat(timespec="minutes"),
            short=bench.short,
            busy=bench.busy,
            others=round(max(bench.others, default=0.0), 2),
        )


@dataclass(frozen=True, slots=True)
class Results:
    """Of all parts that were measured."""

    parts: Mapping[str, Part]

    @classmethod
    def read(cls, file: Path) -> Self:
        """From the file; empty where there is none."""
        if not file.exists():
            return cls({})
        kept = json.loads(file.read_text("utf-8"))
        return cls({name: _part(part) for name, part in kept.items()})

    def with_part(self, name: str, part: Part) -> Self:
        """The same with a part measured anew."""
        return replace(self, parts={**self.parts, name: part})

    def write(self, file: Path) -> None:
        """Into the file."""
        kept = {name: asdict(part) for name, part in self.parts.items()}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _part(kept: Mapping[str, Any]) -> Part:
    return Part(**{**kept, "rows": tuple(Row.of(row) for row in kept["rows"])})
