"""Providers' webhooks: an HTTP request in, an adapter's answer out, everything stored between."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import RequestEntityTooLarge

from channels.base import Pushed, Rejected, WireRequest
from gateway import clock
from gateway.web.current import house

log = structlog.get_logger(__name__)

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")

#: A provider's webhook is text; files are fetched. Anything larger is no provider's.
LIMIT = 1024 * 1024
#: These come over the citizen's own page, which checks what a webhook cannot.
_PAGES_ONLY = ("webform",)


@hooks.route("/<channel>", methods=["GET", "POST"])
@hooks.route("/<channel>/<path:step>", methods=["GET", "POST"])
def receive(channel: str, step: str = "") -> Response:
    """Store what a provider sends, then answer it: 403 forged, 413 too large, else 2xx."""
    adapter = house().channels.get(channel)
    if adapter is None or not isinstance(adapter, Pushed) or channel in _PAGES_ONLY:
        abort(404)
    wire = _wire(f"/{step}" if step else "")
    try:
        items = adapter.receive(wire)
    except Rejected as forged:
        log.warning("hook.rejected", channel=channel, reason=str(forged))
        abort(403)
    receipts = [house().pipeline.accept(channel, item) for item in items]
    if adapter.speaks_number:
        receipts = [house().pipeline.settle_now(receipt) for receipt in receipts]
    reply = adapter.answer(wire, receipts)
    return Response(reply.body, status=reply.status, content_type=reply.content_type)


def _wire(path: str) -> WireRequest:
    """The request as an adapter sees it. Aborts with 413 when it is too large."""
    request.max_content_length = LIMIT
    body = request.get_data(cache=True)
    if len(body) > LIMIT:
        raise RequestEntityTooLarge
    query = request.query_string.decode("latin-1")
    return WireRequest(
        method=request.method,
        path=path,
        url=f"{house().settings.public_url}{request.path}{'?' + query if query else ''}",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=tuple(request.args.items(multi=True)),
        form=tuple(request.form.items(multi=True)),
        body=body,
        received_at=clock.now(),
        remote=request.remote_addr or "",
    )
