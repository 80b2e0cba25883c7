"""The page of one case: its thread, its facts, and what can be done to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gateway import audit, clock, presence
from gateway.cases import (
    CARRIERS,
    GROUNDS,
    MESSAGE_LIMIT,
    By,
    CaseError,
    Conflict,
    Dossier,
    Preview,
    UnknownCase,
)
from gateway.deadlines import longest_extension
from gateway.desk_queues import queues_of
from gateway.messages import LANGUAGES, direction, speak
from gateway.web.current import house
from gateway.web.desk.acts import ACTS, KINDS, OtherLanguage, written_in
from gateway.web.desk.current import may, me
from gateway.web.desk.places import places
from gateway.web.desk.render import page
from gateway.web.files import AUDIO, file_url
from gateway.web.pages.tongues import gettext as _
from gateway.web.pages.tongues import tongue
from gateway.web.pictures import PICTURES
from routing.reasons import told

#: Candidates of the router that are shown.
_TOP = 3


def show(number: str) -> ResponseReturnValue:
    """The case. Looking at it is written down."""
    dossier = found(number)
    note("read", dossier)
    return _page(dossier, {})


def act(number: str, name: str) -> ResponseReturnValue:
    """Do one of ``ACTS``. What cannot be done is said beside what was typed, which is kept."""
    doing, dossier = ACTS.get(name), found(number)
    if doing is None or not may(doing.needs, dossier.case):
        abort(404)
    if request.form.get("preview"):
        return _page(dossier, {"act": name, "preview": _preview(number)})
    if request.form.get("insert"):
        return _page(dossier, {"act": name, "text": _inserted()})
    by = By(me().name, _version(), request.form.get("form", "")[:80], trail=name, who=me())
    try:
        after = doing.do(dossier.case, by)
    except OtherLanguage as other:
        return _page(dossier, {"act": name, "written": other.tag}), 422
    except Conflict:
        # The newest state, with what they wrote still in the form.
        return _page(found(number), {"act": name, "problem": "conflict"}), 409
    except CaseError as refused:
        return _page(dossier, {"act": name, "problem": refused.code, "why": str(refused)}), 422
    flash(_("Done."))
    queue = _queue()
    if may("read", after):
        return redirect(url_for("desk.case", number=number, queue=queue), code=303)
    there = url_for("desk.queue", name=queue) if queue else url_for("desk.home")
    return redirect(there, code=303)


def look(number: str) -> ResponseReturnValue:
    """Say that one is still there; who else is, and whether the case is still what one sees."""
    dossier = found(number)
    others = presence.look(house().store, dossier.case.id, me().id, clock.now())
    return jsonify(others=others, changed=_version() != dossier.case.version)


def check(number: str) -> ResponseReturnValue:
    """An answer as it is being written: how many SMS, and in which language."""
    dossier = found(number)
    shown = _preview(number)
    words = request.form.get("message", "")
    return jsonify(
        segments=shown.segments if words.strip() else None,
        narrow=shown.narrow,
        other=written_in(words, dossier.case.language),
    )


def found(number: str) -> Dossier:
    """A case that they see; for any other one the answer is that of a number nobody has (404)."""
    dossier = house().cases.dossier(number)
    if dossier is None or not may("read", dossier.case):
        abort(404)
    return dossier


def note(what: str, dossier: Dossier, **data: object) -> None:
    """Write into the audit trail what they read or did."""
    with house().store.write() as session:
        audit.note(session, me(), what, dossier.case.id, **data)


def _page(dossier: Dossier, state: Mapping[str, Any]) -> str:
    case, settings, now = dossier.case, house().settings, clock.now()
    spoken = speak(case.language, settings.default_language)
    return page(
        "case.html",
        dossier=dossier,
        case=case,
        now=now,
        state=state,
        kept=request.form,
        form=secrets.token_urlsafe(12),
        queue=(queue := _queue()),
        next=queue and house().lists.following(me(), queue, case, now),
        others=presence.look(house().store, case.id, me().id, now),
        spoken=spoken,
        spoken_direction=direction(spoken),
        templates=house().editing.templates(me()),
        colleagues=_colleagues(dossier),
        places=places(tongue().tag),
        grounds=GROUNDS,
        kinds=KINDS,
        tags=LANGUAGES,
        carriers=tuple(CARRIERS),
        limit=MESSAGE_LIMIT,
        top=case.candidates[:_TOP],
        reasons=[told(code, house().directory, tongue().tag) for code in case.reasons],
        extendable=dossier.extensions < settings.extensions,
        latest=longest_extension(case, now, house().directory, settings).astimezone(settings.zone),
        file_url=file_url,
        audio=AUDIO,
        pictures=PICTURES,
        local=lambda at: at.astimezone(settings.zone),
    )


def _queue() -> str | None:
    """The queue on the way through which one came here."""
    name = request.args.get("queue")
    return name if name in queues_of(me()) else None


def _colleagues(dossier: Dossier) -> list[tuple[int, str]]:
    """Who may be given the case."""
    if not may("assign", dossier.case) or dossier.case.administration is None:
        return []
    people = house().staff.of_administration(dossier.case.administration)
    return [(one.id, one.name) for one in people if one.role in ("agent", "supervisor")]


def _preview(number: str) -> Preview:
    try:
        return house().cases.preview(
            number, request.form.get("what", ""), request.form.get("message", "").strip()
        )
    except (KeyError, UnknownCase):
        abort(400)


def _inserted() -> str:
    """What was typed so far with the chosen template below it."""
    chosen = request.form.get("template", "")
    known = house().editing.templates(me())
    template = known.get(int(chosen)) if chosen.isascii() and chosen.isdigit() else None
    parts = (request.form.get("message", "").strip(), template.text if template else "")
    return "\n\n".join(part for part in parts if part)


def _version() -> int | None:
    said = request.form.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
