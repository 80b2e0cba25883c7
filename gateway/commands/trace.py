"""The command that finds by which id the log lines name what an operator asks about."""

from __future__ import annotations

from datetime import datetime

import click
from rich.table import Column, Table
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.cli import die
from gateway.commands.opening import console, opened
from gateway.models import Case, Message, OutboundRow
from normalizer import tracking


@click.command()
@click.argument("what")
def trace(what: str) -> None:
    """Show what belongs to WHAT, a case's number or a provider's id of one message, with the trace
    that every log line about it holds. Nothing here is anybody's name, address or word."""
    with opened(by_announcement=True) as house, house.store.read() as session:
        traces = _traces(session, what)
        rows = [*_rows(session, Message, traces), *_rows(session, OutboundRow, traces)]
    if not rows:
        die(f"no message is known by {what}", code=1)
    # One goes on with the trace: on the narrowest screen it stands there whole.
    whole = Column("trace", no_wrap=True, min_width=32)
    others = ("what", "channel", "since (UTC)", "state")
    table = Table(whole, *others, box=None, pad_edge=False, collapse_padding=True)
    for row in sorted(rows, key=_since):
        kind = "message" if isinstance(row, Message) else "outbound"
        since = f"{_since(row):%Y-%m-%d %H:%M:%S}"
        table.add_row(row.trace_id, f"{kind} {row.id}", row.channel, since, row.state)
    console.print(table)


def _traces(session: Session, what: str) -> set[str]:
    """Those of a case's messages and notices, or of what a provider calls so."""
    if number := tracking.parse(what):
        case = select(Case.id).where(Case.number == number).scalar_subquery()
        came, went = Message.case_id == case, OutboundRow.case_id == case
    else:
        came = or_(Message.external_id == what, Message.reference == what)
        went = OutboundRow.provider_id == what
    wanted = select(Message.trace).where(came).union(select(OutboundRow.trace).where(went))
    return {found for found in session.scalars(wanted) if found}


def _rows(
    session: Session, table: type[Message | OutboundRow], traces: set[str]
) -> list[Message | OutboundRow]:
    return list(session.scalars(select(table).where(table.trace.in_(traces))))


def _since(row: Message | OutboundRow) -> datetime:
    return row.accepted_at if isinstance(row, Message) else row.created_at
