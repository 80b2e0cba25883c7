"""The geometry of charts that the templates draw as SVG: where each bar stands and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Sizes are in units of the drawing, which on the smallest phone are pixels.
WIDTH = 280
_ROW, _BAR = 36, 12
_LETTERS = 36
_TALL, _COLUMNS_BASE, _COLUMNS_TOP = 150, 120, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its label and the figure it stands for, as text."""

    label: str
    said: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing. ``description`` says in words what it shows."""

    name: str
    height: float
    bars: Sequence[Bar]
    description: str
    upright: bool = False


def bars(name: str, values: Sequence[tuple[str, float, str]], *, mirrored: bool) -> Chart:
    """A bar below each label, as long as its value: ``(label, value, value in words)`` each.
    ``mirrored`` for those who read from the right."""
    most = max((value for _, value, _ in values), default=0) or 1
    drawn = []
    for row, (label, value, said) in enumerate(values):
        width = max(2.0, round(WIDTH * value / most, 1))
        x = WIDTH - width if mirrored else 0
        drawn.append(Bar(_fit(label), said, x, row * _ROW + 18, width, _BAR))
    return Chart(name, len(values) * _ROW, drawn, _in_words(values))


def _fit(label: str) -> str:
    """As much of a label as leaves room for the figure beside it; the table has the whole."""
    return label if len(label) <= _LETTERS else label[: _LETTERS - 1].rstrip(" (،,-") + "…"


def columns(name: str, values: Sequence[tuple[str, float, str]], *, mirrored: bool) -> Chart:
    """A column for each value, in the order of time."""
    most = max((value for _, value, _ in values), default=0) or 1
    step = WIDTH / max(len(values), 1)
    drawn = []
    for place, (label, value, said) in enumerate(values):
        height = max(1.0, round((_COLUMNS_BASE - _COLUMNS_TOP) * value / most, 1))
        at = len(values) - 1 - place if mirrored else place
        drawn.append(
            Bar(label, said, at * step + step * 0.15, _COLUMNS_BASE - height, step * 0.7, height)
        )
    return Chart(name, _TALL, drawn, _in_words(values), upright=True)


def _in_words(values: Sequence[tuple[str, float, str]]) -> str:
    return "; ".join(f"{label}: {said}" for label, _, said in values)
