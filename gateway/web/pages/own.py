"""What a citizen does on the page of their case: add, rate, reopen, be answered elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import cast

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Inbound, Pushed
from gateway import citizen, clock, visits
from gateway.models import Case
from gateway.queue import DELIVER
from gateway.story import Story
from gateway.web.current import house
from gateway.web.pages import follow, links
from gateway.web.pages.draft import Draft
from gateway.web.pages.errors import explain, gone
from gateway.web.pages.render import page
from gateway.web.pages.tongues import tongue

CHANNEL = "webform"
#: The forms on the page of a case: when one was open for too long, its words are kept.
FORMS = ("pages.add", "pages.rate", "pages.reopen", "pages.reach")
#: Longer reasons and words belong into a message.
_WORDS = 2000

View = Callable[[str, Story], ResponseReturnValue]


def _of_case(view: View) -> Callable[[str], ResponseReturnValue]:
    """A view of the case that the address opens."""

    @wraps(view)
    def opened(token: str, **_more: str) -> ResponseReturnValue:
        found = follow.opened(token)
        return view(token, found) if found else gone()

    return opened


@_of_case
def add(token: str, case: Story) -> ResponseReturnValue:
    """Take words and files into the case, by the road that every message takes."""
    draft = Draft.read(request)
    if not (draft["message"] or draft.files):
        return follow.show(token, case, {"message": "nothing"}), 422
    # A file alone says enough here.
    wrong = draft.errors(house().settings.region)
    if errors := {k: v for k, v in wrong.items() if k == "files" or v == "long"}:
        return follow.show(token, case, errors), 422
    take_in(case.number, draft)
    return _done(token, "added")


@_of_case
def rate(token: str, case: Story) -> ResponseReturnValue:
    """Keep how content they are."""
    score = request.form.get("score", "")
    if score not in ("1", "2", "3", "4", "5"):
        return follow.show(token, case, {"score": "missing"}), 422
    word = request.form.get("word", "")[:_WORDS]
    with house().store.write() as session:
        row = _locked(session, case.number)
        citizen.rate(session, row, int(score), word, clock.now(), channel=CHANNEL)
    return _done(token, "rated")


@_of_case
def reopen(token: str, case: Story) -> ResponseReturnValue:
    """Have the administration look at it again."""
    reason = request.form.get("reason", "").strip()[:_WORDS]
    if not reason:
        return follow.show(token, case, {"reason": "missing"}), 422
    here = house()
    with here.store.write() as session:
        citizen.reopen(
            session,
            _locked(session, case.number),
            reason,
            clock.now(),
            channel=CHANNEL,
            directory=here.directory,
            settings=here.settings,
        )
    return _done(token, "reopened")


@_of_case
def reach(token: str, case: Story) -> ResponseReturnValue:
    """Send a code to where the answers shall go."""
    here = house()
    wanted = visits.address_typed(request.form.get("reach", ""), here.settings.region)
    if wanted is None:
        return follow.show(token, case, {"reach": "wrong"}), 422
    with here.store.write() as session:
        proof = visits.send_code(
            session, here.cases.notices, case.number, wanted, tongue().tag, clock.now()
        )
        proof_id = proof.id if proof else None
    if proof_id is None:
        return follow.show(token, case, {"reach": "unreachable"}), 422
    for channel in here.channels:
        here.bell.ring(DELIVER, channel)
    asked = links.proof_token(case.number, proof_id, clock.now())
    return redirect(url_for("pages.code", token=token, asked=asked), code=303)


@_of_case
def code(token: str, case: Story) -> ResponseReturnValue:
    """Ask for the code, and take it."""
    here, asked = house(), str((request.view_args or {})["asked"])
    try:
        number, proof_id = links.open_proof(asked, clock.now())
    except links.BadLink:
        return gone()
    if number != case.number:
        return gone()
    if request.method == "GET":
        return page("code.html", token=token, asked=asked, errors={})
    typed = request.form.get("code", "")
    with here.store.write() as session:
        told = visits.move_answers(session, here.cases.notices, proof_id, typed, clock.now())
    if told is None:
        return page("code.html", token=token, asked=asked, errors={"code": "wrong"}), 422
    for channel in told:
        here.bell.ring(DELIVER, channel)
    return _done(token, "moved")


def again(token: str, _act: str) -> ResponseReturnValue:
    """Back to the page on which the form stands."""
    return redirect(url_for("pages.case", token=token))


def expired(error: CSRFError) -> ResponseReturnValue:
    """A form whose proof of coming from our page is missing or old: what was typed is kept."""
    token = str((request.view_args or {}).get("token", ""))
    found = follow.opened(token)
    if found is None or request.endpoint not in FORMS:
        return explain(error)
    return follow.show(token, found, expired=True), 400


def take_in(number: str, draft: Draft) -> None:
    """Let a message join the case of that number: whoever sends it has shown that it is theirs."""
    here, now = house(), clock.now()
    wire = draft.wire(tongue().tag, here.settings.public_url, here.directory, now)
    # Always there: the registry builds this channel without credentials.
    adapter = cast(Pushed, here.channels[CHANNEL])
    (sent,) = cast(Sequence[Inbound], adapter.receive(wire))
    joined = replace(sent, hints={**sent.hints, "thread": number})
    here.pipeline.settle_now(here.pipeline.accept(CHANNEL, joined))


def _locked(session: Session, number: str) -> Case:
    return session.scalars(select(Case).where(Case.number == number).with_for_update()).one()


def _done(token: str, what: str) -> ResponseReturnValue:
    return redirect(url_for("pages.case", token=token, done=what), code=303)
