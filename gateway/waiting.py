"""Waits for a database that is away when a process begins, as after a power cut."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

import structlog
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.store import Store, is_away

log = structlog.get_logger(__name__)

#: Seconds between two tries.
_PAUSE = 0.5
#: Seconds in which a server says whether it takes connections; libpq knows no fewer.
_PATIENCE = 2


def once_there(store: Store, begin: Callable[[], None]) -> None:
    """Do what a process begins with, again and again until PostgreSQL is there for all of it.

    Raises SQLAlchemyError where waiting does not help: the server is there and refuses us, or the
    database is a file.
    """
    waits = False
    while True:
        there = store.is_sqlite or _takes_connections(store.engine)
        try:
            begin()
        except SQLAlchemyError as error:
            # Asked before and after: it may have come back in between.
            refused = there and _was_connecting(error) and _takes_connections(store.engine)
            if store.is_sqlite or refused or not is_away(error):
                raise
            if not waits:
                log.warning("database.away", reason=type(error).__name__)
            waits = True
            sleep(_PAUSE)
        else:
            if waits:
                log.info("database.back")
            return


def _was_connecting(error: SQLAlchemyError) -> bool:
    return isinstance(error, DBAPIError) and error.statement is None


def _takes_connections(engine: Engine) -> bool:
    """Whether a server runs there and is not about to start or stop; who may enter it does not say
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PQPING)."""
    _, where = engine.dialect.create_connect_args(engine.url)
    # The driver's own, which libpq does not know.
    where.pop("context", None)
    where["connect_timeout"] = _PATIENCE
    return pq.PGconn.ping(make_conninfo(**where).encode()) == pq.Ping.OK
