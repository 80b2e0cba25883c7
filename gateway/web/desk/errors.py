"""What somebody at the desk reads when something went wrong."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from gateway.store import is_away
from gateway.web.desk.render import page

_TOLD = (400, 404, 409, 410, 413, 429, 500)
_AWAY_SECONDS = 30


def explain(error: HTTPException) -> ResponseReturnValue:
    """The page for an HTTP error, with the error's own headers."""
    code = error.code or 500
    if code < 400:
        return error
    told = code if code in _TOLD else 400 if code < 500 else 500
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return page("error.html", code=told), code, headers


def away(error: SQLAlchemyError) -> ResponseReturnValue:
    """The page for a database that does not answer. Any other trouble with it is our fault."""
    if not is_away(error):
        raise error
    return explain(ServiceUnavailable(retry_after=_AWAY_SECONDS))
