"""What each step of a complaint's road costs, in this one process: ``python -m benchmarks.costs``.

CPU microseconds of Python and of the database per message, and the statements it takes. Needs the
repository, and PostgreSQL's binaries unless ``--sqlite``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from benchmarks.surge.machine import Busy, cpu_seconds, expect_idle
from benchmarks.surge.texts import complaint, phone
from channels.base import Inbound
from gateway.house import House, build
from gateway.logs import configure
from gateway.settings import load
from normalizer.complaint import normalize
from routing.router import decide
from tests.servers.postgres import Postgres

WARM = 200


class Cost(NamedTuple):
    """Of one message, on average: CPU seconds here and in the database, and statements."""

    here: float
    database: float
    statements: float


@click.command()
@click.option(
    "--messages", default=2000, show_default=True, help="Complaints, each a new citizen's."
)
@click.option("--sqlite", is_flag=True, help="Measure on SQLite instead of PostgreSQL.")
@click.option("--busy", is_flag=True, help="Measure although others use the machine.")
def main(messages: int, *, sqlite: bool, busy: bool) -> None:
    """Measure accepting and processing, step by step."""
    if not busy:
        try:
            expect_idle()
        except Busy as found:
            sys.exit(str(found))
    with tempfile.TemporaryDirectory(prefix="guichet-costs-") as folder:
        if sqlite:
            _report(Path(folder), f"sqlite:///{folder}/guichet.db", messages, lambda: 0.0)
        else:
            with Postgres(durable=True) as server:
                _report(Path(folder), server.database(), messages, lambda: cpu_seconds(server.pid))


def _report(folder: Path, url: str, messages: int, database: Callable[[], float]) -> None:
    house = _house(folder, url)
    meter = _Meter(house, messages, database)
    _accept(house, 0, WARM)
    _process(house)
    accepted = meter.of(lambda: _accept(house, WARM, WARM + messages))
    processed = meter.of(lambda: _process(house))
    read = meter.of(lambda: _understand(house, 0, messages, routed=False)).here
    both = meter.of(lambda: _understand(house, messages, 2 * messages, routed=True)).here
    _show(
        {
            "accept": accepted,
            "read, language, wish": Cost(read, 0, 0),
            "route": Cost(both - read, 0, 0),
            "claim and register": processed._replace(here=processed.here - both),
        }
    )
    house.close()


class _Meter:
    """Measures what some work costs for each message."""

    def __init__(self, house: House, messages: int, database: Callable[[], float]) -> None:
        self._messages, self._database = messages, database
        self._statements = 0
        event.listen(house.store.engine, "before_cursor_execute", self._count)

    def of(self, work: Callable[[], None]) -> Cost:
        """The cost of some work."""
        here, there, sent = time.process_time(), self._database(), self._statements
        work()
        return Cost(
            (time.process_time() - here) / self._messages,
            (self._database() - there) / self._messages,
            (self._statements - sent) / self._messages,
        )

    def _count(self, *_: Any) -> None:
        self._statements += 1


def _house(folder: Path, url: str) -> House:
    settings = load(
        {
            **os.environ,
            "DATABASE_URL": url,
            "ATTACHMENTS_URL": f"file:{folder}/attachments",
            "SECRET_KEY": "for the benchmark only",
            "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
            "TWILIO_AUTH_TOKEN": "for the benchmark only",
            "TWILIO_FROM": "+15005550006",
            "TWILIO_API_URL": "http://127.0.0.1:9",
        }
    )
    configure("warning")
    house = build(settings)
    house.store.migrate()
    house.warm_up()
    return house


def _accept(house: House, first: int, last: int) -> None:
    for n in range(first, last):
        house.pipeline.accept("sms", _inbound(n))


def _process(house: House) -> None:
    while house.pipeline.process():
        pass


def _understand(house: House, first: int, last: int, *, routed: bool) -> None:
    """The pure work alone. Each text is a new one, as what is read twice is read faster."""
    for n in range(first, last):
        read = normalize(_inbound(n), "sms", "tel")
        if routed:
            decide(read, house.directory)


def _inbound(n: int) -> Inbound:
    return Inbound(f"SM{n:032x}", "AC1", phone(n), complaint(n), b"", datetime.now(UTC))


def _show(steps: dict[str, Cost]) -> None:
    table = Table("step", "Python (µs)", "database (µs)", "statements", box=None, pad_edge=False)
    total = Cost(*map(sum, zip(*steps.values(), strict=True)))
    for name, (here, there, statements) in {**steps, "sum": total}.items():
        table.add_row(name, f"{here * 1e6:,.0f}", f"{there * 1e6:,.0f}", f"{statements:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
