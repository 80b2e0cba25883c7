"""talk and desk: pending questions, links, proofs; users, sessions, audit; more about a case

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gateway.migrations.online import take

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


#: The same types as in gateway/models, spelled out: a migration must not change with it.
INSTANT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: What cases can be found by: words, folded by gateway/search.py.
WORDS = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE case_words"
            " USING fts5(words, tokenize='unicode61 remove_diacritics 0')"
        ),
    ),
    "postgresql": (
        (
            "CREATE TABLE case_words (case_id bigint CONSTRAINT pk_case_words PRIMARY KEY"
            " CONSTRAINT fk_case_words_case_id REFERENCES cases (id), words tsvector NOT NULL)"
        ),
        "CREATE INDEX ix_case_words_words ON case_words USING gin (words)",
    ),
}

#: The audit trail stays as it is written, whatever program is connected.
AUDIT = {
    "sqlite": (
        (
            "CREATE TRIGGER audits_not_changed BEFORE UPDATE ON audits"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
        ),
        (
            "CREATE TRIGGER audits_not_deleted BEFORE DELETE ON audits"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION audits_stay() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the audit trail only grows'; END $$"
        ),
        (
            "CREATE TRIGGER audits_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audits"
            " FOR EACH STATEMENT EXECUTE FUNCTION audits_stay()"
        ),
    ),
}


def upgrade() -> None:
    take("messages", "contacts", "addresses", "cases", "outbound", "attachments")
    op.create_table(
        "articles",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("slug", "language", name=op.f("uq_articles_slug_language")),
    )
    op.create_table(
        "guesses",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_guesses")),
    )
    op.create_table(
        "templates",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("administration", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
    )
    op.create_index(
        op.f("ix_templates_administration"), "templates", ["administration"], unique=False
    )

    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("administration", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_index(op.f("ix_users_administration"), "users", ["administration"], unique=False)

    op.create_table(
        "user_sessions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_user_sessions_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)

    op.create_table(
        "audits",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("case_id", BIG_ID, nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_audits_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audits_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
    )
    op.create_index(op.f("ix_audits_at"), "audits", ["at"], unique=False)
    op.create_index("ix_audits_case_id_id", "audits", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_audits_user_id"), "audits", ["user_id"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("case_id", BIG_ID, nullable=True),
        sa.Column("address_id", BIG_ID, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name=op.f("fk_links_address_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_links_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("sha256", name=op.f("uq_links_sha256")),
    )
    op.create_index(op.f("ix_links_case_id"), "links", ["case_id"], unique=False)

    op.create_table(
        "presences",
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_presences_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_presences_user_id")),
        sa.PrimaryKeyConstraint("case_id", "user_id", name=op.f("pk_presences")),
    )
    op.create_table(
        "proofs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("case_id", BIG_ID, nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("proved_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_proofs_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_proofs_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    op.create_index(op.f("ix_proofs_contact_id"), "proofs", ["contact_id"], unique=False)

    op.create_table(
        "questions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("address_id", BIG_ID, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("case_id", BIG_ID, nullable=True),
        sa.Column("message_id", BIG_ID, nullable=True),
        sa.Column("options", JSON, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_questions_address_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_questions_case_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_questions_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_case_id"), "questions", ["case_id"], unique=False)
    op.create_index(
        "ix_questions_expiring",
        "questions",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(op.f("ix_questions_message_id"), "questions", ["message_id"], unique=False)
    op.create_index(
        "ix_questions_open",
        "questions",
        ["address_id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )

    op.add_column("attachments", sa.Column("hear_at", INSTANT, nullable=True))
    op.add_column(
        "attachments", sa.Column("hear_tries", sa.Integer(), nullable=False, server_default="0")
    )
    # Added one by one: SQLite would otherwise copy the whole table.
    op.add_column("messages", sa.Column("trace", sa.String(length=55), nullable=True))
    op.add_column("outbound", sa.Column("trace", sa.String(length=55), nullable=True))
    op.add_column(
        "outbound", sa.Column("doubtful", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "outbound", sa.Column("bulk", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("addresses", sa.Column("proved_at", INSTANT, nullable=True))
    op.add_column(
        "addresses", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false())
    )

    # The foreign keys make SQLite copy this one.
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("on_behalf", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rating", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("rating_word", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("rated_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("rating_asked_at", INSTANT, nullable=True))
        batch_op.add_column(
            sa.Column("rating_asked", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("assignee_id", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("sent_by", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("accepted_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("warned", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("extended_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("ground", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("merged_into", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("answered_at", INSTANT, nullable=True))
        # Rows that are there already are checked by the next migration: that takes long, and locks.
        batch_op.create_foreign_key(
            batch_op.f("fk_cases_assignee_id"),
            "users",
            ["assignee_id"],
            ["id"],
            postgresql_not_valid=True,
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_cases_merged_into"),
            "cases",
            ["merged_into"],
            ["id"],
            postgresql_not_valid=True,
        )
    dialect = op.get_bind().dialect.name
    for statement in (*WORDS[dialect], *AUDIT[dialect]):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audits_stay ON audits")
        op.execute("DROP FUNCTION audits_stay()")
    op.execute("DROP TABLE case_words")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_cases_merged_into"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_cases_assignee_id"), type_="foreignkey")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("ground")
        batch_op.drop_column("extended_at")
        batch_op.drop_column("warned")
        batch_op.drop_column("accepted_at")
        batch_op.drop_column("sent_by")
        batch_op.drop_column("assignee_id")
        batch_op.drop_column("rating_asked")
        batch_op.drop_column("rating_asked_at")
        batch_op.drop_column("rated_at")
        batch_op.drop_column("rating_word")
        batch_op.drop_column("rating")
        batch_op.drop_column("reopened")
        batch_op.drop_column("on_behalf")

    op.drop_column("attachments", "hear_tries")
    op.drop_column("attachments", "hear_at")
    op.drop_column("outbound", "trace")
    op.drop_column("messages", "trace")
    op.drop_column("outbound", "bulk")
    op.drop_column("outbound", "doubtful")
    op.drop_column("addresses", "shared")
    op.drop_column("addresses", "proved_at")

    op.drop_index(
        "ix_questions_open",
        "questions",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_index(op.f("ix_questions_message_id"), "questions")
    op.drop_index(
        "ix_questions_expiring",
        "questions",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_index(op.f("ix_questions_case_id"), "questions")

    op.drop_table("questions")
    op.drop_index(op.f("ix_proofs_contact_id"), "proofs")

    op.drop_table("proofs")
    op.drop_table("presences")
    op.drop_index(op.f("ix_links_case_id"), "links")

    op.drop_table("links")
    op.drop_index(op.f("ix_audits_user_id"), "audits")
    op.drop_index("ix_audits_case_id_id", "audits")
    op.drop_index(op.f("ix_audits_at"), "audits")

    op.drop_table("audits")
    op.drop_index(op.f("ix_user_sessions_user_id"), "user_sessions")

    op.drop_table("user_sessions")
    op.drop_index(op.f("ix_users_administration"), "users")

    op.drop_table("users")
    op.drop_index(op.f("ix_templates_administration"), "templates")

    op.drop_table("templates")
    op.drop_table("guesses")
    op.drop_table("articles")
