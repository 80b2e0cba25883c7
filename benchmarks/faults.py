"""Loses nothing, whatever dies: ``python -m benchmarks.faults [MESSAGES] [KILLS]``.

Messages come over all five channels, from another citizen each, while web, workers, poller,
PostgreSQL and Redis are killed at random moments. Afterwards each is a row, a case and a notice.
``GUICHET_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from gateway.store import Store
from tests.faults.invariants import check, said_again, unfinished
from tests.faults.load import Load
from tests.faults.town import POLLER, WEB, WORKERS, Town, town

#: As many messages and kills as promised.
_USUAL = ("10000", "50")
#: Of a hundred messages, so many come over each channel: people write more than they call.
_SHARES = {"sms": 35, "telegram": 30, "email": 25, "voice": 5, "webform": 5}
#: Seconds that a killed server stays away, and that one message is repeated at most.
_AWAY, _PATIENCE = 2.0, 1800.0


def main() -> None:
    messages, kills = (int(one) for one in [*sys.argv[1:], *_USUAL[len(sys.argv) - 1 :]])
    console = Console()
    seed = int(os.environ.get("GUICHET_SEED") or time.time_ns() % 1_000_000)
    console.print(f"GUICHET_SEED={seed}: {messages} messages, {kills} kills")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), seed, disk_mb=512) as running:
        most = {channel: messages * share // 100 for channel, share in _SHARES.items()}
        load = Load(running, pause=0.01, most=most, patience=_PATIENCE, hands=2)
        killed = _under_fire(running, load, sum(most.values()), kills, console)
        check(running, load)
        console.print(_table(running, load, killed, time.monotonic() - begun))
        console.print(f"{_written(load):,} taken: nothing lost, no case twice.")


def _under_fire(
    running: Town, load: Load, messages: int, kills: int, console: Console
) -> Counter[str]:
    """Let everybody write, and kill meanwhile; what was killed how often."""
    killed: Counter[str] = Counter()
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console) as bars:
        taken, fatal = bars.add_task("taken", total=messages), bars.add_task("kills", total=kills)
        with load:
            for n in range(kills):
                _until(lambda n=n: _written(load) >= n * messages // kills, bars, taken, load)  # type: ignore[misc]  # the loop's own
                time.sleep(running.dice.uniform(0, 0.5))
                killed[_kill(running)] += 1
                bars.advance(fatal)
            _until(lambda: _written(load) >= messages, bars, taken, load)
        store = Store(running.database)
        left = bars.add_task("finishing", total=None)
        # What is not done by then is told as such.
        until = time.monotonic() + _PATIENCE
        while (rest := unfinished(store)) and time.monotonic() < until:
            bars.update(left, description=", ".join(rest))
            time.sleep(1)
        store.close()
    return killed


def _kill(running: Town) -> str:
    """One of all that runs, at random."""
    choices: dict[str, Callable[[], None]] = {
        "web": lambda: running.kill(WEB),
        "poller": lambda: running.kill(POLLER),
        "a worker": lambda: running.kill(running.dice.choice(WORKERS)),
        "another worker": lambda: running.kill(running.dice.choice(WORKERS)),
        "PostgreSQL": lambda: _away(running.without_postgres),
        "Redis": lambda: _away(running.without_redis),
    }
    what = running.dice.choice([*choices])
    choices[what]()
    return what.removeprefix("another ").removeprefix("a ")


def _away(trouble: Callable[[], object]) -> None:
    with trouble():  # type: ignore[attr-defined]  # a context manager of the town's
        time.sleep(_AWAY)


def _written(load: Load) -> int:
    """How many messages were taken."""
    return _by_channel(load).total()


def _by_channel(load: Load) -> Counter[str]:
    """The same by channel; a call is told twice, as its beginning and its recording."""
    return Counter(channel for channel, one in [*load.taken] if not one.startswith("CA"))


def _until(look: Callable[[], bool], bars: Progress, bar: TaskID, load: Load) -> None:
    while not look():
        bars.update(bar, completed=_written(load))
        time.sleep(0.1)
    bars.update(bar, completed=_written(load))


def _table(running: Town, load: Load, killed: Counter[str], seconds: float) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_row("messages taken", f"{_written(load):,}")
    for channel, count in _by_channel(load).items():
        table.add_row(f"  {channel}", f"{count:,}")
    for what, count in killed.items():
        table.add_row(f"{what} killed", str(count))
    statuses: Counter[int] = Counter()
    for refused, count in load.refused.items():
        statuses[refused.status] += count
    for status, count in sorted(statuses.items()):
        said = f"answered {status}" if status else "no answer"
        table.add_row(f"{said}, and repeated", f"{count:,}")
    table.add_row("notices said again", f"{sum(said_again(running).values())}")
    table.add_row("minutes", f"{seconds / 60:.1f}")
    return table


if __name__ == "__main__":
    main()
