"""What providers took is written down with one statement, which stays as quick as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, literal, select, text, true
from sqlalchemy.orm import Session

from gateway import clock
from gateway.house import House
from gateway.models import OutboundRow
from gateway.pipeline.taken import _statement
from tests.gateway.messages_in import FRENCH, sms, take

#: After so many PostgreSQL has made a plan for all that follow.
ENOUGH = 15


def scanned(session: Session, what: str) -> int:
    """How often this connection lately read a whole table, or went through an index."""
    asked = text("SELECT pg_stat_get_xact_numscans(CAST(:what AS regclass))")
    times: int = session.execute(asked, {"what": what}).scalar_one()
    return times


def repeated(session: Session, times: int) -> None:
    """Queue the one message that waits so often more."""
    again = func.generate_series(1, times).table_valued("again", name="again")
    ours = OutboundRow.__table__.c
    copied = [column for column in ours if column.name not in ("id", "cause")]
    session.execute(
        insert(OutboundRow).from_select(
            ["cause", *(column.name for column in copied)],
            select(literal("again:").concat(again.c.again), *copied).join(again, true()),
        )
    )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_rows_are_looked_up_by_index_in_a_table_that_was_small_a_moment_ago(
    house: House,
) -> None:
    """PostgreSQL keeps the plan of a statement while the table grows: to read all of it would
    soon cost more than everything else."""
    take(house, sms(FRENCH))
    with house.store.write() as session:
        repeated(session, 300)
    with house.store.write() as session:
        before = scanned(session, "outbound")
        for n in range(ENOUGH):
            rows = [*range(8 * n + 1, 8 * n + 9)]
            ids = [f"SM{row}" for row in rows]
            told = {"rows": rows, "providers": ids, "now": clock.now()}
            session.execute(_statement(False), told)
        assert scanned(session, "outbound") == before
