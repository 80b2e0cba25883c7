"""Following a case: by its number and the address it was filed from, or by its private link."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.web.current import house
from gateway.web.pages import links
from gateway.web.pages.errors import gone
from gateway.web.pages.render import page
from normalizer.tracking import parse

#: The clock does not run for these.
_SETTLED = ("answered", "closed", "inadmissible")
#: Events that are the citizen's business; how a notice travelled is the desk's.
_TOLD = ("received", "added", "routed", "status")


def ask() -> ResponseReturnValue:
    """The two questions; a link may bring the number along."""
    return page("follow.html", number=request.args.get("number", ""), address="", errors={})


def look() -> ResponseReturnValue:
    """Answer them. A wrong pair is told alike whether or not there is such a number."""
    typed, address = (request.form.get(name, "").strip() for name in ("number", "address"))
    number = parse(typed)
    errors = {}
    if number is None:
        errors["number"] = "wrong" if typed else "missing"
    if not address:
        errors["address"] = "missing"
    if number and address and house().cases.look_up(number, address) is None:
        errors["pair"] = "unknown"
    if errors or number is None:
        return page("follow.html", number=typed, address=address, errors=errors), 422
    token = links.case_token(number, links.VISIT, clock.now())
    return redirect(url_for("pages.case", token=token), code=303)


def case(token: str) -> ResponseReturnValue:
    """Where a case stands, in plain words."""
    now = clock.now()
    try:
        found = house().cases.view(links.open_case(token, now))
    except links.BadLink:
        return gone()
    if found is None:
        return gone()
    zone = house().settings.zone
    return page(
        "case.html",
        case=found,
        is_open=found.status not in _SETTLED,
        days_left=(found.due_at.astimezone(zone).date() - now.astimezone(zone).date()).days,
        history=[event for event in found.events if event.kind in _TOLD],
    )
