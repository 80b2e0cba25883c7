"""What handing an SMS over costs, step by step, on PostgreSQL: ``python -m benchmarks.deliver``.

Acknowledgements wait, one for each phone; a provider stand-in takes them at once. Printed is the
CPU time of this process and of PostgreSQL per message, which other work on the machine stretches
but does not replace. ``--profile`` adds where this process spends it.
"""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import insert

from benchmarks.surge.machine import cpu_seconds
from benchmarks.surge.texts import phone
from gateway import clock, logs
from gateway.house import House, build
from gateway.models import AddressRow, Contact, OutboundRow
from gateway.settings import load
from tests.fakes.twilio import FROM, SID, TOKEN
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres

_TEXT = "Votre plainte est enregistrée sous le n° 2648 3159 2783 et transmise à la commune de Rabat"


@click.command()
@click.option("--messages", default=2000, show_default=True)
@click.option("--at-once", default=8, show_default=True, help="SMS_AT_ONCE.")
@click.option("--profile", is_flag=True, help="Show the functions that cost most.")
def main(messages: int, at_once: int, *, profile: bool) -> None:
    """Deliver so many texts and print what one costs."""
    logs.configure("warning")
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres(durable=True) as postgres,
        _provider(Path(folder)) as provider,
    ):
        house = _house(Path(folder), postgres.database(), provider, at_once)
        _queue(house, 0, 200)
        _drain(house)
        _queue(house, 200, messages)
        profiler = cProfile.Profile()
        theirs, began = cpu_seconds(postgres.pid), time.perf_counter()
        mine = time.process_time()
        if profile:
            profiler.enable()
        taken = _drain(house)
        profiler.disable()
        mine, took = time.process_time() - mine, time.perf_counter() - began
        theirs = cpu_seconds(postgres.pid) - theirs
        house.close()
    print(f"{taken} texts, {taken / took:.0f} a second")
    print(
        f"CPU of the worker {mine / taken * 1e6:.0f} µs, of PostgreSQL {theirs / taken * 1e6:.0f}"
    )
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)


def _drain(house: House) -> int:
    taken = 0
    while batch := house.pipeline.deliver("sms"):
        taken += batch
    return taken


@contextmanager
def _provider(folder: Path) -> Iterator[str]:
    port, told = free_port(), folder / "told"
    command = [sys.executable, "-m", "benchmarks.surge.provider", str(port), str(told)]
    with subprocess.Popen(command) as process:
        try:
            while not told.exists():
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _house(folder: Path, database: str, provider: str, at_once: int) -> House:
    house = build(
        load(
            {
                "DATABASE_URL": database,
                "ATTACHMENTS_URL": f"file:{folder}/attachments",
                "SECRET_KEY": "for the benchmark only",
                "TWILIO_ACCOUNT_SID": SID,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_FROM": FROM,
                "TWILIO_API_URL": provider,
                "SMS_AT_ONCE": str(at_once),
            }
        )
    )
    house.store.migrate()
    return house


def _queue(house: House, first: int, count: int) -> None:
    """As many acknowledgements that wait, each for a phone of its own."""
    now = clock.now()
    ids = range(first + 1, first + count + 1)
    with house.store.write() as session:
        session.execute(insert(Contact), [{"id": n, "created_at": now} for n in ids])
        addresses = [
            {"id": n, "contact_id": n, "kind": "tel", "value": phone(n), "created_at": now}
            for n in ids
        ]
        session.execute(insert(AddressRow), addresses)
        waiting = {
            "channel": "sms", "account": SID, "key": "acknowledged", "text": _TEXT,
            "facts": {"number": "264831592783", "administration": "Commune de Casablanca"},
            "language": "fr", "references": [], "choices": [], "files": [], "automatic": True,
            "segments": 1, "state": "queued", "due_at": now, "tries": 0, "created_at": now,
        }  # fmt: skip
        session.execute(
            insert(OutboundRow),
            [{**waiting, "id": n, "address_id": n, "cause": f"acknowledged:{n}"} for n in ids],
        )


if __name__ == "__main__":
    main()
