"""The database: its engine, its transactions, and the claiming of work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import RawCursor
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    any_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    inspect,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import InstrumentedAttribute, Session, lazyload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.selectable import ExecutableReturnsRows

from gateway.dialects import decoded, insert_into
from gateway.models import AddressRow, AttachmentRow, Base, ChannelRow, Message, OutboundRow
from gateway.search import IndexingSession

#: The tables whose rows wait to be worked on, with the state in which they wait.
WAITING = {Message: "new", OutboundRow: "queued", AttachmentRow: "pending"}
#: What is taken before what was due earlier.
_FIRST: Mapping[type[Base], Sequence[ColumnElement[Any]]] = {OutboundRow: (OutboundRow.bulk,)}  # type: ignore[dict-item]  # a mapped column is one
#: What nobody who claims a row looks at.
_UNREAD: Mapping[type[Base], Sequence[str]] = {Message: ("raw",)}
#: A condition on the rows to be claimed, made when it is first asked for.
Rule = Callable[[], ColumnElement[bool]]
Row = TypeVar("Row", Message, OutboundRow, AttachmentRow)
Key = TypeVar("Key", int, str)
Done = TypeVar("Done")

#: A connection that nobody used for so long may have been cut.
_IDLE_SECONDS = 2.0

#: A transaction in which nothing was said for so long belongs to nobody any more.
_SILENT_SECONDS = 10
#: What a page that lies elsewhere costs, beside the next one: as much, but on turning disks.
_PAGE_COST = 1.1
#: How soon we see ourselves that we are cut off, for libpq, in seconds.
_CUT_OFF = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

#: PostgreSQL's code for writing where one may only read: a standby, or one being repaired.
_READ_ONLY = "25006"

#: Serialises migrations of several processes that start at once (any number of our own).
_MIGRATION_LOCK = 0x67756963686574


#: After how many seconds it is asked for again, as is any lock that a migration needs; how often.
_BREATH = 0.2
_MIGRATION_TRIES = 100
#: PostgreSQL's code for a lock that was not free in time.
_NO_LOCK = "55P03"


class SchemaOutdated(Exception):
    """The database was made by another version of Guichet."""


class Store:
    """The engine and its transactions. Rows it returns from ``claim`` belong to no session."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(writes=True)
        if not self.is_sqlite:
            self._at_once = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def is_sqlite(self) -> bool:
        """Whether the whole database is one file of this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that commits at its end and rolls back on any exception."""
        with IndexingSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """For single statements: each is committed when it has run, in one round trip. On SQLite,
        which would begin to write too late, they are one transaction."""
        if self.is_sqlite:
            with self._writer.begin() as connection:
                yield connection
        else:
            with self._at_once.connect() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One read-only look. On PostgreSQL, where each statement sees its own moment all the same,
        it is no transaction: that saves two round trips of three."""
        engine = self.engine if self.is_sqlite else self._at_once
        with Session(engine, expire_on_commit=False) as session:
            yield session

    def insert(self, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, in this database's dialect."""
        return insert_into(table, sqlite=self.is_sqlite)

    def claim(
        self,
        table: type[Row],
        now: datetime,
        lease: timedelta,
        limit: int,
        *only: Rule,
        channel: str | None = None,
        **values: Any,
    ) -> Sequence[Row]:
        """Take up to ``limit`` due rows: nobody else gets them until the lease is over.

        Taking counts a try and pushes the due time on; a worker that dies leaves the row due
        again once the lease has passed. Oldest first, and what nobody waits for after all else.
        ``values`` are those of the parameters in the rules ``only``.
        """
        known = {"due": now, "until": now + lease, "most": limit, **values}
        rules = only
        if channel is not None:
            rules, known["over"] = (*only, _is_over), channel
        with self.at_once() as connection, Session(connection) as session:
            taken = session.scalars(_claim(table, rules), known).all()
            self._add_addresses(session, taken)
            session.expunge_all()
        return sorted(taken, key=attrgetter("id"))

    def _add_addresses(self, session: Session, rows: Sequence[Base]) -> None:
        """RETURNING brings no relationships along: they are read together."""
        waiting = [row for row in rows if isinstance(row, OutboundRow)]
        if waiting:
            wanted = self.among(AddressRow.id, {row.address_id for row in waiting})
            bare = select(AddressRow).where(wanted).options(lazyload("*"))
            found = {one.id: one for one in session.scalars(bare)}
            for row in waiting:
                set_committed_value(row, "address", found[row.address_id])

    def among(
        self, column: InstrumentedAttribute[Key], values: Collection[Key]
    ) -> ColumnElement[bool]:
        """Whether ``column`` is among ``values``: however many they are, PostgreSQL is asked with
        the same statement, whose plan it keeps."""
        if self.is_sqlite:
            return column.in_(values)
        return column == any_(bindparam(None, list(values), ARRAY(column.type)))

    def release_claims(
        self, now: datetime, beyond: timedelta = timedelta(0), *, failed: bool = False
    ) -> None:
        """Make everything due that waits for later than ``beyond``: what is claimed or put off, or
        else what ``failed``.

        What is claimed when the only worker starts was claimed by one that died. And what is due
        hours ahead was stored or claimed while the clock was wrong.
        """
        with self.write() as session:
            for table in (Message, OutboundRow, AttachmentRow):
                session.execute(
                    update(table)
                    .where(
                        table.state == written_out(WAITING[table]),
                        table.error.is_not(None) if failed else table.error.is_(None),
                        table.due_at > now + beyond,
                    )
                    .values(due_at=now)
                )

    def announce(self, channels: Mapping[str, str], now: datetime) -> None:
        """Keep which channels are in service, with the kind of address each one reaches."""
        with self.write() as session:
            session.execute(delete(ChannelRow).where(ChannelRow.name.not_in(channels)))
            for name, addresses in channels.items():
                row = {"name": name, "addresses": addresses, "since": now}
                session.execute(
                    self.insert(ChannelRow)
                    .values(row)
                    .on_conflict_do_update(index_elements=["name"], set_={"addresses": addresses})
                )

    def announced(self) -> dict[str, str]:
        """The channels in service, as the serving process last said."""
        with self.read() as session:
            rows = session.execute(select(ChannelRow.name, ChannelRow.addresses))
            return dict(rows.all())

    def ping(self) -> None:
        """Raise SQLAlchemyError unless the database answers."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema up to this version, one process at a time.

        A migration that does not get a lock soon lets everybody pass and begins again; raises
        OperationalError when it never does.
        """
        config = migrations()
        with self._writer.connect() as connection, self._alone(connection):
            config.attributes["connection"] = connection
            for tries_left in reversed(range(_MIGRATION_TRIES)):
                try:
                    command.upgrade(config, revision)
                    break
                except OperationalError as busy:
                    if getattr(busy.orig, "sqlstate", None) != _NO_LOCK or not tries_left:
                        raise
                    sleep(_BREATH)
            connection.commit()

    @contextmanager
    def _alone(self, connection: Connection) -> Iterator[None]:
        """Hold PostgreSQL's lock for migrations. It is asked for anew until it is free: whoever
        waited for it inside a statement would be waited for by an index that is being built."""
        if self.is_sqlite:
            yield
            return
        while not connection.scalar(select(func.pg_try_advisory_lock(_MIGRATION_LOCK))):
            connection.commit()
            sleep(_BREATH)
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(select(func.pg_advisory_unlock(_MIGRATION_LOCK)))
            connection.commit()

    def ensure_schema(self) -> None:
        """Make the tables of a new database; raise SchemaOutdated for one of another version.

        Processes that start together on an empty database wait for the one that makes them. On
        SQLite, where this process is the only one, an old schema is simply brought up.
        """
        if self.is_current():
            return
        with self._writer.connect() as connection, self._alone(connection):
            if self.is_current():
                return
            empty = not inspect(connection).get_table_names()
        if not (empty or self.is_sqlite):
            raise SchemaOutdated
        self.migrate()

    def is_current(self) -> bool:
        """Whether the schema is this version's."""
        with self.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        return found == ScriptDirectory.from_config(migrations()).get_current_head()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _is_over() -> ColumnElement[bool]:
    """Whether a message goes over the channel asked for."""
    return OutboundRow.channel == bindparam("over")


