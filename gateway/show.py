"""A case on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cases import CaseView
from normalizer.tracking import spaced


def show_case(view: CaseView, console: Console) -> None:
    """Print a case: what it is about, where it stands, what happened."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    for name, value in (
        ("number", spaced(view.number)),
        ("status", view.status),
        ("kind", view.kind),
        ("language", view.language),
        ("channel", view.channel),
        ("administration", view.administration or "none yet: in triage"),
        ("received", f"{view.created_at:%Y-%m-%d %H:%M} UTC"),
        ("due", f"{view.due_at:%Y-%m-%d}"),
        ("text", view.text),
    ):
        facts.add_row(name, Text(value))
    console.print(facts)
    console.print("\n[dim]history[/dim]")
    for event in view.events:
        details = ", ".join(f"{key} {value}" for key, value in event.data.items())
        console.print(
            f"  {event.at:%Y-%m-%d %H:%M}  {event.actor}  {event.kind}  {details}", markup=False
        )
    if view.replies:
        console.print("\n[dim]said to the citizen[/dim]")
    for said in view.replies:
        console.print(
            f"  {said.at:%Y-%m-%d %H:%M}  {said.channel}  {said.state}  {said.text}", markup=False
        )
