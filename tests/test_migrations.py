"""A migration is applied while the version before it serves: it takes nothing away from it, breaks
none of its statements, and keeps it waiting for nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, event, insert, inspect, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from gateway.models import Base
from gateway.store import Store, is_away, migrations
from tests.servers.postgres import Postgres
from tests.servers.service import PATIENCE

#: The first migration of tables that were in use, and all that came after it.
SINCE = "0003"
LATER = [
    (str(one.down_revision), one.revision)
    for one in reversed([*ScriptDirectory.from_config(migrations()).walk_revisions()])
    if one.revision >= SINCE
]

#: What the version before would miss, or what everybody would wait behind while it lasts; as
#: PostgreSQL is told, about a table that was there before.
FORBIDDEN = (
    ("takes a table away", r"(DROP TABLE|TRUNCATE) {table}\b"),
    ("takes a column away, or renames or changes one", (
        r"ALTER TABLE {table} (?!ALTER COLUMN \S+ SET STATISTICS -?\d+$)(DROP|RENAME|ALTER)\b"
    )),
    ("adds a column that the version before would have to fill in", (
        r"ALTER TABLE {table} ADD COLUMN (?!.*DEFAULT).*NOT NULL"
    )),
    ("checks all rows under a lock", (
        r"ALTER TABLE {table} ADD (CONSTRAINT|CHECK|FOREIGN|UNIQUE)(?!.*NOT VALID)"
    )),
    ("builds an index under a lock", r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)\S+ ON {table}\b"),
    ("changes rows without saying from which id to which", (
        r"(UPDATE|DELETE FROM) {table}\b(?!.*\bid BETWEEN\b)"
    )),
)  # fmt: skip


def faults(statement: str, tables: set[str]) -> list[str]:
    """What is wrong with a statement of a migration, by the tables that were there before."""
    said = " ".join(statement.replace('"', "").split())
    return [
        f"{what}: {said}"
        for what, pattern in FORBIDDEN
        for table in tables
        if re.match(pattern.format(table=table), said, re.IGNORECASE)
    ]


@contextmanager
def heard(engine: Engine) -> Iterator[list[str]]:
    """What the database is told meanwhile."""
    statements: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    yield statements
    event.remove(engine, "before_cursor_execute", hear)


class Before:
    """The version before, at work: it writes a row into each table it knows and reads all of its
    columns, again and again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = MetaData()
        self._known.reflect(engine, only=lambda name, _: name != "alembic_version")
        self._numbers = count(1)
        self._stop = threading.Event()
        self._rounds = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        self.trouble: list[Exception] = []
        self.written = 0

    def __enter__(self) -> Callable[[], None]:
        self._thread.start()
        return self._another_round

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _another_round(self) -> None:
        """Wait for a round that began later than now."""
        for _ in range(2):
            assert self._rounds.acquire(timeout=PATIENCE)

    def _run(self) -> None:
        while not (self._stop.is_set() or self.trouble):
            try:
                with self._engine.begin() as connection:
                    self.round(connection)
            except Exception as error:  # noqa: BLE001  # whatever it is, the test tells it
                # What the next try mends is no trouble: everybody here tries again.
                self.trouble += [] if is_away(error) else [error]
            self._rounds.release()
        # Nobody waits for what does not come any more.
        self._rounds.release(2)

    def round(self, connection: Connection) -> None:
        """One row into each table, parents first."""
        n = next(self._numbers)
        ids: dict[str, Any] = {}
        for table in self._known.sorted_tables:
            row = {
                column.name: _value(column, n, ids)
                for column in table.columns
                if not (column.autoincrement is True or column.server_default is not None)
            }
            made = connection.execute(insert(table).values(row)).inserted_primary_key
            ids[table.name] = made and made[0]
            connection.execute(select(table).order_by(*table.primary_key).limit(5)).all()
            self.written += 1


def _value(column: Column[Any], n: int, ids: dict[str, Any]) -> object:
    for key in column.foreign_keys:
        return ids.get(key.column.table.name)
    if isinstance(column.type, postgresql.JSONB):
        return {}
    if isinstance(column.type, postgresql.TSVECTOR):
        return ""
    kinds: dict[type, object] = {
        int: n,
        float: 0.5,
        bool: False,
        bytes: b"",
        datetime: datetime.now(UTC),
        str: f"{n:08}",
    }
    return kinds[column.type.python_type]


