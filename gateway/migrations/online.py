"""What a migration does to large tables that are in use: so that nobody who works has to wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

#: How long a statement waits for its lock: everybody else waits behind it meanwhile. Less than
#: PostgreSQL takes to look for deadlocks, so that it is the migration that gives way.
PATIENCE = "200ms"
#: Rows changed in one go.
_AT_ONCE = 10_000


def take(*tables: str) -> None:
    """Take all tables that a migration changes or points at before it changes the first, in the
    order in which our transactions come to them: else it and they would wait for each other."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")


def index(name: str, table: str, columns: Sequence[str], where: str | None = None) -> None:
    """Build an index, or build one anew with other columns, while everybody reads and writes.

    A migration that does this does nothing that cannot be done twice: on PostgreSQL it is no
    transaction, and what was interrupted is begun again.
    """
    partial = None if where is None else sa.text(where)
    building = f"{name}_building"
    with beside_the_work() as is_postgresql:
        if not is_postgresql:
            op.drop_index(name, table, if_exists=True)
            op.create_index(name, table, list(columns), sqlite_where=partial)
            return
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {building}")
        op.create_index(
            building, table, list(columns), postgresql_where=partial, postgresql_concurrently=True
        )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"ALTER INDEX {building} RENAME TO {name}")


def in_pieces(table: str, statement: str) -> None:
    """Change every row of a table by a statement with ``:first`` and ``:last`` for its ids."""
    bind = op.get_bind()
    last = bind.scalar(sa.text(f"SELECT max(id) FROM {table}")) or 0  # noqa: S608  # our own name
    with beside_the_work():
        for first in range(1, last + 1, _AT_ONCE):
            piece = {"first": first, "last": first + _AT_ONCE - 1}
            bind.execute(sa.text(statement), piece)


@contextmanager
def beside_the_work() -> Iterator[bool]:
    """Each statement is committed by itself, and waits for others as long as it must: these are
    statements that nobody waits behind. Whether this is PostgreSQL; SQLite has one writer."""
    if op.get_bind().dialect.name != "postgresql":
        yield False
        return
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        try:
            yield True
        finally:
            op.execute(f"SET lock_timeout = '{PATIENCE}'")
