"""The API for an administration's own systems: a case as JSON, behind a bearer token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from gateway import audit
from gateway.cases import MESSAGE_LIMIT, By, CaseError, CaseView, Conflict, UnknownCase
from gateway.web.current import house
from normalizer import tracking
from routing.reasons import told

api = Blueprint("api", __name__, url_prefix="/api/v1")

_LIMIT = 64 * 1024


class Body(BaseModel):
    """What every request may say: ``version`` is the one that its sender saw, and ``once`` a name
    of theirs for this request, so that the same one sent twice is done once."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    version: int | None = None
    once: str = Field("", max_length=80)


class Change(Body):
    """What may be asked of a case."""

    status: str = Field(max_length=20)
    message: str | None = Field(None, max_length=MESSAGE_LIMIT)
    administration: str | None = Field(None, max_length=80)
    ground: str | None = Field(None, max_length=30)


class Words(Body):
    """Something to say or to note."""

    message: str = Field(min_length=1, max_length=MESSAGE_LIMIT)


class Extension(Words):
    """A later day for the answer, in the deployment's time zone."""

    until: date


class Merger(Body):
    """The case that this one is a double of."""

    into: str = Field(max_length=40)


Asked = TypeVar("Asked", bound=Body)


@api.before_request
def authenticate() -> Response | None:
    """Let nobody through without a token that is alive."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    owner = house().tokens.owner(token.strip()) if scheme.lower() == "bearer" else None
    if owner is None:
        answer = _problem(401, "a bearer token is needed: Authorization: Bearer …")
        answer.headers["WWW-Authenticate"] = 'Bearer realm="guichet"'
        return answer
    g.actor = owner
    request.max_content_length = _LIMIT
    return None


@api.get("/cases/<number>")
def show(number: str) -> Response:
    """One case with its history."""
    view = house().cases.view(_digits(number), staff=True)
    if view is None:
        return _problem(404, "no case has this number")
    _note("read", view)
    return jsonify(as_json(view))


@api.patch("/cases/<number>")
def change(number: str) -> Response:
    """Change a case's status; the citizen is told."""

    def act(asked: Change, by: By) -> CaseView:
        return house().cases.change(
            _digits(number),
            **asked.model_dump(exclude={"version", "once"}),
            actor=by,
        )

    return _done("change", Change, act)


@api.post("/cases/<number>/accept")
def accept(number: str) -> Response:
    """Take up what was routed here."""
    return _done("accept", Body, lambda _, by: house().cases.accept(_digits(number), by))


@api.post("/cases/<number>/return")
def send_back(number: str) -> Response:
    """Give a case that is not ours back to triage."""
    return _done(
        "return",
        Words,
        lambda asked, by: house().cases.send_back(_digits(number), asked.message, by),
    )


@api.post("/cases/<number>/messages")
def say(number: str) -> Response:
    """Tell the citizen something that changes no status."""
    return _done(
        "reply", Words, lambda asked, by: house().cases.say(_digits(number), asked.message, by)
    )


@api.post("/cases/<number>/notes")
def note(number: str) -> Response:
    """Write something down that the citizen never sees."""
    return _done(
        "note", Words, lambda asked, by: house().cases.note(_digits(number), asked.message, by)
    )


@api.post("/cases/<number>/extend")
def extend(number: str) -> Response:
    """Put the answer off, with an interim reply."""

    def act(asked: Extension, by: By) -> CaseView:
        until = datetime.combine(asked.until, time(12), house().settings.zone)
        return house().cases.extend(_digits(number), until, asked.message, by)

    return _done("extend", Extension, act)


@api.post("/cases/<number>/merge")
def merge(number: str) -> Response:
    """Treat a double together with another case."""
    return _done(
        "merge",
        Merger,
        lambda asked, by: house().cases.merge(_digits(number), _digits(asked.into), by),
    )


@api.after_request
def _private(response: Response) -> Response:
    """What a citizen wrote stays in no cache on the way."""
    response.headers["Cache-Control"] = "no-store"
    return response


@api.errorhandler(HTTPException)
def explain(error: HTTPException) -> Response:
    """Errors as JSON too."""
    return _problem(error.code or 500, error.description or error.name)


def as_json(view: CaseView) -> dict[str, Any]:
    """A case for machines. Times are ISO 8601 in UTC."""
    return {
        "number": view.number,
        "status": view.status,
        "kind": view.kind,
        "subject": view.subject,
        "text": view.text,
        "transcribed": view.transcribed,
        "language": view.language,
        "channel": view.channel,
        "administration": view.administration,
        "city": view.city,
        "created_at": view.created_at.isoformat(),
        "due_at": view.due_at.isoformat(),
        "closed_at": view.closed_at.isoformat() if view.closed_at else None,
        "version": view.version,
        "candidates": [list(candidate) for candidate in view.candidates],
        "reasons": [told(reason, house().directory) for reason in view.reasons],
        "events": [
            {"at": one.at.isoformat(), "actor": one.actor, "kind": one.kind, "data": dict(one.data)}
            for one in view.events
        ],
        "said": [
            {
                "at": one.at.isoformat(),
                "what": one.key,
                "text": one.text,
                "channel": one.channel,
                "state": one.state,
                "segments": one.segments,
            }
            for one in view.replies
        ],
    }


def _done(what: str, kind: type[Asked], act: Callable[[Asked, By], CaseView]) -> Response:
    """Do what the body asks, and answer with the case as it then is."""
    try:
        asked = kind.model_validate_json(request.get_data() or b"{}")
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        return _problem(400, f"{where}: {first['msg']}")
    try:
        view = act(asked, By(g.actor, asked.version, asked.once, trail=what))
    except UnknownCase:
        return _problem(404, "no case has this number")
    except Conflict as conflict:
        return _problem(409, str(conflict))
    except CaseError as refused:
        return _problem(422, str(refused))
    return jsonify(as_json(view))


def _note(act: str, view: CaseView) -> None:
    with house().store.write() as session:
        audit.note(session, g.actor, act, view.id)


def _digits(number: str) -> str:
    return tracking.parse(number) or number


def _problem(status: int, detail: str) -> Response:
    answer = jsonify({"error": detail})
    answer.status_code = status
    return answer