@pytest.fixture
def store(postgres: Postgres) -> Iterator[Store]:
    """An empty database."""
    store = Store(postgres.database())
    yield store
    store.close()


@pytest.mark.parametrize(("before", "after"), LATER)
def test_the_version_before_goes_on_while_a_migration_runs(
    store: Store, before: str, after: str
) -> None:
    store.migrate(before)
    tables = {*inspect(store.engine).get_table_names()} - {"alembic_version"}
    at_work = Before(store.engine)
    with at_work as another_round:
        another_round()
        with heard(store.engine) as statements:
            store.migrate(after)
        another_round()
    assert at_work.trouble == []
    assert [fault for told in statements for fault in faults(told, tables)] == []


def test_the_next_version_reads_what_the_version_before_wrote(store: Store) -> None:
    before, after = LATER[-1]
    store.migrate(before)
    at_work = Before(store.engine)
    store.migrate(after)
    with store.engine.begin() as connection:
        at_work.round(connection)
    with Session(store.engine) as session:
        for mapper in Base.registry.mappers:
            session.scalars(select(mapper.class_)).unique().all()


@pytest.mark.parametrize(
    ("statement", "is_wrong"),
    [
        ("DROP TABLE cases", True),
        ("ALTER TABLE cases DROP COLUMN text", True),
        ('ALTER TABLE "cases" RENAME text TO words', True),
        ("ALTER TABLE cases ALTER COLUMN text TYPE varchar(3)", True),
        ("ALTER TABLE cases ALTER COLUMN text SET STATISTICS 0", False),
        ("ALTER TABLE cases DROP COLUMN text, ALTER COLUMN a SET STATISTICS 0", True),
        ("ALTER TABLE cases ALTER COLUMN a SET STATISTICS 0, DROP COLUMN text", True),
        ("ALTER TABLE cases ADD COLUMN a TEXT NOT NULL", True),
        ("ALTER TABLE cases ADD COLUMN a TEXT DEFAULT '' NOT NULL", False),
        ("ALTER TABLE cases ADD COLUMN a TEXT", False),
        ("ALTER TABLE cases ADD CONSTRAINT a FOREIGN KEY(b) REFERENCES c (id)", True),
        ("ALTER TABLE cases ADD CONSTRAINT a FOREIGN KEY(b) REFERENCES c (id) NOT VALID", False),
        ("CREATE INDEX a ON cases (b)", True),
        ("CREATE INDEX CONCURRENTLY a ON cases (b)", False),
        ("CREATE INDEX a ON new_ones (b)", False),
        ("UPDATE cases SET a = 1", True),
        ("UPDATE cases SET a = 1 WHERE cases.id BETWEEN 1 AND 9", False),
    ],
)
def test_what_a_migration_may_not_do_is_found(statement: str, is_wrong: bool) -> None:
    assert bool(faults(statement, {"cases", "messages"})) == is_wrong


def test_an_index_whose_building_was_interrupted_is_built_again(store: Store) -> None:
    """As after a power cut: what is left is invalid, and nobody uses it."""
    head = LATER[-1][1]
    store.migrate("0003")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX ix_messages_held_building ON messages (text)")
    store.migrate(head)
    with store.engine.connect() as connection:
        found = {one["name"] for one in inspect(connection).get_indexes("messages")}
        valid = connection.exec_driver_sql("SELECT bool_and(indisvalid) FROM pg_index").scalar()
    assert "ix_messages_held" in found
    assert not any(name and name.endswith("_building") for name in found)
    assert valid


def test_processes_that_migrate_at_once_do_not_wait_for_each_other_for_ever(
    store: Store, postgres: Postgres
) -> None:
    """An index is built when nobody reads any more; who waits for their turn must not read."""
    store.migrate("0003")
    others = [Store(str(store.engine.url.set(drivername="postgresql"))) for _ in range(2)]
    threads = [threading.Thread(target=one.migrate) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one.is_current() for one in others)
    for one in others:
        one.close()
