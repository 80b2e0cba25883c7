"""Shows on a terminal how many waiting messages have been taken in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn

from gateway.pipeline.poll import Progress

#: Fewer come in the blink of an eye.
_WORTH_SHOWING = 50


@contextmanager
def intake(console: Console) -> Iterator[Progress | None]:
    """What to call after each message taken in; None where nobody watches."""
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:,.0f} taken in"))
    with Bars(*columns, console=console, transient=True) as bars:
        yield _shown(bars)


def _shown(bars: Bars) -> Progress:
    lines: dict[str, TaskID] = {}

    def progress(channel: str, taken: int) -> None:
        if channel not in lines:
            lines[channel] = bars.add_task(channel, total=None, visible=False)
        bars.update(lines[channel], completed=taken, visible=taken >= _WORTH_SHOWING)

    return progress
