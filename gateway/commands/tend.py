"""The commands of whoever runs Guichet: init-db, doctor, retry, token."""

from __future__ import annotations

import sys

import click
from rich.table import Table
from sqlalchemy import func, select, update

from gateway import clock
from gateway.cli import die
from gateway.commands.opening import console, opened, plainly, settings
from gateway.doctor import examine
from gateway.models import Message
from gateway.queue import PROCESS
from gateway.store import Store
from gateway.tokens import NameTaken


@click.command("init-db")
def init_db() -> None:
    """Make the tables, or bring them up to this version."""
    with plainly(), console.status("Bringing the database up to this version …"):
        store = Store(settings().database_url)
        store.migrate()
        store.close()
    click.echo("The database is ready.")


@click.command()
def doctor() -> None:
    """Check settings, database, queue and each channel's credentials; say what to do."""
    with plainly():
        sys.exit(0 if examine(settings(), console) else 1)


@click.command()
@click.option("--list", "listing", is_flag=True, help="Only show what was set aside.")
@click.argument("ids", nargs=-1, type=int)
def retry(listing: bool, ids: tuple[int, ...]) -> None:
    """Process again the messages that were set aside: all of them, or these IDS."""
    with opened() as house:
        with house.store.read() as session:
            shunted = session.scalars(
                select(Message).where(Message.state == "shunted").order_by(Message.id)
            ).all()
            waits = select(func.count(Message.id)).where(Message.state == "held")
            held = session.scalar(waits) or 0
        if listing and held:
            click.echo(f"{held} held until their senders say which case they are about.")
        chosen = [message for message in shunted if not ids or message.id in ids]
        if not chosen:
            click.echo("None of these was set aside." if ids else "Nothing was set aside.")
            return
        table = Table("id", "channel", "received", "tries", "why", box=None, pad_edge=False)
        for one in chosen:
            received = f"{one.received_at:%Y-%m-%d %H:%M} UTC"
            table.add_row(str(one.id), one.channel, received, str(one.tries), one.error)
        console.print(table)
        if listing:
            return
        with house.store.write() as session:
            session.execute(
                update(Message)
                .where(Message.id.in_([one.id for one in chosen]), Message.state == "shunted")
                .values(state="new", tries=0, due_at=clock.now(), error=None)
            )
        house.bell.ring(PROCESS)
        click.echo(f"{len(chosen)} will be processed again.")


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("new")
@click.argument("name")
def token_new(name: str) -> None:
    """Make a token called NAME and print it, this once."""
    with opened() as house:
        try:
            click.echo(house.tokens.new(name))
        except NameTaken:
            die(f"there is a token called {name} already", code=1)


@token.command("revoke")
@click.argument("name")
def token_revoke(name: str) -> None:
    """End the life of the token called NAME."""
    with opened() as house:
        if not house.tokens.revoke(name):
            die(f"no living token is called {name}", code=1)
        click.echo(f"{name} opens nothing any more.")
