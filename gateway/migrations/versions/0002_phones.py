"""phones: segments, the pace of sending, what a call remembers, codes and transcripts of callers

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: The same types as in gateway/models, spelled out: a migration must not change with it.
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_paces")),
    )
    op.create_table(
        "notes",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_at"), "notes", ["at"], unique=False)
    # Added one by one: SQLite would otherwise copy the whole table.
    op.add_column("outbound", sa.Column("segments", sa.Integer(), nullable=True))
    op.add_column(
        "cases",
        sa.Column("transcribed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("cases", sa.Column("pin", sa.String(length=64), nullable=True))
    op.add_column(
        "cases", sa.Column("pin_failures", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("cases", "pin_failures")
    op.drop_column("cases", "pin")
    op.drop_column("cases", "transcribed")
    op.drop_column("outbound", "segments")
    op.drop_index(op.f("ix_notes_at"), "notes")
    op.drop_table("notes")
    op.drop_table("paces")
