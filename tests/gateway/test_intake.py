"""Who starts the poller on a terminal sees how far it has come; a log sees nothing."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from gateway.commands.intake import intake


def test_a_terminal_shows_how_many_were_taken_in() -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    with intake(console) as progress:
        assert progress is not None
        for taken in range(1, 1235):
            progress("email", taken)
    assert "email: 1,234 taken in" in shown.getvalue()


def test_a_few_are_not_worth_a_line() -> None:
    shown = StringIO()
    with intake(Console(file=shown, force_terminal=True)) as progress:
        assert progress is not None
        progress("email", 3)
    assert "email" not in shown.getvalue()


def test_where_nobody_watches_nothing_is_shown() -> None:
    with intake(Console(file=StringIO())) as progress:
        assert progress is None
