"""What is answered while the database is away or files cannot be kept, and when to try again."""

from __future__ import annotations

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from gateway.store import is_away

log = structlog.get_logger(__name__)

#: How long providers wait before they try again, in seconds.
_AWAY = "30"
_Answer = tuple[str, int, dict[str, str]]


def init_app(app: Flask) -> None:
    """Have this application say so; providers come again then."""
    app.register_error_handler(SQLAlchemyError, _of_the_database)
    app.register_error_handler(OSError, _of_the_disk)


def _of_the_database(error: SQLAlchemyError) -> _Answer:
    if is_away(error):
        return _for_a_moment()
    raise error


def _of_the_disk(error: OSError) -> _Answer:
    """It is full, or the bucket is out of reach."""
    log.error("disk.trouble", error=type(error).__name__, errno=error.errno)
    return _for_a_moment()


def _for_a_moment() -> _Answer:
    return "The service is away for a moment.\n", 503, {"Retry-After": _AWAY}
