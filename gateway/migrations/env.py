"""How Alembic reaches the database: over the connection it is handed."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from gateway.migrations.online import PATIENCE
from gateway.models import Base
from gateway.search import in_the_models


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_name=in_the_models,
        # What one has done is done when the next one begins: a lock is held no longer than that.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _set(connection: Connection, patience: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{patience}'"))
        connection.commit()


def _patiently(connection: Connection) -> None:
    _set(connection, PATIENCE)
    try:
        _run(connection)
    finally:
        connection.rollback()
        _set(connection, "0")


_patiently(context.config.attributes["connection"])
