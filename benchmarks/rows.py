"""What was measured: a figure for each repetition, their medians and ratios, and all as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured, in every repetition.

    ``beside`` is what it cost: microseconds of CPU a message by process, where messages were
    counted. ``at_least`` and ``at_most`` are what is wanted.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    beside: Mapping[str, float] = field(default_factory=dict)
    at_least: float | None = None
    at_most: float | None = None

    @property
    def figure(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool | None:
        """Whether the figure is as wanted; None where nothing is."""
        if self.at_least is not None:
            return self.figure >= self.at_least
        return None if self.at_most is None else self.figure <= self.at_most

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(**{**stored, "values": tuple(stored["values"])})


class Table:
    """The figures of one part, gathered repetition by repetition."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._beside: dict[str, list[Mapping[str, float]]] = {}

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        cpu: Mapping[str, float] | None = None,
        messages: int = 1,
        beside: Mapping[str, float] | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> float:
        """One repetition's figure; ``cpu`` in seconds for all ``messages`` together."""
        seen = self._rows.get(name)
        values = (*seen.values, value) if seen else (value,)
        if cpu:
            beside = {process: spent / messages * 1e6 for process, spent in cpu.items()}
        self._beside.setdefault(name, []).append(beside or {})
        self._rows[name] = Row(name, unit, values, _medians(self._beside[name]), at_least, at_most)
        return value

    def ratio(
        self,
        name: str,
        above: str,
        below: str,
        *,
        of_cpu: bool = False,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """How many times one figure is the other, or the CPU time of its message, within each
        repetition."""
        one, other = (
            [total(cpu) for cpu in self._beside[side]] if of_cpu else self._rows[side].values
            for side in (above, below)
        )
        values = tuple(figure / beside for figure, beside in zip(one, other, strict=True))
        self._rows[name] = Row(name, "×", values, at_least=at_least, at_most=at_most)

    def rows(self) -> list[Row]:
        """All of them, in the order in which they were first measured."""
        return [*self._rows.values()]


def total(cpu: Mapping[str, float]) -> float:
    """The CPU time of what is measured, without that of what measures it."""
    return sum(spent for process, spent in cpu.items() if process not in OUTSIDE)


#: What stands for the world outside, and shares the machine with what is measured.
OUTSIDE = ("load", "provider", "mail server")


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def _medians(costs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for cost in costs for name in cost)
    return {name: statistics.median(cost.get(name, 0.0) for cost in costs) for name in names}
