"""What a citizen reads when something went wrong: in their language, with a way on."""

from __future__ import annotations

import structlog
from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from gateway.store import is_away
from gateway.web.pages.render import page

log = structlog.get_logger(__name__)

#: Machines call these; they want the bare status.
_MACHINES = ("/api", "/healthz", "/readyz", "/metrics", "/simulator", "/static")
#: Errors with words of their own. Every other one is told like its class, as 400 or 500.
_TOLD = (400, 404, 410, 413, 429, 500)

#: When to try again while the database is away.
_AWAY_SECONDS = 30


def gone() -> ResponseReturnValue:
    """The page for a signed link that is forged or over: it does not say which."""
    return page("error.html", code=410), 410


def explain(error: HTTPException) -> ResponseReturnValue:
    """The page for an HTTP error, with the error's own headers (Allow, Retry-After)."""
    code = error.code or 500
    if code < 400 or request.path.startswith(_MACHINES):
        return error
    told = code if code in _TOLD else 400 if code < 500 else 500
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return page("error.html", code=told), code, headers


def away(error: SQLAlchemyError | OSError) -> ResponseReturnValue:
    """The page for a database that does not answer, or files that cannot be kept. Any other
    trouble with the database is our fault."""
    if isinstance(error, OSError):
        log.error("disk.trouble", error=type(error).__name__, errno=error.errno)
    elif not is_away(error):
        raise error
    return explain(ServiceUnavailable(retry_after=_AWAY_SECONDS))
