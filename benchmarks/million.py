"""A hundred times as many cases in the database: what it does to the intake, to citizens who look
after their case, and to the lists of the desk."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, update

from benchmarks import desk
from benchmarks.bench import Bench
from benchmarks.many import BASE, begin, multiply, without_autovacuum
from benchmarks.rows import Row, Table
from benchmarks.surge.texts import complaint, phone
from channels.base import Inbound
from gateway.house import House
from gateway.models import Case
from gateway.web.current import KEY
from normalizer.tracking import issue
from tests.many_cases import phone as filed_from
from tests.servers.postgres import Postgres
from tests.web.desk.worker import hire
from tests.web.pages.citizen import Citizen

TIMES, MESSAGES, LOOKED_UP, ASKED = 100, 500, 40, 3
#: Of the cost with ten thousand cases.
WANTED = 1.3
LOOK_UP, QUEUES, SEARCHES = "status look-up", "lists of the desk", "searches at the desk"


def run(bench: Bench) -> list[Row]:
    """Measure with ten thousand and a million cases in turn, in two databases of one server."""
    times = 4 if bench.short else TIMES
    with Postgres(durable=True) as postgres, tempfile.TemporaryDirectory() as folder:
        table, firsts = Table(), count(50_000_000, 1_000_000)
        url, large = _databases(bench, postgres, Path(folder), times, table)
        towns = [
            _Town(bench, f"{BASE * n:,} cases", address, postgres.pid, Path(folder), BASE * n)
            for n, address in ((1, url), (times, large))
        ]
        for town in towns:
            town.weigh(table)
            town.measure(Table(), next(firsts))
        for _ in bench.rounds():
            for town in towns:
                town.measure(table, next(firsts))
        small, big = (town.name for town in towns)
        for what in ("intake", LOOK_UP, QUEUES, SEARCHES):
            table.ratio(
                f"{what}: CPU time of {big} ÷ {small}",
                f"{what}, {big}",
                f"{what}, {small}",
                of_cpu=True,
                at_most=WANTED,
            )
        for town in towns:
            town.house.close()
        return table.rows()


def _databases(
    bench: Bench, postgres: Postgres, folder: Path, times: int, table: Table
) -> tuple[str, str]:
    """One with ten thousand cases and two of the staff, and one with so many times as much."""
    url = postgres.database()
    with without_autovacuum(url):
        house: House = desk.application(url, folder).extensions[KEY]
        staff = [hire(house, "agent", desk.SLUG), hire(house, "admin")]
        bench.tell(f"writing {BASE:,} cases")
        begin(house.store, staff)
        house.close()
        large = postgres.database(url.rsplit("/", 1)[1])
        multiply(url, 1)
        bench.tell(f"copying them to {BASE * times:,}")
        began = time.monotonic()
        multiply(large, times)
        table.add("cases copied", BASE * times / (time.monotonic() - began), "/s")
    return url, large


class _Town:
    """One database, and an application on it in this process."""

    def __init__(
        self, bench: Bench, name: str, url: str, database: int, folder: Path, cases: int
    ) -> None:
        self.name, self._bench, self._database, self._cases = name, bench, database, cases
        self._app: Flask = desk.application(url, folder)
        self.house: House = self._app.extensions[KEY]
        self._known = _with_numbers(self.house, range(1, cases, cases // LOOKED_UP))
        self._citizen = Citizen(self._app)
        self._workers = [
            desk.browser(self._app, mail)
            for mail in (f"agent-{desk.SLUG}@example.ma", "admin-all@example.ma")
        ]

    def weigh(self, table: Table) -> None:
        """What a case takes of the disk, with all that belongs to it."""
        with self.house.store.read() as session:
            size = session.scalar(select(func.pg_database_size(func.current_database())))
        table.add(f"bytes a case, {self.name}", (size or 0) / self._cases, "B")

    def measure(self, table: Table, first: int) -> None:
        """One repetition of everything."""
        self._intake(table, first)
        form = self._citizen.open("/fr/follow")
        self._times(table, LOOK_UP, [partial(self._look_up, form, *one) for one in self._known])
        self._times(table, QUEUES, self._pages(searched=False))
        self._times(table, SEARCHES, self._pages(searched=True))

    def _pages(self, *, searched: bool) -> list[Callable[[], object]]:
        """Asking for each, as an agent and as an administrator; but for what is not theirs."""
        number, _ = self._known[0]
        return [
            partial(worker.get, page)
            for page in (one.replace(desk.NUMBER, number) for one in desk.PAGES)
            for worker in self._workers
            if ("q=" in page) is searched and worker.get(page).status_code == 200
        ]

    def _times(self, table: Table, what: str, asked: Sequence[Callable[[], object]]) -> None:
        self._bench.step(f"{what}, {self.name}")
        spent = []
        with self._bench.measured({"PostgreSQL": self._database}) as cpu:
            for ask in [*asked] * ASKED:
                began = time.perf_counter()
                ask()
                spent.append((time.perf_counter() - began) * 1000)
        cpu["Python"] = cpu.pop("load")
        name = f"{what}, {self.name}"
        table.add(name, statistics.median(spent), "ms", cpu=cpu, messages=len(spent))
        table.add(f"{what}, slowest, {self.name}", max(spent), "ms")

    def _intake(self, table: Table, first: int) -> None:
        messages, at = self._bench.many(MESSAGES), datetime.now(UTC)
        new = [
            Inbound(f"SM{n:032x}", "AC1", phone(n), complaint(n), b"", at)
            for n in range(first, first + messages)
        ]
        self._bench.step(f"intake, {self.name}")
        with self._bench.measured({"PostgreSQL": self._database}) as cpu:
            began = time.monotonic()
            for one in new:
                self.house.pipeline.accept("sms", one)
            while self.house.pipeline.process():
                pass
            seconds = time.monotonic() - began
        # Here it is this process that works.
        cpu["Python"] = cpu.pop("load")
        table.add(f"intake, {self.name}", messages / seconds, "/s", cpu=cpu, messages=messages)

    def _look_up(self, form: dict[str, str], number: str, address: str) -> None:
        asked = {"number": number, "address": address}
        answer = self._citizen.send("/fr/follow", asked, opened=form)
        if answer.status_code != 303 or self._citizen.get(answer.location).status_code != 200:
            raise SystemExit("a citizen does not find their case")


def _with_numbers(house: House, ids: Sequence[int]) -> list[tuple[str, str]]:
    """Give these cases numbers that a citizen can type; each with the phone it was filed from."""
    known = []
    with house.store.write() as session:
        for case_id in ids:
            number = issue(2026)
            session.execute(update(Case).where(Case.id == case_id).values(number=number))
            person = session.scalar(select(Case.address_id).where(Case.id == case_id))
            known.append((number, filed_from(person or 0)))
    return known