@cache
def _claim(table: type[Row], rules: Sequence[Rule]) -> ExecutableReturnsRows:
    """Built once: its making costs more than its sending. No parameter may be called like a
    column, or it would be set."""
    due = (
        select(table.id)
        .where(table.state == written_out(WAITING[table]), table.due_at <= bindparam("due"))
        .where(*(rule() for rule in rules))
        .order_by(*_FIRST.get(table, ()), table.due_at, table.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    unread = _UNREAD.get(table, ())
    claiming = (
        update(table)
        .where(table.id.in_(due.scalar_subquery()))
        .values(due_at=bindparam("until"), tries=table.tries + 1)
        .returning(*(each for each in table.__table__.c if each.name not in unread))
    )
    # As what a SELECT found: the object mapper would put an UPDATE of its own together anew.
    return select(table).from_statement(claiming)


def once_more(work: Callable[[], Done]) -> Done:
    """Do some work, and once again where the connection broke: one that died while it lay idle
    says nothing of the database. Once is enough."""
    try:
        return work()
    except DBAPIError as broken:
        if not broken.connection_invalidated:
            raise
        return work()


def inserted(result: CursorResult[Any]) -> int | None:
    """The id that an ``INSERT … ON CONFLICT DO NOTHING RETURNING id`` made, if it made a row."""
    row = result.first()
    return None if row is None else int(row[0])


def written_out(state: str) -> ColumnElement[str]:
    """One of our own words, written out: SQLite uses no partial index for a parameter."""
    return literal_column(f"'{state}'")


def is_away(error: BaseException) -> bool:
    """Whether the database itself is the trouble, so that trying again later can help."""
    if isinstance(error, DBAPIError) and (
        # Whatever the driver calls it when a connection breaks: it has three names for that.
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _READ_ONLY
    ):
        return True
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def migrations() -> Config:
    """Alembic's configuration; it has no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername.startswith("sqlite"):
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False})
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    engine = create_engine(
        parsed,
        # Each thread of the web process may keep its own; more are lent for a moment.
        pool_size=20,
        max_overflow=10,
        connect_args={"connect_timeout": 5, "cursor_factory": RawCursor, **_CUT_OFF},
        # Parameters as the server counts them: the driver has nothing to look for and to rewrite.
        paramstyle="numeric_dollar",
        json_deserializer=decoded,
    )
    # Many rows in one INSERT also where no id is asked for: the driver would send each by itself.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    event.listen(engine, "connect", _free_what_is_held)
    event.listen(engine, "connect", _look_up)
    event.listen(engine, "checkin", _left)
    event.listen(engine, "checkout", partial(_alive, engine))
    return engine


def _free_what_is_held(connection: Any, _record: Any) -> None:
    """Let PostgreSQL end our transaction when we say no more: a host that was cut off would hold
    its rows for hours."""
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_SILENT_SECONDS}s'")
    connection.commit()


def _look_up(connection: Any, _record: Any) -> None:
    """Let PostgreSQL look rows up by their indexes while a table is small, too: it keeps the plan
    of a statement, and would go on reading the whole table when that has grown."""
    connection.execute(f"SET random_page_cost = {_PAGE_COST}")
    connection.commit()


def _left(_connection: Any, record: Any) -> None:
    record.info["left"] = monotonic()


def _alive(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that lay idle whether it still lives. One that was just in use is believed:
    the question costs as much as storing a message."""
    if monotonic() - record.info.get("left", monotonic()) < _IDLE_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as gone:
        raise DisconnectionError from gone


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late for IMMEDIATE; we begin them ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a commit is on the disk, not only in its cache
        "foreign_keys=ON",
        "busy_timeout=30000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that upgrades from reading can fail with BUSY.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
