"""Who is at the desk in this request, and what they may."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from gateway import clock, roles
from gateway.roles import StaffView
from gateway.staff import LANGUAGES
from gateway.web.current import house
from gateway.web.pages.tongues import TONGUES, Tongue, wanted

COOKIE = "guichet_desk"
#: The views for whoever has no session, each with a proof of its own or nothing to show.
OPEN = ("desk.login", "desk.enter", "desk.demo", "desk.password", "desk.chosen")
_PATH = "/desk"
#: A browser says so of a form on another site, or on a sibling of ours, whose pages could set
#: cookies for us and so know a form's token.
_ELSEWHERE = ("cross-site", "same-site")


class OfAnAdministration(Protocol):
    """What belongs to an administration, or to none yet: a case as people see it, or its row."""

    @property
    def administration(self) -> str | None:
        """Its slug."""


def me() -> StaffView:
    """Who is logged in. Only for views that are closed to everybody else."""
    found: StaffView = g.me
    return found


def may(act: str, case: OfAnAdministration | None = None) -> bool:
    """Whether they may do this, and to this case where it is done to one."""
    return roles.may(me(), act) and (case is None or roles.sees(me(), case.administration))


def need(act: str, case: OfAnAdministration | None = None) -> None:
    """Answer as if there were nothing here (404), unless they may."""
    if not may(act, case):
        abort(404)


def recognise() -> ResponseReturnValue | None:
    """Before each request to the desk: who it is and their language; strangers go to the login."""
    g.domain = "desk"
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") in _ELSEWHERE:
        abort(400)
    token = request.cookies.get(COOKIE, "")
    who = house().logins.user_of(token, clock.now()) if token else None
    g.tongue = TONGUES[who.language] if who else _tongue_of_strangers()
    if who is not None:
        g.me = who
        return None
    if request.endpoint in OPEN:
        return None
    asked = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("desk.login", next=asked), code=303)


def is_ours(address: str | None) -> bool:
    """Whether an address to go on to after the login is one of the desk's own pages."""
    if not address or "\\" in address or any(ord(letter) < 32 for letter in address):
        return False
    parts = urlsplit(address)
    inside = parts.path == _PATH or parts.path.startswith(f"{_PATH}/")
    return inside and not (parts.scheme or parts.netloc)


def give_cookie(
    response: Response, token: str, name: str = COOKIE, lifetime: timedelta | None = None
) -> None:
    """Let the browser show this token with each request to the desk, and to nothing else, for as
    long as it is open or for a time."""
    response.set_cookie(
        name,
        token,
        max_age=lifetime,
        path=_PATH,
        httponly=True,
        samesite="Lax",
        secure=current_app.session_interface.get_cookie_secure(current_app),
    )


def take_cookie(response: Response) -> None:
    """Let the browser forget it."""
    response.delete_cookie(COOKIE, path=_PATH)


def _tongue_of_strangers() -> Tongue:
    """What they ask for, by the address or the browser, where the desk is written in it."""
    asked = TONGUES.get(request.values.get("lang", "")) or wanted()
    return asked if asked.code in LANGUAGES else TONGUES["ar"]
