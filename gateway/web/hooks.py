"""Providers' webhooks: an HTTP request in, an adapter's answer out, everything stored between."""

from __future__ import annotations

import structlog
from flask import Flask, Response, abort, request

from channels.base import Pushed, Rejected, WireRequest
from gateway import clock
from gateway.house import House
from gateway.web import trouble

log = structlog.get_logger(__name__)

#: Below this address providers call.
PATH = "/hooks"
#: A provider's webhook is text; files are fetched. Anything larger is no provider's.
LIMIT = 1024 * 1024
#: These come over the citizen's own page, which checks what a webhook cannot.
_PAGES_ONLY = ("webform",)


def create_app(house: House) -> Flask:
    """What answers below PATH: an application of its own. Sessions, the proof of a form, limits by
    address and headers for browsers mean nothing to a provider, and cost as much as storing."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LIMIT, MAX_FORM_MEMORY_SIZE=LIMIT)
    trouble.init_app(app)
    # Asked once: whether an object keeps a protocol costs more than to check a signature.
    pushed = {
        name: adapter
        for name, adapter in house.channels.items()
        if isinstance(adapter, Pushed) and name not in _PAGES_ONLY
    }

    def receive(channel: str, step: str = "") -> Response:
        if channel not in pushed:
            abort(404)
        return _take(house, channel, pushed[channel], f"/{step}" if step else "")

    for rule in ("/<channel>", "/<channel>/<path:step>"):
        app.add_url_rule(rule, view_func=receive, methods=["GET", "POST"])
    return app


def _take(house: House, channel: str, adapter: Pushed, path: str) -> Response:
    """Store what a provider sends, then answer it: 403 forged, 413 too large, else 2xx."""
    wire = _wire(house.settings.public_url, path)
    try:
        items = adapter.receive(wire)
    except Rejected as forged:
        log.warning("hook.rejected", channel=channel, reason=str(forged))
        abort(403)
    receipts = [house.pipeline.accept(channel, item) for item in items]
    if adapter.speaks_number:
        receipts = [house.pipeline.settle_now(receipt) for receipt in receipts]
    reply = adapter.answer(wire, receipts)
    return Response(reply.body, status=reply.status, content_type=reply.content_type)


def _wire(public_url: str, path: str) -> WireRequest:
    """The request as an adapter sees it. Aborts with 413 when it is too large."""
    # Read before the form is, which would leave nothing of it.
    body = request.get_data()
    query = request.query_string.decode("latin-1")
    return WireRequest(
        method=request.method,
        path=path,
        url=f"{public_url}{PATH}{request.path}{'?' + query if query else ''}",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=tuple(request.args.items(multi=True)),
        form=tuple(request.form.items(multi=True)),
        body=body,
        received_at=clock.now(),
        remote=request.remote_addr or "",
    )
