"""The command that looks after what the router learns: status, retrain, rollback."""

from __future__ import annotations

import click

from gateway import clock
from gateway.cli import Unusable
from gateway.commands.opening import console, opened
from gateway.learning import RefitFailed


@click.group()
def router() -> None:
    """What the router learns from decisions."""


@router.command()
def status() -> None:
    """Say which model is in use and how many decisions wait for a refit."""
    with opened() as house:
        version = house.learner.current()
        click.echo(f"model: {(version and version.file) or 'as shipped'}")
        for each in house.learner.versions():
            click.echo(f"  {each.at}  {each.why}  {each.file or 'as shipped'}")
        click.echo(f"decisions since the last refit: {house.learner.waiting()}")


@router.command()
def retrain() -> None:
    """Fit the model anew from examples and decisions; use it if it is no worse."""
    with opened() as house:
        try:
            with console.status("Fitting the model; this takes a minute or two …"):
                outcome = house.learner.retrain(clock.now())
        except RefitFailed as failed:
            raise Unusable(f"the model could not be fitted ({failed})") from None
        click.echo(f"frozen set: {outcome.frozen[0]:.3f} before, {outcome.frozen[1]:.3f} after")
        click.echo(
            f"recent decisions: {outcome.recent[0]:.3f} before, {outcome.recent[1]:.3f} after"
        )
        click.echo("The new model is in use." if outcome.promoted else "The old model stays.")


@router.command()
def rollback() -> None:
    """Go back to the model before the current one."""
    with opened() as house:
        version = house.learner.roll_back(clock.now())
        click.echo(f"In use now: {version.file or 'the model as shipped'}")
