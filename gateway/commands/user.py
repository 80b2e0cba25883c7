"""The commands for the staff's accounts: add, list, change, disable, password."""

from __future__ import annotations

import click
from rich.table import Table

from gateway import clock, invitations
from gateway.cli import die
from gateway.commands.opening import console, opened
from gateway.house import House
from gateway.passwords import Refused
from gateway.roles import ROLES, StaffView
from gateway.staff import LANGUAGES

#: Who the audit trail names.
_BY = "console"


@click.group()
def user() -> None:
    """Who works at the desk."""


@user.command()
@click.argument("email")
@click.option("--name", default="", help="How colleagues call them. Default: from the mailbox.")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option("--administration", help="Whose cases they see, by slug. Without: everybody's.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="ar", show_default=True, help="Of the desk."
)
@click.option("--ask", is_flag=True, help="Ask for a password here instead of inviting by mail.")
def add(
    email: str, name: str, role: str, administration: str | None, language: str, ask: bool
) -> None:
    """Make an account for the mailbox EMAIL and invite its owner to choose a password."""
    with opened() as house:
        if administration is not None and house.directory.get(administration) is None:
            die(f"no administration is called {administration}")
        # Asked first: an account that was made stays made.
        password = _ask() if ask else None
        try:
            who = house.staff.add(email, name, role, administration, language, clock.now(), by=_BY)
            if password is not None:
                house.staff.set_password(who.id, password, clock.now(), by=_BY)
        except Refused as refused:
            die(str(refused), code=1)
        click.echo(f"{who.email} is {who.role} at {house.settings.public_url}/desk")
        if password is None:
            _invite(house, who)


@user.command("list")
def list_users() -> None:
    """Show every account."""
    with opened() as house:
        users = house.staff.users()
    if not users:
        click.echo("No accounts yet: python -m gateway user add EMAIL --role admin")
        return
    table = Table("e-mail", "name", "role", "administration", "state", box=None, pad_edge=False)
    for one in users:
        who = one.staff
        state = (
            "disabled"
            if one.disabled
            else f"seen {one.seen_at:%Y-%m-%d %H:%M} UTC"
            if one.seen_at
            else "ready"
            if one.ready
            else "invited"
        )
        table.add_row(who.email, who.name, who.role, who.administration or "all", state)
    console.print(table)


@user.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--administration", help="Whose cases they see, by slug. Without: everybody's.")
def change(email: str, role: str, administration: str | None) -> None:
    """Give the account of EMAIL another role or administration."""
    with opened() as house:
        if administration is not None and house.directory.get(administration) is None:
            die(f"no administration is called {administration}")
        who = _find(house, email)
        try:
            house.staff.change(who.id, role, administration, clock.now(), by=_BY)
        except Refused as refused:
            die(str(refused), code=1)
        click.echo(f"{who.email} is {role} of {administration or 'all administrations'}.")


@user.command()
@click.argument("email")
@click.option("--undo", is_flag=True, help="Open the account again.")
def disable(email: str, undo: bool) -> None:
    """Close the account of EMAIL and end its sessions at once."""
    with opened() as house:
        who = _find(house, email)
        house.staff.disable(who.id, clock.now(), by=_BY, back=undo)
        click.echo(f"{who.email} {'may log in again' if undo else 'is shut out'}.")


@user.command()
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the password here instead of mailing a link.")
def password(email: str, ask: bool) -> None:
    """Give the account of EMAIL another password; its sessions end."""
    with opened() as house:
        who = _find(house, email)
        if not ask:
            _invite(house, who)
            return
        try:
            house.staff.set_password(who.id, _ask(), clock.now(), by=_BY)
        except Refused as refused:
            die(str(refused), code=1)
        click.echo(f"{who.email} has a new password.")


def _ask() -> str:
    said: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return said


def _find(house: House, email: str) -> StaffView:
    who = house.staff.find(email)
    if who is None:
        die(f"no account is called {email}", code=1)
    return who


def _invite(house: House, who: StaffView) -> None:
    link, mailed = invitations.invite(house, who, clock.now(), by=_BY)
    if mailed:
        click.echo("The link by which they choose a password is on its way by mail.")
    else:
        click.echo(f"No mail could be sent. Hand over this link; it works once:\n{link}")
