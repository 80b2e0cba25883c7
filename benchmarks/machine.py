"""How busy the machine is, and what each process costs, read from Linux's /proc (man 5 proc)."""

from __future__ import annotations

import os
import platform
import re
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
#: A share of one core that others may use before our figures are worth nothing.
BUSY = 0.10


class Busy(Exception):
    """Other processes work on this machine: no figure is honest."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that a process and what it began hold: ``resident`` counts what they share for each of
    them, ``proportional`` divides it among them, ``own`` is what nobody else shares."""

    resident: int
    proportional: int
    own: int


def expect_idle(
    patience: float = 0.0,
    seconds: float = 1.0,
    worked: Callable[[], float] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once nobody else works here; raise Busy when that takes longer than ``patience``."""
    worked, waited = worked or worked_by_others, 0.0
    while True:
        before = worked()
        sleep(seconds)
        share = (worked() - before) / seconds
        if share <= BUSY:
            return
        waited += seconds
        if waited >= patience:
            raise Busy(f"other processes use {share:.0%} of a core; try again when they are done")


def worked_by_all() -> float:
    """CPU seconds that this machine has worked since it started."""
    return _busy_ticks(Path("/proc/stat").read_text()) / _TICKS


def worked_by_others() -> float:
    """The same without this process and the children that it has outlived."""
    return worked_by_all() - time.process_time() - children_seconds()


def children_seconds() -> float:
    """CPU seconds of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_seconds(root: int) -> float:
    """CPU seconds that a process and what it began have used so far, those that ended included."""
    return sum(sum(map(int, fields[11:15])) for _, fields in _family(root)) / _TICKS


def memory(root: int) -> Memory:
    """What a process and what it began hold now."""
    sizes = [_sizes(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid, _ in _family(root)]
    return Memory(*(sum(column) for column in zip(*sizes, strict=True)))


def describe() -> dict[str, str | int]:
    """What machine this is."""
    cpus = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    total = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "cores": os.cpu_count() or 0,
        "processor": cpus[1] if cpus else platform.machine(),
        "memory (GB)": round(int(total[1]) / 2**20) if total else 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _sizes(rollup: str) -> tuple[int, int, int]:
    """Resident, proportional and own bytes, of /proc/PID/smaps_rollup."""
    found = {
        name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"(\w+): +(\d+)", rollup)
    }
    return found["Rss"], found["Pss"], found["Private_Clean"] + found["Private_Dirty"]


def _busy_ticks(stat: str) -> int:
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, stat.split()[1:9])
    return user + nice + system + irq + softirq + steal


def _family(root: int) -> list[tuple[int, list[str]]]:
    """A process and what belongs to it: by session; PostgreSQL's backends begin sessions of their
    own, but have a parent."""
    return [
        (pid, fields)
        for pid, fields in _processes()
        if root in (pid, int(fields[1]), int(fields[3]))
    ]


def _processes() -> Iterable[tuple[int, list[str]]]:
    """Each process with its fields of /proc/PID/stat from the state on."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
