"""What each step of a complaint's road costs, in this one process, on PostgreSQL: CPU microseconds
of Python and of the database per message, and the statements it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event

from benchmarks.bench import Bench
from benchmarks.rows import Row, Table
from benchmarks.surge.provider import running as provider
from benchmarks.surge.texts import complaint, phone
from channels.base import Inbound
from gateway.house import House, build
from gateway.logs import configure
from gateway.models import OutboundRow
from gateway.pipeline.deliver import hand_over
from gateway.pipeline.fairness import claim_fairly
from gateway.pipeline.parts import Parts
from gateway.pipeline.process import BATCH, settle
from gateway.settings import load
from normalizer.complaint import normalize
from routing.router import decide
from tests.fakes.twilio import FROM, SID, TOKEN
from tests.servers.postgres import Postgres

MESSAGES, WARM = 2_000, 200


def run(bench: Bench) -> list[Row]:
    """Measure accepting, processing and handing over, step by step."""
    configure("warning")
    with (
        TemporaryDirectory(prefix="guichet-bench-") as folder,
        Postgres(durable=True) as server,
        provider(Path(folder)) as url,
    ):
        house = _house(Path(folder), server.database(), url)
        steps, warm = _Steps(bench, house, server.pid), Table()
        steps.measure(warm, WARM)
        for _ in bench.rounds():
            steps.measure(steps.table, bench.many(MESSAGES))
        house.close()
        return steps.table.rows()


class _Steps:
    """Takes complaints of new citizens down the road, and measures what each step costs."""

    def __init__(self, bench: Bench, house: House, database: int) -> None:
        self._bench, self._house, self._database = bench, house, database
        self._firsts = count(0, 1_000_000)
        self._statements = 0
        self.table = Table()
        event.listen(house.store.engine, "before_cursor_execute", self._count)

    def measure(self, table: Table, messages: int) -> None:
        """One repetition. The texts are new ones each time: what is read twice is read faster."""
        pipeline, first = self._house.pipeline, next(self._firsts)
        new, read, routed = (_complaints(first + n * messages, messages) for n in range(3))
        self._bench.step("accept")
        accept = self._of(lambda: [pipeline.accept("sms", one) for one in new])
        self._bench.step("process")
        at_hand: list[OutboundRow] = []
        process = self._of(lambda: at_hand.extend(_registered(pipeline.parts)))
        self._bench.step("deliver")
        deliver = self._of(lambda: hand_over(pipeline.parts, at_hand))
        self._bench.step("read and route")
        reading = self._of(lambda: [normalize(one, "sms", "tel") for one in read])
        both = self._of(lambda: [self._understand(one) for one in routed])
        process["Python"] -= both["Python"]
        both["Python"] -= reading["Python"]
        for name, cost in {
            "accept": accept,
            "read: text, language, wish": reading,
            "route": both,
            "claim and register": process,
            "hand to the provider": deliver,
        }.items():
            statements = cost.pop("statements")
            spent = sum(cost.values()) / messages * 1e6
            table.add(name, spent, "µs", cpu=cost, messages=messages)
            if statements:
                table.add(f"{name}: statements", statements / messages, "")

    def _of(self, work: Callable[[], object]) -> dict[str, float]:
        """CPU seconds here and in the database, and how many statements."""
        sent = self._statements
        with self._bench.measured({"PostgreSQL": self._database}) as cpu:
            work()
        # Here it is this process that works.
        return {
            "Python": cpu["load"],
            "PostgreSQL": cpu["PostgreSQL"],
            "statements": self._statements - sent,
        }

    def _understand(self, one: Inbound) -> object:
        """The pure work, in one go: what reading found out, routing uses."""
        return decide(normalize(one, "sms", "tel"), self._house.directory)

    def _count(self, *_: Any) -> None:
        self._statements += 1


def _registered(parts: Parts) -> Iterator[OutboundRow]:
    """Process what waits, as a worker does whose provider is next door: the answers that it hands
    over then."""
    while claimed := claim_fairly(parts, BATCH):
        yield from settle(parts, claimed, near=frozenset({"sms"}))


def _house(folder: Path, database: str, provider: str) -> House:
    house = build(
        load(
            {
                "DATABASE_URL": database,
                "ATTACHMENTS_URL": f"file:{folder}/attachments",
                "SECRET_KEY": "for the benchmark only",
                # All are registered before the first is handed over.
                "LEASE_SECONDS": "600",
                "TWILIO_ACCOUNT_SID": SID,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_FROM": FROM,
                "TWILIO_API_URL": provider,
            }
        )
    )
    house.store.migrate()
    house.warm_up()
    return house


def _complaints(first: int, messages: int) -> list[Inbound]:
    """Each a new citizen's."""
    at = datetime.now(UTC)
    return [
        Inbound(f"SM{n:032x}", "AC1", phone(n), complaint(n), b"", at)
        for n in range(first, first + messages)
    ]
