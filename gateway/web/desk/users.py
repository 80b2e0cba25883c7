"""The staff's accounts as pages, for administrators."""

from __future__ import annotations

from typing import Any

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
        **_choices(),
        link=link,
        invited=invited,
        problem=problem,
        typed=request.form,
    ), (422 if problem else 200)


def one(key: int) -> ResponseReturnValue:
    """An account's role and administration, to be changed."""
    need("users")
    return page("user.html", who=_other(str(key)), **_choices())


def add() -> ResponseReturnValue:
    """Make an account and invite whom it is for."""
    need("users")
    said = {key: value.strip() for key, value in request.form.items()}
    role = said.get("role", "")
    try:
        made = house().staff.add(
            said.get("email", ""),
            said.get("name", ""),
            role,
            _administration(role),
            said.get("language", ""),
            clock.now(),
            by=me(),
        )
    except Refused as refused:
        return show(problem=str(refused))
    return _invite(made)


def change() -> ResponseReturnValue:
    """Invite again, give another role or administration, disable, or enable."""
    need("users")
    chosen, act = _other(request.form.get("id", "")), request.form.get("act")
    if act == "invite":
        return _invite(chosen)
    if act == "change":
        role = request.form.get("role", "")
        try:
            house().staff.change(chosen.id, role, _administration(role), clock.now(), by=me())
        except Refused:
            abort(400)
    elif act in ("disable", "enable"):
        house().staff.disable(chosen.id, clock.now(), by=me(), back=act == "enable")
    else:
        abort(400)
    flash(_("Done."))
    return redirect(url_for("desk.users"), code=303)


def _other(key: str) -> StaffView:
    """Somebody else's account: nobody can shut themselves out."""
    every = (one.staff for one in house().staff.users())
    found = next((one for one in every if str(one.id) == key and one.id != me().id), None)
    if found is None:
        abort(404)
    return found


def _choices() -> dict[str, Any]:
    return {"roles": ROLES, "administrations": named("administrations")}


def _administration(role: str) -> str | None:
    """The chosen one, for a role that belongs to one."""
    slug = request.form.get("administration") or None
    if slug is not None and house().directory.get(slug) is None:
        abort(400)
    return slug if role in OF_AN_ADMINISTRATION else None


def _invite(who: StaffView) -> ResponseReturnValue:
    link, mailed = invitations.invite(house(), who, clock.now(), by=me())
    if not mailed:
        return show(link, who)
    flash(_("The invitation is on its way."))
    return redirect(url_for("desk.users"), code=303)
