"""What every part of the benchmark is run with: its size, its repetitions, and an idle machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.machine import cpu_seconds, expect_idle, worked_by_all

#: How long to wait for the machine to come to rest between two measurements, in seconds.
_REST = 60.0


@dataclass
class Bench:
    """``short`` runs everything once with little, to see that it works; ``busy`` measures although
    others use the machine. ``tell`` hears what is being measured."""

    repetitions: int
    short: bool
    busy: bool
    tell: Callable[[str], None]
    #: By how many cores others kept the machine busy while something was measured.
    others: list[float] = field(default_factory=list)

    def many(self, messages: int) -> int:
        """So many messages; few of them for a short run."""
        return max(60, messages // 25) if self.short else messages

    def step(self, what: str) -> None:
        """Say what is measured next, and wait until the machine is idle. Raises Busy."""
        self.tell(what)
        if not self.busy:
            expect_idle(_REST)

    def rounds(self) -> range:
        """The repetitions: each measures everything once, so that what changes on the machine
        meanwhile changes it for all."""
        return range(1 if self.short else self.repetitions)

    @contextmanager
    def measured(self, pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
        """CPU seconds by process of what is done inside: they are there when it is over."""
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        mine, all_before, began = time.process_time(), worked_by_all(), time.monotonic()
        spent: dict[str, float] = {}
        yield spent
        seconds = time.monotonic() - began
        spent |= {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        spent["load"] = time.process_time() - mine
        others = worked_by_all() - all_before - sum(spent.values())
        self.others.append(max(0.0, others / seconds))
