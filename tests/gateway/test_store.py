"""Whose trouble an error of the database is: only what passes by itself is worth coming again."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import exc

from gateway.store import is_away

_ASKED: tuple[str, dict[str, object]] = ("SELECT 1", {})


@pytest.mark.parametrize(
    ("error", "away"),
    [
        pytest.param(
            exc.OperationalError(None, None, psycopg.OperationalError("refused")), True, id="down"
        ),
        pytest.param(
            # What libpq itself noticed has no SQLSTATE, and so no better name.
            exc.DatabaseError(
                *_ASKED, psycopg.DatabaseError("closed"), connection_invalidated=True
            ),
            True,
            id="gone in the middle",
        ),
        pytest.param(
            exc.InternalError(*_ASKED, psycopg.errors.ReadOnlySqlTransaction("standby")),
            True,
            id="read-only",
        ),
        pytest.param(exc.TimeoutError("every connection is in use"), True, id="overrun"),
        pytest.param(
            exc.IntegrityError(*_ASKED, psycopg.errors.UniqueViolation("twice")), False, id="twice"
        ),
        pytest.param(
            exc.ProgrammingError(*_ASKED, psycopg.errors.UndefinedTable("no table")),
            False,
            id="our own fault",
        ),
    ],
)
def test_what_passes_by_itself_is_told_from_our_own_faults(
    error: exc.SQLAlchemyError, away: bool
) -> None:
    assert is_away(error) == away
