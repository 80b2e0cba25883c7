"""One's own account: language, password, and the browsers one is logged in with."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.passwords import LONGEST, SHORTEST, Refused
from gateway.web.current import house
from gateway.web.desk.current import COOKIE, give_cookie, me
from gateway.web.desk.render import page
from gateway.web.limits import limiter
from gateway.web.pages.tongues import gettext as _


def show(problem: str | None = None) -> ResponseReturnValue:
    """The account."""
    return page(
        "account.html",
        sessions=house().logins.sessions(me().id, clock.now()),
        shortest=SHORTEST,
        problem=problem,
    ), (422 if problem else 200)


def change() -> ResponseReturnValue:
    """Another language."""
    house().staff.set_language(me().id, request.form.get("language", ""))
    return redirect(url_for("desk.account"), code=303)


@limiter.limit("10 per hour", key_func=lambda: f"desk password {me().id}")
def change_password() -> ResponseReturnValue:
    """Another password, for who knows the old one. Every session ends, and a new one begins."""
    staff, logins, now = house().staff, house().logins, clock.now()
    old, new, again = (request.form.get(name, "") for name in ("old", "password", "again"))
    if not staff.proves(me().id, old):
        return show("wrong")
    if new != again:
        return show("differs")
    try:
        staff.set_password(me().id, new, now, by=me())
    except Refused:
        return show("short" if len(new) <= LONGEST else "long")
    token = logins.log_in(me().email, new, request.user_agent.string, now)
    response = redirect(url_for("desk.account"), code=303)
    if token is not None:
        give_cookie(response, token)
        flash(_("Your password is changed. Every other session has ended."))
    return response


def end_session() -> ResponseReturnValue:
    """End one session, or all the others."""
    logins, now = house().logins, clock.now()
    which = request.form.get("id", "")
    if which.isascii() and which.isdigit():
        logins.revoke(me().id, int(which[:18]), now)
    else:
        logins.revoke_all(me().id, now, but=request.cookies.get(COOKIE))
    return redirect(url_for("desk.account"), code=303)
