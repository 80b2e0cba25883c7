"""The API for an administration's own systems: a case as JSON, behind a bearer token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from gateway.cases import CaseError, CaseView, Conflict, UnknownCase
from gateway.web.current import house
from normalizer import tracking

api = Blueprint("api", __name__, url_prefix="/api/v1")

_LIMIT = 64 * 1024


class Change(BaseModel):
    """What may be asked of a case."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    status: str = Field(max_length=20)
    message: str | None = Field(None, max_length=4000)
    administration: str | None = Field(None, max_length=80)
    version: int | None = None


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
    view = house().cases.view(tracking.parse(number) or number)
    return _problem(404, "no case has this number") if view is None else jsonify(as_json(view))


@api.patch("/cases/<number>")
def change(number: str) -> Response:
    """Change a case's status; the citizen is told."""
    try:
        asked = Change.model_validate_json(request.get_data())
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        return _problem(400, f"{where}: {first['msg']}")
    try:
        view = house().cases.change(
            tracking.parse(number) or number, **asked.model_dump(), actor=g.actor
        )
    except UnknownCase:
        return _problem(404, "no case has this number")
    except Conflict as conflict:
        return _problem(409, str(conflict))
    except CaseError as refused:
        return _problem(422, str(refused))
    return jsonify(as_json(view))


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
        "reasons": list(view.reasons),
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


def _problem(status: int, detail: str) -> Response:
    answer = jsonify({"error": detail})
    answer.status_code = status
    return answer
