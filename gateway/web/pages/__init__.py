"""The citizens' pages, in four languages and without JavaScript."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from gateway.web.limits import limiter
from gateway.web.pages import (
    errors,
    following,
    home,
    own,
    questions,
    receipt,
    statistics,
    submit,
    suggest,
    wellknown,
)
from gateway.web.pages.render import init_templates
from gateway.web.pages.tongues import TONGUES, give_language, take_language, wanted

csrf = CSRFProtect()
pages = Blueprint("pages", __name__)
pages.url_value_preprocessor(take_language)
pages.url_value_preprocessor(following.make_room)
pages.url_defaults(give_language)
pages.register_error_handler(SQLAlchemyError, errors.away)
pages.register_error_handler(OSError, errors.away)

_LANG = f"/<any({','.join(TONGUES)}):lang>"

#: A browser asks once in a while as one types.
_HINTS = "120 per minute"
_CHECKS = "20 per minute; 200 per hour"


#: These show what one citizen wrote, or where their case stands.
_PRIVATE = tuple(
    f"pages.{name}" for name in ("receipt", "check", "send", "verify", "check_receipt")
)


def _unknown(response: Response) -> bool:
    return response.status_code == 422


def landing() -> ResponseReturnValue:
    """Send a visitor to the language that their browser asks for."""
    response = redirect(url_for("pages.home", lang=wanted().code))
    response.vary.add("Accept-Language")
    return response


pages.add_url_rule("/", "landing", landing)
pages.add_url_rule(f"{_LANG}/", "home", home.show)
pages.add_url_rule(f"{_LANG}/submit", "submit", submit.form)
pages.add_url_rule(f"{_LANG}/submit", "send", submit.send, methods=["POST"])
pages.add_url_rule(f"{_LANG}/submit/check", "check", submit.check, methods=["GET", "POST"])
pages.add_url_rule(
    f"{_LANG}/submit/suggest", "suggest", limiter.limit(_HINTS)(suggest.suggest), methods=["POST"]
)
pages.add_url_rule(f"{_LANG}/receipt/<token>", "receipt", receipt.receipt)
pages.add_url_rule(
    f"{_LANG}/verify", "verify", limiter.limit(_CHECKS, deduct_when=_unknown)(receipt.verify)
)
pages.add_url_rule(
    f"{_LANG}/verify",
    "check_receipt",
    limiter.limit(_CHECKS, deduct_when=_unknown)(receipt.check_receipt),
    methods=["POST"],
)
pages.add_url_rule(f"{_LANG}/statistics", "statistics", statistics.show)
pages.add_url_rule(f"{_LANG}/statistics/<name>.csv", "statistics_csv", statistics.as_csv)
pages.add_url_rule(f"{_LANG}/questions", "questions", questions.show)
pages.add_url_rule(f"{_LANG}/questions/<slug>", "question", questions.answer)
pages.add_url_rule("/robots.txt", "robots", wellknown.robots)
pages.add_url_rule("/favicon.ico", "favicon", wellknown.favicon)
pages.add_url_rule("/.well-known/security.txt", "security", wellknown.security)
following.add_addresses(pages, _LANG)


@pages.after_request
def _private(response: Response) -> Response:
    """What shows a case stays out of every cache: people share computers."""
    if request.endpoint in _PRIVATE or request.endpoint in following.PRIVATE:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Whoever holds such an address sees what it shows.
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


@pages.after_app_request
def _lasting(response: Response) -> Response:
    """A static file whose address names its content need never be asked for again."""
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def init_app(app: Flask) -> None:
    """Set up templates, CSRF protection for every form, and the pages for errors."""
    # A citizen may take hours over a form; its token lives as long as their session.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    # The token and the SameSite cookie are proof enough; browsers that hide the referrer write too.
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)
    csrf.init_app(app)
    init_templates(app)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, errors.explain)


def _expired(error: CSRFError) -> ResponseReturnValue:
    """A form that was open for too long loses none of its words."""
    of_case = request.endpoint in own.FORMS
    return own.expired(error) if of_case else submit.expired(error)
