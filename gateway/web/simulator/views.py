"""The simulator's page, what it polls, and what a visitor does on its devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from gateway.cases import CaseError, CaseView
from gateway.web.current import house
from gateway.web.limits import limiter
from gateway.web.simulator import guard
from gateway.web.simulator.acts import ACTS
from gateway.web.simulator.journal import File
from gateway.web.simulator.mail import ADDRESS
from gateway.web.simulator.people import PEOPLE, named
from gateway.web.simulator.replay import Replay, may_replay, scripts
from gateway.web.simulator.samples import ANSWERS, SAMPLES
from gateway.web.simulator.telegram import USERNAME
from gateway.web.simulator.twilio import NUMBER
from normalizer.tracking import spaced

if TYPE_CHECKING:
    from gateway.web.simulator import Simulator

#: So many of the newest cases lie on the desk.
ON_DESK = 6
#: What one address may do: more than hands can, less than floods us.
_ACTS = "300 per minute"
#: Types a browser may show from us; anything else is only ever downloaded.
_SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/")


class Views:
    """The page's addresses."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def add_to(self, blueprint: Blueprint) -> None:
        """Answer at these addresses."""
        blueprint.add_url_rule("/", "page", self.page)
        blueprint.add_url_rule("/state", "state", self.state)
        blueprint.add_url_rule("/file/<key>", "file", self.file)
        for path, view in (
            ("/do/<name>", self.do),
            ("/case/<number>", self.change),
            ("/replay", self.replay),
        ):
            slowed = limiter.limit(_ACTS)(view)
            blueprint.add_url_rule(path, view.__name__, slowed, methods=["POST"])

    def page(self) -> str:
        """All devices, the desk and the wire."""
        return render_template(
            "simulator/page.html",
            people=PEOPLE,
            samples=SAMPLES,
            number=NUMBER,
            mailbox=ADDRESS,
            bot=USERNAME,
            answers=ANSWERS,
            simulated=house().simulated,
            scripts=scripts().values() if may_replay(house()) else (),
        )

    def state(self) -> ResponseReturnValue:
        """What happened since a number, and the desk as it is now."""
        journal = self._simulator.journal
        told = jsonify(
            epoch=journal.epoch,
            entries=journal.since(request.args.get("since", 0, int)),
            cases=[_on_desk(case) for case in _desk()],
        )
        told.headers["Cache-Control"] = "no-store"
        return told

    def file(self, key: str) -> ResponseReturnValue:
        """A file that went over a device."""
        kept = self._simulator.journal.file(key)
        return _download(kept) if kept is not None else abort(404)

    def do(self, name: str) -> ResponseReturnValue:
        """Do something on a device. What was sent is read now; what follows comes after this
        answer, and is seen in the state."""
        guard.check(request, self._simulator.settings.public_url)
        act, who = ACTS.get(name), named(request.form.get("person", ""))
        if act is None or who is None:
            abort(404)
        self._simulator.carry_out(act(request.form, _files()), who)
        return "", 202

    def replay(self) -> ResponseReturnValue:
        """Play a written dialogue, beginning with the person that the visitor is."""
        guard.check(request, self._simulator.settings.public_url)
        script = scripts().get(request.form.get("dialogue", ""))
        who, rooms = named(request.form.get("person", "")), house()
        if script is None or who is None or not may_replay(rooms):
            abort(404)
        self._simulator.carry_out(
            lambda simulator, first: Replay(simulator, rooms, first).run(script), who
        )
        return "", 202

    def change(self, number: str) -> ResponseReturnValue:
        """Change a case on the desk, as an administration does."""
        guard.check(request, self._simulator.settings.public_url)
        if number not in {case.number for case in _desk()}:
            abort(404)
        try:
            changed = house().cases.change(
                number,
                status=(status := request.form.get("status", "")),
                message=request.form.get("message"),
                # What the samples say of a case that cannot be taken up.
                ground="court" if status == "inadmissible" else None,
                actor="simulator",
            )
        except CaseError as wrong:
            return jsonify(problem=str(wrong)), 422
        return jsonify(_on_desk(changed))


def _desk() -> list[CaseView]:
    """The newest cases of channels that are simulated: only those are a visitor's to change."""
    playful = house().simulated | {"webform"}
    return [case for case in house().cases.latest(ON_DESK * 3) if case.channel in playful][:ON_DESK]


def _on_desk(case: CaseView) -> dict[str, Any]:
    administration = house().directory.get(case.administration or "")
    return {
        "number": case.number,
        "spaced": spaced(case.number),
        "channel": case.channel,
        "language": case.language,
        "text": case.subject or case.text,
        "status": case.status,
        "administration": administration.label("en", short=True) if administration else None,
        "due": case.due_at.isoformat(),
        "version": case.version,
    }


def _files() -> list[File]:
    return [
        File(sent.filename or "file", sent.mimetype or "application/octet-stream", sent.read())
        for sent in request.files.getlist("file")
        if sent.filename
    ]


def _download(kept: File) -> Response:
    """A file as it was sent, such that no browser takes it for a page of ours."""
    response = Response(kept.content, content_type=kept.content_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not kept.content_type.startswith(_SHOWN):
        response.headers["Content-Disposition"] = "attachment"
    return response
