"""What PostgreSQL and SQLite are told in different words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from json import JSONDecoder, JSONEncoder
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Insert,
    TableValuedAlias,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as _sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeEngine

from gateway.models import Base


def is_sqlite(session: Session) -> bool:
    """Whether a session's whole database is one file of this machine."""
    return session.get_bind().dialect.name == "sqlite"


def insert_into(table: type[Base], *, sqlite: bool) -> _sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return _sqlite.insert(table) if sqlite else postgresql.insert(table)


def insert_rows(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    unless_taken: InstrumentedAttribute[str] | None = None,
) -> dict[str, int]:
    """Write rows that all have the same columns.

    ``unless_taken`` is a unique column: a row whose value another one has is left out, and the ids
    of all others are returned by it.
    """
    if not rows:
        return {}
    sqlite = is_sqlite(session)
    statement = _insert_rows(table, tuple(rows[0]), unless_taken, sqlite=sqlite)
    made = session.connection().execute(statement, rows if sqlite else told(rows))
    return {} if unless_taken is None else {value: id_ for id_, value in made}


@cache
def _insert_rows(
    table: type[Base],
    columns: Sequence[str],
    unless_taken: InstrumentedAttribute[str] | None,
    *,
    sqlite: bool,
) -> Insert:
    statement = insert_into(table, sqlite=sqlite)
    if not sqlite:
        rows = told_rows(types_of(table, columns))
        statement = statement.from_select(columns, select(*rows.c))
    if unless_taken is None:
        return statement
    free = statement.on_conflict_do_nothing(index_elements=[unless_taken])
    return free.returning(table.__table__.c.id, unless_taken)


def update_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change the same columns of some rows, each to a value of its own; ``row`` is its id."""
    if not rows:
        return
    sqlite = is_sqlite(session)
    statement = _update_rows(table, tuple(rows[0]), sqlite=sqlite)
    by_id = {"ids": [one["row"] for one in rows]}
    session.connection().execute(statement, rows if sqlite else told(rows) | by_id)


@cache
def _update_rows(table: type[Base], names: Sequence[str], *, sqlite: bool) -> Update:
    columns = [name for name in names if name != "row"]
    id_ = table.__table__.c.id
    if sqlite:
        one = update(table).where(id_ == bindparam("row"))
        return one.values({name: bindparam(name) for name in columns})
    rows = told_rows({"row": id_.type} | types_of(table, columns))
    # The ids once more: by them PostgreSQL finds the rows, and never reads the whole table.
    found = id_ == any_(bindparam("ids", type_=ARRAY(id_.type)))
    all_of_them = update(table).where(id_ == rows.c.row, found)
    return all_of_them.values({name: rows.c[name] for name in columns})


def told_rows(columns: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """For PostgreSQL: rows of such columns that all are one parameter, which ``told`` makes.

    With a parameter for each value, every number of rows would be a statement of its own, and to
    read and plan it takes longer than to write them.
    """
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    typed = [column(name, type_) for name, type_ in columns.items()]
    return rows.table_valued(*typed, name="told").render_derived(with_types=True)


def types_of(table: type[Base], columns: Iterable[str]) -> dict[str, TypeEngine[Any]]:
    """Some columns of a table, each with its type."""
    return {name: table.__table__.c[name].type for name in columns}


def told(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter of ``told_rows``."""
    return {"rows": _encode(rows)}


def _instant(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise ValueError(f"no column holds a {type(value).__name__} like this")


_encode = JSONEncoder(ensure_ascii=False, default=_instant).encode
_decode = JSONDecoder().decode


def decoded(value: bytes) -> Any:
    """What PostgreSQL tells as JSON, always in UTF-8: the library would look at that first."""
    return _decode(value.decode())


def one_of(
    column: InstrumentedAttribute[Any] | ColumnElement[Any], name: str, *, sqlite: bool
) -> ColumnElement[bool]:
    """Whether ``column`` is among the values of a parameter, for a statement that is built once."""
    if sqlite:
        return column.in_(bindparam(name, expanding=True))
    return column == any_(bindparam(name, type_=ARRAY(column.type)))
