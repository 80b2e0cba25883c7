"""The whole road: signed webhook → case → acknowledgement handed to a provider; its rate, how long
it takes at half of that, how fast a backlog is drained, and what each process holds then."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.machine import memory
from benchmarks.rows import Row, Table, percentiles
from benchmarks.surge.load import send
from benchmarks.surge.texts import phone, webhooks
from tests.servers.postgres import Postgres

MESSAGES, BACKLOG, WARM = 4_000, 10_000, 200
_OTHER = "worker 2"


def run(bench: Bench) -> list[Row]:
    """Measure on two cores: one web process, two workers, PostgreSQL and Redis."""
    with (
        tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder,
        Postgres(durable=True) as postgres,
        House(Path(folder), "provider", "web", "worker", "worker", postgres=postgres) as house,
    ):
        road = _Road(bench, house)
        # Models, pools and caches are warm in a surge.
        road.full(WARM)
        road.table = Table()
        for _ in bench.rounds():
            rate = road.full(bench.many(MESSAGES))
            road.half(bench.many(MESSAGES // 2), rate / 2)
            road.drain(bench.many(BACKLOG))
        return [*road.table.rows(), *_sizes(house)]


class _Road:
    """Sends complaints of new citizens, and waits for what they are told."""

    def __init__(self, bench: Bench, house: House) -> None:
        self._bench, self._house = bench, house
        self._citizens = count()
        self.table = Table()

    def full(self, messages: int) -> float:
        """Everything at once, until the last acknowledgement is with the provider."""
        phones, requests = self._complaints(messages)
        self._bench.step("the whole road")
        with self._bench.measured(self._house.pids) as cpu:
            run = send([self._house.port], requests)
            ended = max(self._house.told.when(phones.keys()).values())
        self.table.add("accepted meanwhile", run.rate, "/s")
        return self.table.add(
            "complete",
            messages / (ended - run.begun),
            "/s",
            cpu=_by_kind(cpu),
            messages=messages,
            at_least=600,
        )

    def half(self, messages: int, rate: float) -> None:
        """At a steady rate: from the webhook's start to the acknowledgement's arrival."""
        phones, requests = self._complaints(messages)
        self._bench.step("latency at half load")
        with self._bench.measured(self._house.pids) as cpu:
            run = send([self._house.port], requests, rate)
            heard = self._house.told.when(phones.keys())
        waits = [heard[one] - run.started[n] for one, n in phones.items()]
        answers = [run.answered[n] - run.started[n] for n in run.answered]
        median, slowest = percentiles(waits)
        self.table.add("half load", rate, "/s", cpu=_by_kind(cpu), messages=messages)
        self.table.add("acknowledged at half load, p50", median, "ms")
        self.table.add("acknowledged at half load, p99", slowest, "ms", at_most=1000)
        median, slowest = percentiles(answers)
        self.table.add("webhook answered at half load, p50", median, "ms")
        self.table.add("webhook answered at half load, p99", slowest, "ms")

    def drain(self, messages: int) -> None:
        """What came while no worker worked."""
        phones, requests = self._complaints(messages)
        self._bench.step("a backlog")
        with self._house.asleep("worker"):
            backlog = send([self._house.port], requests)
        with self._bench.measured(self._house.pids) as cpu:
            ended = max(self._house.told.when(phones.keys()).values())
        self.table.add(
            f"backlog of {messages:,} drained",
            messages / (ended - backlog.ended),
            "/s",
            cpu=_by_kind(cpu),
            messages=messages,
        )

    def _complaints(self, messages: int) -> tuple[dict[str, int], list[bytes]]:
        first = next(self._citizens) * 1_000_000
        phones = {phone(first + n): n for n in range(messages)}
        return phones, [request for _, request in webhooks(self._house.hook, messages, first)]


def _by_kind(cpu: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds of both workers together."""
    other = cpu.get(_OTHER, 0.0)
    together = {"worker": cpu["worker"] + other} if "worker" in cpu else {}
    return {name: seconds for name, seconds in cpu.items() if name != _OTHER} | together


def _sizes(house: House) -> list[Row]:
    """What each process holds after all of that."""
    table = Table()
    for name, pid in house.pids.items():
        if name not in ("provider", _OTHER):
            held = memory(pid)
            shares = {"its own": held.own / 2**20, "resident": held.resident / 2**20}
            table.add(f"memory of {name}", held.proportional / 2**20, "MB", beside=shares)
    return table.rows()
