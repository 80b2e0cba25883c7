"""The staff's accounts as pages, for administrators."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import clock, invitations
from gateway.passwords import Refused
from gateway.roles import OF_AN_ADMINISTRATION, ROLES, StaffView
from gateway.web.current import house
from gateway.web.desk.current import me, need
from gateway.web.desk.render import named, page
from gateway.web.pages.tongues import gettext as _


def show(
    link: str | None = None, invited: StaffView | None = None, problem: str | None = None
) -> ResponseReturnValue:
    """Every account. A link that could not be mailed is shown once, to be handed over."""
    need("users")
    return page(
        "users.html",
        users=house().staff.users(),
        roles=ROLES,
        administrations=named(house().directory.administrations),
        link=link,
        invited=invited,
        problem=problem,
        typed=request.form,
    ), (422 if problem else 200)


def add() -> ResponseReturnValue:
    """Make an account and invite whom it is for."""
    need("users")
    said = {key: value.strip() for key, value in request.form.items()}
    role, administration = said.get("role", ""), said.get("administration") or None
    if administration is not None and house().directory.get(administration) is None:
        abort(400)
    try:
        made = house().staff.add(
            said.get("email", ""),
            said.get("name", ""),
            role,
            administration if role in OF_AN_ADMINISTRATION else None,
            said.get("language", ""),
            clock.now(),
            by=me(),
        )
    except Refused as refused:
        return show(problem=str(refused))
    return _invite(made)


def change() -> ResponseReturnValue:
    """Invite again, disable, or enable."""
    need("users")
    key = request.form.get("id", "")
    chosen = next((one.staff for one in house().staff.users() if str(one.staff.id) == key), None)
    act = request.form.get("act")
    if chosen is None or chosen.id == me().id:
        abort(404)
    if act == "invite":
        return _invite(chosen)
    if act not in ("disable", "enable"):
        abort(400)
    house().staff.disable(chosen.id, clock.now(), by=me(), back=act == "enable")
    return redirect(url_for("desk.users"), code=303)


def _invite(who: StaffView) -> ResponseReturnValue:
    link, mailed = invitations.invite(house(), who, clock.now(), by=me())
    if not mailed:
        return show(link, who)
    flash(_("The invitation is on its way."))
    return redirect(url_for("desk.users"), code=303)
