"""A database with so many cases and their history, made fast: ten thousand are written, and the
database copies them within itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.models import AddressRow, Case, Event, Message, OutboundRow
from gateway.roles import StaffView
from gateway.store import Store
from tests.many_cases import fill

BASE = 10_000

#: What is another one in each copy, by table; the rest is copied as it is. ``k`` counts the copies.
_SHIFTED = {
    "contacts": {"id": "id + {by}"},
    "addresses": {
        "id": "id + {by}",
        "contact_id": "contact_id + {by}",
        "value": "'+2126' || lpad((id + {by})::text, 8, '0')",
    },
    "cases": {
        "id": "id + {by}",
        "number": "lpad((id + {by})::text, 12, '0')",
        "contact_id": "contact_id + {by}",
        "address_id": "address_id + {by}",
    },
    "case_addresses": {"case_id": "case_id + {by}", "address_id": "address_id + {by}"},
    "case_words": {"case_id": "case_id + {by}"},
    "messages": {
        "id": "id + {by}",
        "external_id": "external_id || '-' || k",
        "reference": "reference || '-' || k",
        "case_id": "case_id + {by}",
    },
    "events": {"id": "id + {by}", "case_id": "case_id + {by}"},
    "outbound": {
        "id": "id + {by}",
        "cause": "cause || '-' || k",
        "case_id": "case_id + {by}",
        "address_id": "address_id + {by}",
    },
}
_NOT_OF_CONSTRAINTS = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s)
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def begin(store: Store, staff: Sequence[StaffView], count: int = BASE) -> None:
    """Write so many cases, each with the message it came by, its history and its answer."""
    fill(store, [*staff], count, clock.now())
    with store.write() as session:
        _histories(session)


def multiply(url: str, times: int) -> None:
    """Make so many times as many of them. Indexes are built when all is there."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in (
            "synchronous_commit = off",
            "session_replication_role = replica",
            "maintenance_work_mem = '512MB'",
            "work_mem = '128MB'",
        ):
            connection.execute(f"SET {setting}".encode())
        indexes = connection.execute(_NOT_OF_CONSTRAINTS, [[*_SHIFTED]]).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"'.encode())
        for table in _SHIFTED if times > 1 else ():
            _copy(connection, table, times)
        for _, definition in indexes:
            connection.execute(str(definition).encode())
        for table in _SHIFTED:
            _count_on(connection, table)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def without_autovacuum(url: str) -> Iterator[None]:
    """What is loaded is analysed when all is there: twice at a time, one of them would fail."""
    _set(url, "ALTER SYSTEM SET autovacuum = off")
    yield
    _set(url, "ALTER SYSTEM RESET autovacuum")


def _set(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
        connection.execute("SELECT pg_reload_conf()")


def _copy(connection: psycopg.Connection, table: str, times: int) -> None:
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = %s",
            [table],
        )
    ]
    # Ids run from 1 in each table: the copies begin where the last one ended.
    size = connection.execute(f'SELECT max({_key(table)}) FROM "{table}"'.encode()).fetchone()
    by = f"k * {_round_up(size[0] if size else 0)}"
    shifted = {name: how.format(by=by) for name, how in _SHIFTED[table].items()}
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(shifted.get(name, f'"{name}"') for name in columns)
    connection.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {values} '
        f'FROM "{table}", generate_series(1, {times - 1}) AS copies (k)'.encode()
    )


def _key(table: str) -> str:
    return next(iter(_SHIFTED[table]))


def _round_up(size: int) -> int:
    """Tables refer to one another: all are shifted alike, by the number of cases."""
    return -(-size // BASE) * BASE


def _count_on(connection: psycopg.Connection, table: str) -> None:
    """Let the next id be one that nobody has."""
    key = _key(table)
    connection.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT max({key}) FROM "
        f"\"{table}\")) WHERE pg_get_serial_sequence('{table}', '{key}') IS NOT NULL".encode()
    )


def _histories(session: Session) -> None:
    cases = session.execute(
        select(Case, AddressRow.value).join(AddressRow, AddressRow.id == Case.address_id)
    ).all()
    session.execute(insert(Message), [_message(case, sender) for case, sender in cases])
    session.execute(insert(Event), [_event(case) for case, _ in cases])
    session.execute(insert(OutboundRow), [_outbound(case) for case, _ in cases])


def _message(case: Case, sender: str) -> dict[str, object]:
    name = f"SM{case.id:032x}"
    return {
        "id": case.id, "channel": case.channel, "account": "", "external_id": name,
        "reference": name, "sender": sender, "text": case.text, "in_reply_to": [], "hints": {},
        "raw": case.text.encode(), "raw_sha256": "0" * 64, "received_at": case.created_at,
        "accepted_at": case.created_at, "state": "done", "due_at": case.created_at, "tries": 1,
        "case_id": case.id, "intent": "new", "language": case.language,
    }  # fmt: skip


def _event(case: Case) -> dict[str, object]:
    return {
        "id": case.id, "case_id": case.id, "at": case.created_at, "actor": "guichet",
        "kind": "routed", "data": {"administration": case.administration},
    }  # fmt: skip


def _outbound(case: Case) -> dict[str, object]:
    return {
        "id": case.id, "cause": f"acknowledged:{case.id}", "case_id": case.id,
        "address_id": case.address_id, "channel": case.channel, "account": "",
        "key": "acknowledged", "facts": {}, "text": case.text[:120], "language": case.language,
        "references": [], "choices": [], "files": [], "automatic": True, "state": "delivered",
        "due_at": case.created_at, "tries": 1, "provider_id": f"SM{case.id:032x}",
        "created_at": case.created_at, "sent_at": case.created_at,
    }  # fmt: skip
