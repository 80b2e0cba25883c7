"""What PostgreSQL and SQLite are told in different words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as _sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway.models import Base


def is_sqlite(session: Session) -> bool:
    """Whether a session's whole database is one file of this machine."""
    return session.get_bind().dialect.name == "sqlite"


def insert_into(table: type[Base], *, sqlite: bool) -> _sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return _sqlite.insert(table) if sqlite else postgresql.insert(table)


def one_of(column: InstrumentedAttribute[Any], name: str, *, sqlite: bool) -> ColumnElement[bool]:
    """Whether ``column`` is among the values of a parameter, for a statement that is built once."""
    if sqlite:
        return column.in_(bindparam(name, expanding=True))
    return column == any_(bindparam(name, type_=ARRAY(column.type)))
