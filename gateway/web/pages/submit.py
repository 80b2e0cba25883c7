"""The form: shown, sent, and answered with a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from channels.base import Pushed, Receipt
from gateway import clock
from gateway.web.current import house
from gateway.web.pages import links
from gateway.web.pages.draft import KINDS, Draft
from gateway.web.pages.errors import explain, gone
from gateway.web.pages.render import page
from gateway.web.pages.tongues import tongue

CHANNEL = "webform"


def form() -> ResponseReturnValue:
    """An empty form."""
    return show(Draft.blank())


def send() -> ResponseReturnValue:
    """Take the form: the same one sent twice gives the same receipt."""
    draft = Draft.read(request)
    if errors := draft.errors(house().settings.region):
        return show(draft, errors), 422
    now = clock.now()
    kept = _file(draft, now)
    sealed = links.Sealed(kept.message_id, kept.number, draft.reachable)
    return redirect(url_for("pages.receipt", token=links.receipt_token(sealed, now)), code=303)


def expired(error: CSRFError) -> ResponseReturnValue:
    """A form whose proof of coming from our page is missing or old: what was typed is kept, so
    that sending it once more is enough."""
    if request.endpoint != "pages.send":
        return explain(error)
    return show(Draft.read(request), expired=True), 400


def receipt(token: str) -> ResponseReturnValue:
    """What the citizen takes away: number, administration, due date, and what happens next."""
    now = clock.now()
    try:
        sealed = links.open_receipt(token, now)
    except links.BadLink:
        return gone()
    number = sealed.number or _settled(sealed.message_id)
    case = house().cases.view(number) if number else None
    private = links.case_token(case.number, links.PRIVATE, now) if case else None
    return page(
        "receipt.html",
        case=case,
        private=private and url_for("pages.case", token=private),
        public_url=house().settings.public_url,
        reachable=sealed.reachable,
    )


def show(draft: Draft, errors: dict[str, str] | None = None, *, expired: bool = False) -> str:
    """The form with what was typed. Files have to be chosen again: no browser keeps them."""
    directory = house().directory
    language = tongue().tag
    return page(
        "submit.html",
        draft=draft,
        errors=errors or {},
        expired=expired,
        kinds=KINDS,
        cities=sorted((_named(city.name, language), city.slug) for city in directory.cities),
        administrations=[one for one in directory.administrations if one.city is None],
        megabytes=house().settings.max_upload_mb,
    )


def _file(draft: Draft, now: datetime) -> Receipt:
    """Store the form and process it at once; without a number when that failed."""
    here = house()
    wire = draft.wire(tongue().tag, here.settings.public_url + request.path, here.directory, now)
    # Always there: the registry builds this channel without credentials.
    adapter = cast(Pushed, here.channels[CHANNEL])
    (sent,) = adapter.receive(wire)
    return here.pipeline.settle_now(here.pipeline.accept(CHANNEL, sent))


def _settled(message_id: int) -> str | None:
    """The number of a message that had none when its receipt was written."""
    earlier = Receipt(message_id, duplicate=True)
    return house().pipeline.settle_now(earlier).number


def _named(name: Mapping[str, str], language: str) -> str:
    """A city's name in a language, or as its signs spell it: in Arabic or French."""
    return next(
        (name[tag] for tag in (language, "fr", "ar") if tag in name), next(iter(name.values()))
    )
