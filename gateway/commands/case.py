"""The command that shows a case or changes it."""

from __future__ import annotations

from pathlib import Path

import click

from channels.base import Attachment
from gateway.cases import NOTICES, CaseError
from gateway.cli import die
from gateway.commands.opening import console, opened
from gateway.show import show_case
from normalizer import tracking


@click.command()
@click.argument("number")
@click.option(
    "--status", type=click.Choice(list(NOTICES)), help="The new status. Without: only show."
)
@click.option("--message", help="What to tell the citizen, in their language.")
@click.option("--administration", help="With --status routed: the slug of who is competent.")
@click.option(
    "--attach",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to send along, by mail or Telegram; may be repeated.",
)
@click.option("--actor", default="console", show_default=True, help="Who the history will name.")
def case(
    number: str,
    status: str | None,
    message: str | None,
    administration: str | None,
    attach: tuple[Path, ...],
    actor: str,
) -> None:
    """Show the case with this NUMBER, or change its status and tell its citizen."""
    digits = tracking.parse(number)
    if digits is None:
        die(
            f"{number} is no tracking number: those have twelve digits, of which two check the rest"
        )
    if status is None and (message or administration or attach):
        die("--message, --administration and --attach go with --status")
    with opened(by_announcement=True) as house:
        try:
            if status is not None:
                house.cases.change(
                    digits,
                    status=status,
                    message=message,
                    administration=administration,
                    actor=actor,
                    attachments=[
                        Attachment(file.name, content=file.read_bytes()) for file in attach
                    ],
                )
        except CaseError as refused:
            die(str(refused), code=1)
        view = house.cases.view(digits)
    if view is None:
        die(f"no case has the number {tracking.spaced(digits)}", code=1)
    show_case(view, console)
