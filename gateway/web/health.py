"""Whether we live, whether we can work, and how much waits: for machines that watch."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from gateway import clock
from gateway.metrics import page
from gateway.pipeline.fairness import is_full
from gateway.web.current import house

log = structlog.get_logger(__name__)

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """This process answers."""
    return jsonify({"status": "ok"})


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """Database, files and queue answer. A lost Redis costs time only, so it is told, not fatal."""
    parts = {"database": _works(house().store.ping), "files": _works(house().files.check)}
    fit = all(parts.values())
    parts["queue"] = _works(house().bell.check)
    told = {name: "ok" if works else "unreachable" for name, works in parts.items()}
    if fit:
        # Told, not fatal: who is sent away here would not be stored.
        told["spool"] = "full" if is_full(house().pipeline.parts) else "ok"
    channels = sorted(house().channels)
    status = "ready" if fit else "not ready"
    return jsonify({"status": status, **told, "channels": channels}), 200 if fit else 503


@health.get("/metrics")
def metrics() -> Response:
    """What this process counted, and what the database holds."""
    told = page(house().store, clock.now(), house().settings.spool_limit)
    return Response(told, content_type=CONTENT_TYPE_LATEST)


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001  # whatever it is, we are not ready
        log.warning("ready.no", error=type(error).__name__)
        return False
    return True
