"""The citizens' pages: submit, receipt, follow, in four languages and without JavaScript."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from gateway.web.limits import limiter
from gateway.web.pages import errors, follow, home, submit
from gateway.web.pages.render import init_templates
from gateway.web.pages.tongues import TONGUES, give_language, take_language, wanted

csrf = CSRFProtect()
pages = Blueprint("pages", __name__)
pages.url_value_preprocessor(take_language)
pages.url_defaults(give_language)
pages.register_error_handler(SQLAlchemyError, errors.away)

_LANG = f"/<any({','.join(TONGUES)}):lang>"

#: What a phone network's one address may do: many citizens stand behind it, so only what goes
#: wrong counts on the follow page, and only what is sent on the form.
_GUESSES = "10 per minute; 100 per hour"
_FORMS = "60 per minute"


def _failed(response: Response) -> bool:
    return response.status_code != 303


def _sent(response: Response) -> bool:
    return response.status_code == 303


def landing() -> ResponseReturnValue:
    """Send a visitor to the language that their browser asks for."""
    response = redirect(url_for("pages.home", lang=wanted().code))
    response.vary.add("Accept-Language")
    return response


pages.add_url_rule("/", "landing", landing)
pages.add_url_rule(f"{_LANG}/", "home", home.show)
pages.add_url_rule(f"{_LANG}/submit", "submit", submit.form)
pages.add_url_rule(
    f"{_LANG}/submit",
    "send",
    limiter.limit(_FORMS, deduct_when=_sent)(submit.send),
    methods=["POST"],
)
pages.add_url_rule(f"{_LANG}/receipt/<token>", "receipt", submit.receipt)
pages.add_url_rule(f"{_LANG}/follow", "follow", follow.ask)
pages.add_url_rule(
    f"{_LANG}/follow",
    "look",
    limiter.limit(_GUESSES, deduct_when=_failed)(follow.look),
    methods=["POST"],
)
pages.add_url_rule(f"{_LANG}/case/<token>", "case", follow.case)


@pages.after_request
def _private(response: Response) -> Response:
    """What shows a case stays out of every cache: people share computers."""
    if request.endpoint in ("pages.receipt", "pages.case", "pages.look"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
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
    app.register_error_handler(CSRFError, submit.expired)
    app.register_error_handler(HTTPException, errors.explain)
