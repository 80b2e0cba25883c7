"""What is answered while the database is away or files cannot be kept, and when to try again."""

from __future__ import annotations

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Response

from gateway.store import is_away

log = structlog.get_logger(__name__)

#: How long providers wait before they try again, in seconds.
_AWAY = "30"


def init_app(app: Flask) -> None:
    """Have this application say so; providers come again then."""
    app.register_error_handler(SQLAlchemyError, answer)
    app.register_error_handler(OSError, answer)


def answer(error: SQLAlchemyError | OSError) -> Response:
    """That the service is away for a moment. Raises ``error`` again where that is not why."""
    if isinstance(error, OSError):
        # The disk is full, or the bucket is out of reach.
        log.error("disk.trouble", error=type(error).__name__, errno=error.errno)
    elif not is_away(error):
        raise error
    return Response("The service is away for a moment.\n", 503, {"Retry-After": _AWAY})
