"""One JSON line in, one JSON line out: the router as it is tried and judged alone."""

from __future__ import annotations

import json
from typing import Any

from normalizer.complaint import Complaint
from routing.directory import Directory
from routing.examples import complaint
from routing.reasons import told
from routing.router import Route, decide


def route_line(line: str) -> str:
    """Route a complaint given as ``{"text": …, "lang"?: …, "subject"?: …}``.

    ``administration`` is the destination by content (``commune`` for every city's commune; the
    city stands beside it), or null for triage. A line that is no such object answers ``error``.
    """
    try:
        said = _read(line)
    except ValueError as error:
        return json.dumps({"error": str(error)}, ensure_ascii=False)
    return json.dumps(_told(decide(said, Directory.load())), ensure_ascii=False)


def _read(line: str) -> Complaint:
    try:
        data = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    if data.get("text") is None:
        raise ValueError("text is missing")
    for name in ("text", "lang", "subject"):
        if not isinstance(data.get(name), str | None):
            raise ValueError(f"{name} is not a string")
    return complaint(data["text"], data.get("lang"), data.get("subject"))


def _told(route: Route) -> dict[str, Any]:
    return {
        "administration": route.destination,
        "confidence": route.confidence,
        "candidates": route.candidates,
        "kind": route.kind,
        "city": route.city,
        "reasons": [told(code, Directory.load()) for code in route.reasons],
    }
