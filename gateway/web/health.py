"""Whether we live, whether we can work, and how much waits: for machines that watch."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from gateway.models import AttachmentRow, Case, Message, OutboundRow
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
    channels = sorted(house().channels)
    status = "ready" if fit else "not ready"
    return jsonify({"status": status, **told, "channels": channels}), 200 if fit else 503


@health.get("/metrics")
def metrics() -> Response:
    """How many rows are in which state, in the text format of Prometheus."""
    lines: list[str] = []
    with house().store.read() as session:
        for name, table, by in (
            ("guichet_messages", Message, Message.state),
            ("guichet_outbound", OutboundRow, OutboundRow.state),
            ("guichet_attachments", AttachmentRow, AttachmentRow.state),
            ("guichet_cases", Case, Case.status),
        ):
            lines.append(f"# TYPE {name} gauge")
            counted = session.execute(select(by, func.count()).select_from(table).group_by(by))
            lines += [f'{name}{{state="{state}"}} {count}' for state, count in counted]
        lines.append("# TYPE guichet_sms_segments gauge")
        billed = session.execute(
            select(OutboundRow.state, func.sum(OutboundRow.segments))
            .where(OutboundRow.segments.is_not(None))
            .group_by(OutboundRow.state)
        )
        lines += [f'guichet_sms_segments{{state="{state}"}} {count}' for state, count in billed]
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001  # whatever it is, we are not ready
        log.warning("ready.no", error=type(error).__name__)
        return False
    return True
