"""what waits is looked up by its own indexes, also where the last analysis found nothing waiting

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Where a quiet day's analysis finds no row that waits, PostgreSQL expects none in a surge either.
#: To it all indexes of what waits cost the same then, and it may read all of one to find a row of
#: another. Without statistics it expects some hundreds.
TABLES = ("messages", "outbound")


def upgrade() -> None:
    _keep(0)


def downgrade() -> None:
    _keep(-1)


def _keep(statistics: int) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN state SET STATISTICS {statistics}")
