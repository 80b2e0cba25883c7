"""what the third migration leaves to be done beside the work: indexes, checks, and when cases were
answered

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

from gateway.migrations.online import beside_the_work, in_pieces, index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SETTLED = "status IN ('answered', 'closed', 'inadmissible')"
OPEN = "status NOT IN ('answered', 'closed', 'inadmissible') AND merged_into IS NULL"
TURNED = "status IN ('awaiting_citizen', 'reopened') AND merged_into IS NULL"
ARRIVING = f"{OPEN} AND sent_by IS NOT NULL AND accepted_at IS NULL"
TAKEN = f"{OPEN} AND assignee_id IS NOT NULL"
FREE = f"{OPEN} AND assignee_id IS NULL"
SENT_FREE = f"{FREE} AND administration IS NOT NULL"
NOBODYS = f"{OPEN} AND administration IS NULL"
#: (name, table, columns, which rows).
INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_attachments_unheard", "attachments", ("hear_at",), "hear_at IS NOT NULL"),
    ("ix_messages_held", "messages", ("id",), "state = 'held'"),
    ("ix_messages_shunted", "messages", ("id",), "state = 'shunted'"),
    ("ix_messages_spam", "messages", ("id",), "intent = 'spam'"),
    ("ix_messages_in_line", "messages", ("channel", "sender", "id"), "state = 'new'"),
    ("ix_outbound_unreported", "outbound", ("channel", "due_at"), "state = 'sent'"),
    ("ix_outbound_next", "outbound", ("channel", "address_id", "id"), "state = 'queued'"),
    ("ix_reports_provider_id", "reports", ("channel", "provider_id"), None),
    # For the queues of the desk.
    ("ix_cases_created", "cases", ("created_at", "id"), None),
    ("ix_cases_administration_created", "cases", ("administration", "created_at", "id"), None),
    ("ix_cases_nobodys", "cases", ("created_at", "id"), "administration IS NULL"),
    ("ix_cases_open", "cases", ("administration", "due_at", "id"), OPEN),
    ("ix_cases_open_due", "cases", ("due_at", "id"), OPEN),
    ("ix_cases_assigned", "cases", ("administration", "assignee_id", "due_at", "id"), TAKEN),
    ("ix_cases_assigned_due", "cases", ("assignee_id", "due_at", "id"), TAKEN),
    ("ix_cases_unassigned", "cases", ("administration", "due_at", "id"), FREE),
    ("ix_cases_unassigned_due", "cases", ("due_at", "id"), SENT_FREE),
    ("ix_cases_triage", "cases", ("disputed", "due_at", "id"), NOBODYS),
    ("ix_cases_arriving", "cases", ("administration", "due_at", "id"), ARRIVING),
    ("ix_cases_arriving_due", "cases", ("due_at", "id"), ARRIVING),
    ("ix_cases_turned", "cases", ("administration", "status", "due_at", "id"), TURNED),
    ("ix_cases_turned_due", "cases", ("status", "due_at", "id"), TURNED),
    ("ix_cases_settled", "cases", ("administration", "status", "created_at", "id"), SETTLED),
    ("ix_cases_settled_created", "cases", ("status", "created_at", "id"), SETTLED),
    ("ix_cases_merged_into", "cases", ("merged_into",), "merged_into IS NOT NULL"),
)
_WAITING = ("ix_outbound_waiting", "outbound")

#: When cases were first answered, where that is not known yet.
ANSWERED = """
    UPDATE cases SET answered_at = (SELECT min(events.at) FROM events WHERE
    events.case_id = cases.id AND events.kind = 'status' AND
    events.data->>'status' IN ('answered', 'closed', 'inadmissible'))
    WHERE cases.answered_at IS NULL AND cases.id BETWEEN :first AND :last AND EXISTS (
    SELECT 1 FROM events WHERE events.case_id = cases.id AND events.kind = 'status' AND
    events.data->>'status' IN ('answered', 'closed', 'inadmissible'))
"""


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        index(name, table, columns, where)
    index(*_WAITING, ("channel", "bulk", "due_at", "id"), "state = 'queued'")
    with beside_the_work() as is_postgresql:
        for key in ("fk_cases_assignee_id", "fk_cases_merged_into") if is_postgresql else ():
            op.execute(f"ALTER TABLE cases VALIDATE CONSTRAINT {key}")
    in_pieces("cases", ANSWERED)


def downgrade() -> None:
    index(*_WAITING, ("channel", "due_at"), "state = 'queued'")
    for name, table, _columns, _where in INDEXES:
        op.drop_index(name, table)
