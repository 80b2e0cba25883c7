"""The door of the desk: logging in and out, and choosing a password by a link that was sent."""

from __future__ import annotations

from flask import abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from werkzeug import Response

from gateway import clock
from gateway.passwords import LONGEST, SHORTEST, Refused
from gateway.roles import ROLES
from gateway.web.current import house
from gateway.web.desk import known
from gateway.web.desk.current import COOKIE, give_cookie, is_ours, take_cookie
from gateway.web.desk.render import page
from gateway.web.limits import limiter
from gateway.web.pages.tongues import tongue

#: What one address may get wrong; what it may get wrong about one account; and what may be got
#: wrong about one account from anywhere, for so short a while that nobody is kept out for long.
_PER_ADDRESS = "10 per minute; 100 per hour"
_PER_PAIR = "5 per minute; 20 per hour"
_PER_ACCOUNT = "20 per 5 minutes"
#: What may be got wrong in a browser that the account knows. Of the others' mistakes none counts
#: there: nobody next door or far away can lock a colleague out.
_PER_BROWSER = "10 per minute; 100 per hour"


def form() -> ResponseReturnValue:
    """Mailbox and password."""
    return _door(request.args.get("next"))


def _failed(response: Response) -> bool:
    return response.status_code != 303


def _account() -> str:
    """Names the account that a login is about, without keeping its mailbox in the counter."""
    return f"desk account {known.digest(request.form.get('email', ''))}"


def _pair() -> str:
    return f"{_account()} from {get_remote_address()}"


def _browser() -> str:
    return f"desk browser {known.name_here()}"


@limiter.limit(_PER_ADDRESS, deduct_when=_failed, exempt_when=known.is_known)
@limiter.limit(_PER_PAIR, key_func=_pair, deduct_when=_failed, exempt_when=known.is_known)
@limiter.limit(_PER_ACCOUNT, key_func=_account, deduct_when=_failed, exempt_when=known.is_known)
@limiter.limit(_PER_BROWSER, key_func=_browser, deduct_when=_failed, exempt_when=known.is_strange)
def enter() -> ResponseReturnValue:
    """Log in. Whatever was wrong is told alike."""
    token = house().logins.log_in(
        request.form.get("email", ""),
        request.form.get("password", ""),
        request.user_agent.string,
        clock.now(),
    )
    asked = request.form.get("next")
    if token is None:
        return _door(asked, wrong=True), 422
    response = _inside(token, asked)
    known.remember(response, request.form.get("email", ""))
    return response


def demo() -> ResponseReturnValue:
    """Go in without a password, as one may while the simulator plays the providers."""
    role = request.form.get("role", "")
    token = (
        house().logins.log_in_as_demo(role, tongue().code, request.user_agent.string, clock.now())
        if role in ROLES
        else None
    )
    if token is None:
        abort(404)
    return _inside(token, None)


def leave() -> ResponseReturnValue:
    """Log out: here, and on the server."""
    house().logins.log_out(request.cookies.get(COOKIE, ""), clock.now())
    session.clear()
    response = redirect(url_for("desk.login"), code=303)
    response.headers["Clear-Site-Data"] = '"storage"'
    take_cookie(response)
    return response


def choose(token: str) -> ResponseReturnValue:
    """The page behind an invitation. Looking at it uses nothing up: mail scanners look too."""
    who = house().staff.invited(token, clock.now())
    if who is None:
        return page("error.html", code=410), 410
    return page("password.html", who=who, shortest=SHORTEST, problem=None)


@limiter.limit(_PER_ADDRESS, deduct_when=_failed)
def chosen(token: str) -> ResponseReturnValue:
    """Keep the password that was chosen, twice the same."""
    now = clock.now()
    who = house().staff.invited(token, now)
    if who is None:
        return page("error.html", code=410), 410
    password, again = (request.form.get(name, "") for name in ("password", "again"))
    problem = "differs" if password != again else None
    try:
        if problem is None and house().staff.answer_invitation(token, password, now):
            response = redirect(url_for("desk.login"), code=303)
            # Whoever has the link gets in, however many guess at the account meanwhile.
            known.remember(response, who.email)
            return response
    except Refused:
        problem = "short" if len(password) <= LONGEST else "long"
    return page("password.html", who=who, shortest=SHORTEST, problem=problem), 422


def _door(asked: str | None, *, wrong: bool = False) -> str:
    return page(
        "login.html",
        next=asked if is_ours(asked) else "",
        email=request.form.get("email", ""),
        wrong=wrong,
        roles=ROLES if house().logins.demo else (),
    )


def _inside(token: str, asked: str | None) -> Response:
    """A new session: whatever this browser carried before means nothing any more."""
    if old := request.cookies.get(COOKIE):
        house().logins.log_out(old, clock.now())
    session.clear()
    response = redirect(asked if asked and is_ours(asked) else url_for("desk.home"), code=303)
    give_cookie(response, token)
    return response
