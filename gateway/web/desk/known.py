"""Browsers from which somebody has logged in to an account before: "device cookies", as OWASP says.

Such a cookie opens nothing. It only makes wrong guesses count for the browser that makes them, so
that those of others keep nobody out who was here before.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug import Response

from gateway.web.desk.current import give_cookie

_KNOWN = timedelta(days=180)


def name_here() -> str:
    """By which name this browser is known to the account that a login is about; "" if it is not."""
    account = digest(request.form.get("email", ""))
    said = request.cookies.get(_cookie(account), "")
    try:
        whose, name = _serializer().loads(said, max_age=int(_KNOWN.total_seconds()))
    except (BadData, ValueError, TypeError):
        return ""
    return str(name) if whose == account else ""


def is_known() -> bool:
    """Whether somebody has logged in to that account from this browser."""
    return bool(name_here())


def is_strange() -> bool:
    """Whether nobody has."""
    return not name_here()


def remember(response: Response, email: str) -> None:
    """Let this browser be known to an account from now on."""
    account = digest(email)
    said = _serializer().dumps([account, secrets.token_urlsafe(9)])
    token = said if isinstance(said, str) else said.decode()
    give_cookie(response, token, _cookie(account), _KNOWN)


def digest(email: str) -> str:
    """Names an account without its mailbox."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()


def _cookie(account: str) -> str:
    return f"guichet_known_{account[:12]}"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="guichet.desk.known")
