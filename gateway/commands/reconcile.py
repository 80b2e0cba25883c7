"""The command that asks providers for what a lost webhook left out."""

from __future__ import annotations

import sys
from datetime import timedelta

import click
from rich.table import Table

from gateway import clock
from gateway.commands.opening import console, opened
from gateway.reconcile import reconcile as compare


@click.command()
@click.option(
    "--hours", type=click.IntRange(min=1), default=24, show_default=True, help="How far to look."
)
def reconcile(hours: int) -> None:
    """Take in what providers list and we do not have, as after an outage."""
    with opened() as house, console.status("Comparing with the providers' lists …"):
        found = compare(house, clock.now(), timedelta(hours=hours))
    if not found:
        click.echo("No provider in service keeps a list: nothing is lost where we ask ourselves.")
        return
    table = Table("channel", "messages taken in", "reports", "", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.channel, str(one.messages), str(one.reports), one.trouble)
    console.print(table)
    sys.exit(1 if any(one.trouble for one in found) else 0)
