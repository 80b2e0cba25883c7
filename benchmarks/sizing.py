"""What the figures mean for an installation: how many processes, cores and bytes it needs.

All of it is arithmetic on what one message costs, so that you can put your own figures in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results import Results
from benchmarks.rows import Row
from benchmarks.tables import markdown, number

#: The complaint, two additions, an answer or two, a rating: what one case brings in.
MESSAGES = 6
#: How much more comes in the busiest hour than in a mean one.
BUSIEST = 6
#: What a processor is planned to do, so that the next surge finds room.
PLANNED = 0.5
_YEAR = 365 * 86_400
#: A commit for each message that is accepted, and a share of those that follow.
_COMMITS = 1.2
_RESERVE = 1024  # megabytes for PostgreSQL's buffers and the system

#: What is asked of an installation: its name, cases a year, and how many times as much a surge is.
INSTALLATIONS = (
    ("a town", 10_000, 1),
    ("the national portal today", 180_000, 1),
    ("the same, × 13 as in spring 2020", 180_000, 13),
    ("a million cases a year", 1_000_000, 1),
    ("ten million cases a year", 10_000_000, 1),
    ("the same, × 100", 10_000_000, 100),
)


@dataclass(frozen=True, slots=True)
class Need:
    """What so many messages a second need."""

    rate: float
    web: float
    worker: float
    database: float

    @classmethod
    def of(cls, complete: Row, cases: int, surge: int = 1) -> Need:
        """Cores of each kind of process in the busiest hour, all of it planned at half."""
        rate = cases * MESSAGES * BUSIEST * surge / _YEAR
        cores = [
            rate * complete.beside.get(name, 0.0) / 1e6 / PLANNED
            for name in ("web", "worker", "PostgreSQL")
        ]
        return cls(rate, *cores)

    @property
    def cores(self) -> float:
        """All of them."""
        return self.web + self.worker + self.database


def blocks(results: Results) -> dict[str, str]:
    """The tables of docs/operations.md and docs/scaling.md, once the whole road was measured."""
    if "complete" not in results.parts:
        return {}
    complete = results.parts["complete"]["complete"]
    circumstances = results.parts["complete"].circumstances
    return {
        "bench:cost": f"{_cost(complete)} {circumstances}",
        "bench:cores": _cores(complete),
        "bench:sizing": f"{_sizing(results, complete)}\n\n{circumstances}",
        "bench:commits": _commits(results),
        "bench:bytes": _bytes(results),
    }


def _cost(complete: Row) -> str:
    each = complete.beside
    python, database = each["web"] + each["worker"], each["PostgreSQL"]
    return (
        f"A complaint with its acknowledgement costs {number(each['web'])} µs of the web process, "
        f"{number(each['worker'])} of the worker and {number(database)} of PostgreSQL: "
        f"{number(python + database)} µs, or {number(1e6 / (python + database))} complaints a "
        "second and core."
    )


def _cores(complete: Row) -> str:
    rows = []
    for name, cases, surge in INSTALLATIONS:
        need = Need.of(complete, cases, surge)
        cells = [need.rate, need.web + need.worker, need.database]
        rows.append([name, *(number(cell) for cell in cells)])
    return markdown(
        ("", "messages/s in the busiest hour", "cores for Python", "cores for PostgreSQL"), rows
    )


def _sizing(results: Results, complete: Row) -> str:
    rows = [
        [name, *_machine(results, Need.of(complete, cases, surge)), _disk(results, cases)]
        for name, cases, surge in INSTALLATIONS
    ]
    head = ("", "messages/s", "web", "workers", "cores", "memory (GB)", "database a year (GB)")
    return markdown(head, rows)


def _machine(results: Results, need: Need) -> Sequence[str]:
    part = results.parts["complete"]
    web, workers = (max(1, math.ceil(cores)) for cores in (need.web, need.worker))
    held = sum(
        count * part[f"memory of {name}"].figure
        for count, name in ((web, "web"), (workers, "worker"), (1, "PostgreSQL"), (1, "Redis"))
    )
    cores = max(1, math.ceil(need.cores))
    return number(need.rate), str(web), str(workers), str(cores), number((held + _RESERVE) / 1024)


def _disk(results: Results, cases: int) -> str:
    each = _bytes_a_case(results)
    return number(each * cases / 2**30) if each else "?"


def _commits(results: Results) -> str:
    if "accept" not in results.parts:
        return "Not measured yet."
    commits = results.parts["accept"]["commits, PostgreSQL"].figure
    return (
        f"{_COMMITS} commits a message. The disk of the benchmark's machine made "
        f"{number(commits)} durable commits a second, which is {number(commits / _COMMITS)} "
        "messages a second."
    )


def _bytes(results: Results) -> str:
    each = _bytes_a_case(results)
    if not each:
        return "Not measured yet."
    return (
        "A case with one message, its history, its answer and its index took "
        f"{number(each / 1024)} kB of PostgreSQL: ten million are {number(each * 1e7 / 2**30)} GB "
        "a year, without files; the five messages that follow take about as much again."
    )


def _bytes_a_case(results: Results) -> float:
    if "million" not in results.parts:
        return 0.0
    sizes = [row for row in results.parts["million"].rows if row.name.startswith("bytes a case")]
    return sizes[-1].figure if sizes else 0.0
