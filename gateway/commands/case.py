"""The command that shows a case or changes it."""

from __future__ import annotations

from pathlib import Path

import click

from channels.base import Attachment
from gateway.cases import GROUNDS, NOTICES, By, CaseError
from gateway.cli import die
from gateway.commands.opening import console, opened
from gateway.show import show_case
from normalizer import tracking


@click.command()
@click.argument("number")
@click.option(
    "--status", type=click.Choice(list(NOTICES)), help="The new status. Without: only show."
)
@click.option(
    "--message",
    help="What to tell the citizen, in their language; with --status routed, why it goes there.",
)
@click.option("--administration", help="With --status routed: the slug of who is competent.")
@click.option(
    "--ground", type=click.Choice(GROUNDS), help="With --status inadmissible: the law's reason."
)
@click.option("--note", help="Write something down that the citizen never sees.")
@click.option("--double-of", help="The number of the case that this one repeats.")
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
    ground: str | None,
    note: str | None,
    double_of: str | None,
    attach: tuple[Path, ...],
    actor: str,
) -> None:
    """Show the case with this NUMBER, or change it and tell its citizen."""
    digits = tracking.parse(number)
    if digits is None:
        die(
            f"{number} is no tracking number: those have twelve digits, of which two check the rest"
        )
    if status is None and (message or administration or ground or attach):
        die("--message, --administration, --ground and --attach go with --status")
    with opened(by_announcement=True) as house:
        try:
            if status is not None:
                house.cases.change(
                    digits,
                    status=status,
                    message=message,
                    administration=administration,
                    ground=ground,
                    actor=actor,
                    attachments=[
                        Attachment(file.name, content=file.read_bytes()) for file in attach
                    ],
                )
            if note is not None:
                house.cases.note(digits, note, By(actor))
            if double_of is not None:
                house.cases.merge(digits, tracking.parse(double_of) or double_of, By(actor))
        except CaseError as refused:
            die(str(refused), code=1)
        view = house.cases.view(digits, staff=True)
    if view is None:
        die(f"no case has the number {tracking.spaced(digits)}", code=1)
    show_case(view, console)
