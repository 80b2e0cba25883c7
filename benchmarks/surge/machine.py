"""How busy the machine is, and what each process costs, read from Linux's /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
#: A share of one core that others may use before our figures are worth nothing.
BUSY = 0.10


class Busy(Exception):
    """Other processes work on this machine: no figure is honest."""


def expect_idle(seconds: float = 2.0) -> None:
    """Raise Busy when somebody else works here."""
    before = _worked()
    time.sleep(seconds)
    share = (_worked() - before) / seconds
    if share > BUSY:
        raise Busy(f"other processes use {share:.0%} of a core; try again when they are done")


def cpu_seconds(root: int) -> float:
    """CPU seconds that a process and what it began have used so far."""
    used = 0
    for pid, fields in _processes():
        if _is_of(root, pid, fields):
            used += int(fields[11]) + int(fields[12])  # utime, stime
    return used / _TICKS


def memory(root: int) -> int:
    """Resident bytes of a process and what it began; what they share is counted for each."""
    pages = sum(int(fields[21]) for pid, fields in _processes() if _is_of(root, pid, fields))
    return pages * os.sysconf("SC_PAGE_SIZE")


def _is_of(root: int, pid: int, fields: list[str]) -> bool:
    """By session; PostgreSQL's backends begin sessions of their own, but have a parent."""
    return root in (pid, int(fields[1]), int(fields[3]))


def _worked() -> float:
    """Seconds that all cores worked, but for this process."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(one) for one in first[1:9])
    mine = os.times()
    return (user + nice + system + irq + softirq + steal) / _TICKS - mine.user - mine.system


def _processes() -> Iterable[tuple[int, list[str]]]:
    """Each process with its fields of /proc/PID/stat from the state on (man 5 proc)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
