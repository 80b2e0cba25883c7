"""Following a case: by its number and the address it was filed from, or by its private link."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import TooManyRequests

from gateway import clock, guesses, visits
from gateway.deadlines import days_left
from gateway.models import ANSWERED
from gateway.story import Story, story
from gateway.web.current import house
from gateway.web.pages import links
from gateway.web.pages.draft import Draft
from gateway.web.pages.errors import gone
from gateway.web.pages.render import page
from normalizer.tracking import parse

#: What a citizen has just done here, which the page then confirms.
DONE = ("added", "rated", "reopened", "moved")
#: A rating up to here is no content citizen.
_POOR = 2
#: When to try again after too many guesses, in seconds.
_LATER = 3600


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
    if number and address and not _opens(number, address):
        errors["pair"] = "unknown"
    if errors or number is None:
        return page("follow.html", number=typed, address=address, errors=errors), 422
    token = links.case_token(number, links.VISIT, clock.now())
    return redirect(url_for("pages.case", token=token), code=303)


def case(token: str) -> ResponseReturnValue:
    """Where a case stands, in plain words, and what its citizen can do."""
    found = opened(token)
    return show(token, found) if found else gone()


def opened(token: str) -> Story | None:
    """The case that a visitor's address opens; None when it is forged or over."""
    try:
        number = links.open_case(token, clock.now())
    except links.BadLink:
        return None
    with house().store.read() as session:
        return story(session, number)


def show(
    token: str,
    found: Story,
    errors: Mapping[str, str] | None = None,
    *,
    expired: bool = False,
) -> str:
    """The page of a case; what was typed into one of its forms is still there."""
    settings = house().settings
    left = days_left(found.due_at, clock.now(), settings)
    over = found.status in ANSWERED
    late = not over and left < 0
    unhappy = over and (found.reopened > 0 or (found.rating or _POOR + 1) <= _POOR)
    done = request.args.get("done") if request.method == "GET" else None
    return page(
        "case.html",
        token=token,
        case=found,
        over=over,
        days_left=left,
        late=late,
        mediator=settings.mediator_url if late or unhappy else None,
        door=late or unhappy,
        done=done if done in DONE else None,
        errors=errors or {},
        expired=expired,
        typed=request.form,
        submission=request.form.get("submission") or Draft.blank()["submission"],
        megabytes=settings.max_upload_mb,
    )


def _opens(number: str, address: str) -> bool:
    """Whether they belong together; failures are counted, and too many are not looked at."""
    here, now = house(), clock.now()
    key = guesses.of_network(get_remote_address(), here.settings.secret_key)
    with here.store.write() as session:
        if guesses.too_many(session, key, now, here.settings):
            raise TooManyRequests(retry_after=_LATER)
        if visits.may_see(session, number, address, here.settings):
            return True
        guesses.note_guess(session, key, now)
        return False
