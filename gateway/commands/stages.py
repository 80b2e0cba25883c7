"""The commands that try one stage alone: a line in, a line out."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click


@click.group()
def normalize() -> None:
    """See what the normaliser makes of a message."""


@normalize.command("email")
def normalize_email() -> None:
    """Read a mail from standard input and print it as one JSON line."""
    # Each stage loads what it needs and no more: they are started once per input by scripts.
    from gateway.mail_command import normalize_email as answer

    click.echo(answer(sys.stdin.buffer.read()))


@click.command("detect-language")
def detect_language() -> None:
    """Read a text per line and print a language tag per line."""
    from normalizer.language.command import detect_line

    _line_by_line(detect_line)


@click.command()
def route() -> None:
    """Read JSON lines {text, lang?, subject?} and print where each one goes."""
    from routing.command import route_line

    _line_by_line(route_line)


def _line_by_line(answer: Callable[[str], str]) -> None:
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        sys.stdout.buffer.write((answer(text) + "\n").encode("utf-8"))
        sys.stdout.buffer.flush()
