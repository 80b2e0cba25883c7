"""The form: written, read back, sent, and answered with a receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from channels.base import Pushed, Receipt
from gateway import clock
from gateway.codes import choose
from gateway.web.current import house
from gateway.web.limits import limiter
from gateway.web.pages import links
from gateway.web.pages.draft import FIELDS, KINDS, Draft
from gateway.web.pages.errors import explain
from gateway.web.pages.patience import SLOW, judge, opened
from gateway.web.pages.render import page
from gateway.web.pages.tongues import tongue

CHANNEL = "webform"

#: Behind a phone network's one address stand many citizens, so only what is sent counts.
_FORMS = "60 per minute"

#: What is answered to a form that is not taken yet; it can be sent again as it stands.
_NOT_YET = {"check": 200, "wait": 422, "busy": 429}


def form() -> ResponseReturnValue:
    """An empty form."""
    return show(Draft.blank())


def check() -> ResponseReturnValue:
    """Read the form back to its writer before it is sent; or give it back to be mended."""
    if request.method == "GET":
        return redirect(url_for("pages.submit"))
    draft = Draft.read(request)
    if request.form.get("step") == "edit":
        return show(draft)
    if errors := draft.errors(house().settings.region):
        return show(draft, errors), 422
    return read_back(draft)


def send() -> ResponseReturnValue:
    """Take the form: the same one sent twice gives the same receipt."""
    draft = Draft.read(request)
    if errors := draft.errors(house().settings.region):
        return show(draft, errors), 422
    now = clock.now()
    verdict = judge(draft, request, now)
    if verdict != "welcome":
        return read_back(draft, verdict), _NOT_YET[verdict]
    kept = _file(draft, now)
    sealed = links.Sealed(kept.message_id, kept.number, draft.reachable)
    return redirect(url_for("pages.receipt", token=links.receipt_token(sealed, now)), code=303)


def expired(error: CSRFError) -> ResponseReturnValue:
    """A form whose proof of coming from our page is missing or old: what was typed is kept, so
    that sending it once more is enough."""
    if request.endpoint not in ("pages.send", "pages.check"):
        return explain(error)
    return show(Draft.read(request), expired=True), 400


def show(draft: Draft, errors: dict[str, str] | None = None, *, expired: bool = False) -> str:
    """The form with what was typed. Files have to be chosen again: no browser keeps them."""
    here = house()
    language = tongue().tag
    cities = here.directory.cities
    return page(
        "submit.html",
        draft=draft,
        errors=errors or {},
        expired=expired,
        kinds=KINDS,
        cities=sorted((_named(city.name, language), city.slug) for city in cities),
        administrations=[one for one in here.directory.administrations if one.city is None],
        megabytes=here.settings.max_upload_mb,
        asks=here.settings.submit_asks.replace(" ", "").split(","),
        tiles=here.settings.map_tiles,
    )


def read_back(draft: Draft, verdict: str = "check") -> str:
    """The page on which a citizen reads what they are about to send."""
    here = house()
    city = next((one for one in here.directory.cities if one.slug == draft["city"]), None)
    challenge = here.effort.challenge(clock.now()) if here.effort.cost else None
    # Who was told to wait has waited since they first saw this page.
    since = request.form.get("opened") if verdict == "wait" else None
    return page(
        "check.html",
        draft=draft,
        fields=FIELDS,
        errors={},
        verdict=verdict,
        seconds=int(SLOW.total_seconds()),
        city=city and _named(city.name, tongue().tag),
        challenge=json.dumps(challenge) if challenge else "",
        opened=since or opened(draft),
        megabytes=here.settings.max_upload_mb,
    )


@limiter.limit(_FORMS)
def _file(draft: Draft, now: datetime) -> Receipt:
    """Store the form and process it at once; without a number when that failed."""
    here = house()
    wire = draft.wire(tongue().tag, here.settings.public_url + request.path, here.directory, now)
    # Always there: the registry builds this channel without credentials.
    adapter = cast(Pushed, here.channels[CHANNEL])
    (sent,) = adapter.receive(wire)
    kept = here.pipeline.settle_now(here.pipeline.accept(CHANNEL, sent))
    if kept.number and draft["pin"]:
        with here.store.write() as session:
            choose(session, kept.number, draft["pin"], here.settings.secret_key)
    return kept


def _named(name: Mapping[str, str], language: str) -> str:
    """A city's name in a language, or as its signs spell it: in Arabic or French."""
    return next(
        (name[tag] for tag in (language, "fr", "ar") if tag in name), next(iter(name.values()))
    )
