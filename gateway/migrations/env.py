"""How Alembic reaches the database: over the connection it is handed, or by DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from gateway.models import Base
from gateway.search import in_the_models


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_name=in_the_models,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
