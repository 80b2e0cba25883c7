"""Measures the whole road: signed webhook → case → acknowledgement handed to a provider."""

from __future__ import annotations

import json
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.surge.house import House
from benchmarks.surge.load import send
from benchmarks.surge.machine import Busy, expect_idle
from benchmarks.surge.texts import phone, webhooks

console = Console()


@click.command()
@click.option("--messages", default=5000, show_default=True, help="Complaints in each part.")
@click.option("--workers", default=1, show_default=True, help="Worker processes.")
@click.option("--busy", is_flag=True, help="Measure although others use the machine.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON here.")
def main(messages: int, workers: int, *, busy: bool, out: Path | None) -> None:
    """Measure the road at full speed, then its latency at half of it."""
    # Whoever ends us ends what we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not busy:
        try:
            expect_idle()
        except Busy as found:
            raise SystemExit(str(found)) from None
    with tempfile.TemporaryDirectory(prefix="guichet-surge-") as folder:
        Path(folder).chmod(0o755)
        with House(Path(folder), workers) as house:
            # Models, pools and caches are warm in a surge.
            _complete(house, 200, 10_000_000)
            full = _complete(house, messages, 0)
            half = _latency(house, messages // 2, 20_000_000, full["complete per second"] / 2)
            found = {**full, **half, "megabytes": house.sizes()}
    _show(found)
    if out:
        out.write_text(json.dumps(found, indent=2) + "\n")


def _complete(house: House, messages: int, first: int) -> dict[str, Any]:
    """Everything at once, until the last acknowledgement is with the provider."""
    url = f"http://127.0.0.1:{house.port}/hooks/sms"
    told = [request for _, request in webhooks(url, messages, first)]
    phones = {phone(n) for n in range(first, first + messages)}
    before = house.costs()
    run = send(house.port, told)
    house.eventually(lambda: phones <= house.heard().keys(), "the last acknowledgement")
    heard = house.heard()
    ended = max(heard[one] for one in phones)
    after = house.costs()
    cost = {name: round((after[name] - before[name]) / messages * 1e6) for name in after}
    return {
        "accepted per second": round(run.rate),
        "complete per second": round(messages / (ended - run.begun)),
        "refused": run.refused,
        "cpu microseconds per message": cost | {"sum": sum(cost.values())},
    }


def _latency(house: House, messages: int, first: int, rate: float) -> dict[str, Any]:
    """At a steady rate: from the webhook's start to the acknowledgement's arrival."""
    url = f"http://127.0.0.1:{house.port}/hooks/sms"
    told = [request for _, request in webhooks(url, messages, first)]
    run = send(house.port, told, rate)
    phones = [phone(first + n) for n in range(messages)]
    house.eventually(lambda: set(phones) <= house.heard().keys(), "the last acknowledgement")
    heard = house.heard()
    waits = sorted(heard[one] - run.started[n] for n, one in enumerate(phones))
    answers = sorted(run.answered[n] - run.started[n] for n in run.answered)
    return {
        "half load per second": round(rate),
        "acknowledged within (ms)": _percentiles(waits),
        "webhook answered within (ms)": _percentiles(answers),
    }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}


def _show(found: dict[str, Any]) -> None:
    table = Table("what", "figure", box=None, pad_edge=False)
    for name, figure in found.items():
        if isinstance(figure, dict):
            figure = ", ".join(f"{key} {value:,.0f}" for key, value in figure.items())
        table.add_row(name, str(figure))
    console.print(table)


if __name__ == "__main__":
    main()
