"""The command line: ``python -m gateway COMMAND``. Each command is imported when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

#: Wrong settings and wrong use; what goes wrong later is 1.
UNUSABLE = 2

#: Where each command lives: loading them all would cost the small ones most of their time.
COMMANDS = {
    "serve": "gateway.commands.run:serve",
    "work": "gateway.commands.run:work",
    "poll": "gateway.commands.run:poll",
    "init-db": "gateway.commands.tend:init_db",
    "doctor": "gateway.commands.tend:doctor",
    "retry": "gateway.commands.tend:retry",
    "reconcile": "gateway.commands.reconcile:reconcile",
    "user": "gateway.commands.user:user",
    "token": "gateway.commands.tend:token",
    "channels": "gateway.commands.channels:channels",
    "router": "gateway.commands.router:router",
    "case": "gateway.commands.case:case",
    "trace": "gateway.commands.trace:trace",
    "normalize": "gateway.commands.stages:normalize",
    "detect-language": "gateway.commands.stages:detect_language",
    "route": "gateway.commands.stages:route",
}


class Unusable(Exception):
    """What a person can mend; the message is one clear line."""


class Commands(click.Group):
    """Loads a command when it is asked for, and turns what a person can mend into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Unusable as wrong:
            die(str(wrong))


def die(why: str, code: int = UNUSABLE) -> NoReturn:
    """End with one line on what is wrong."""
    click.echo(f"guichet: {why}", err=True)
    sys.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Guichet: a multichannel intake gateway for citizen complaints.

    Settings come from the environment; docs/settings.md lists them.
    """
