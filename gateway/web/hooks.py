"""Providers' webhooks: an HTTP request in, an adapter's answer out, everything stored between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Request
from werkzeug.exceptions import Forbidden, HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES

from channels.base import Pushed, Rejected, Reply, WireRequest
from gateway import clock
from gateway.house import House
from gateway.web import trouble

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger(__name__)

#: Below this address providers call.
PATH = "/hooks"
#: A provider's webhook is text; files are fetched. Anything larger is no provider's.
LIMIT = 1024 * 1024
#: These come over the citizen's own page, which checks what a webhook cannot.
_PAGES_ONLY = ("webform",)
_METHODS = ("GET", "HEAD", "POST")


class _Call(Request):
    """A provider's request."""

    max_content_length = max_form_memory_size = LIMIT


class Hooks:
    """What answers below PATH: a WSGI application of its own. What a framework does for a browser's
    request (sessions, the proof of a form, limits by address, headers, a context for views) means
    nothing to a provider, and costs as much as storing."""

    def __init__(self, house: House) -> None:
        self._house = house
        # Asked once: whether an object keeps a protocol costs more than to check a signature.
        self._pushed = _pushed(house)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        call = _Call(environ)
        try:
            reply = self._take(call)
        except HTTPException as refused:
            return refused(environ, start)
        except (SQLAlchemyError, OSError) as error:
            return trouble.answer(error)(environ, start)
        status = f"{reply.status} {HTTP_STATUS_CODES.get(reply.status, 'UNKNOWN')}"
        length = str(len(reply.body))
        start(status, [("Content-Type", reply.content_type), ("Content-Length", length)])
        return [] if call.method == "HEAD" else [reply.body]

    def _take(self, call: _Call) -> Reply:
        """Store what a provider sends, then answer it: 403 forged, 413 too large, else 2xx."""
        channel, _, step = call.path.removeprefix("/").partition("/")
        if channel not in self._pushed:
            raise NotFound
        if call.method not in _METHODS:
            raise MethodNotAllowed(_METHODS)
        adapter, pipeline = self._pushed[channel], self._house.pipeline
        wire = _wire(call, self._house.settings.public_url, f"/{step}" if step else "")
        try:
            items = adapter.receive(wire)
        except Rejected as forged:
            log.warning("hook.rejected", channel=channel, reason=str(forged))
            raise Forbidden from None
        receipts = [pipeline.accept(channel, item) for item in items]
        if adapter.speaks_number:
            receipts = [pipeline.settle_now(receipt) for receipt in receipts]
        return adapter.answer(wire, receipts)


def read_later(house: House) -> frozenset[str]:
    """Where messages come in that are only stored: nobody waits for more, and nothing else (a
    report, which changes what is known of an answer) is told there."""
    adapters = _pushed(house).items()
    return frozenset(f"{PATH}/{name}" for name, one in adapters if not one.speaks_number)


def _pushed(house: House) -> dict[str, Pushed]:
    return {
        name: adapter
        for name, adapter in house.channels.items()
        if isinstance(adapter, Pushed) and name not in _PAGES_ONLY
    }


def _wire(call: _Call, public_url: str, path: str) -> WireRequest:
    """The request as an adapter sees it. Raises RequestEntityTooLarge."""
    # Read before the form is, which would leave nothing of it.
    body = call.get_data()
    query = call.query_string.decode("latin-1")
    return WireRequest(
        method=call.method,
        path=path,
        url=f"{public_url}{PATH}{call.path}{'?' + query if query else ''}",
        headers={name.lower(): value for name, value in call.headers.items()},
        query=tuple(call.args.items(multi=True)),
        form=_form(call, body),
        body=body,
        received_at=clock.now(),
        remote=call.remote_addr or "",
    )


def _form(call: _Call, body: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a form, as they came."""
    if call.mimetype == "application/x-www-form-urlencoded" and body.isascii():
        # As werkzeug reads them, without its containers.
        said = body.decode()
        return tuple(parse_qsl(said, keep_blank_values=True, errors="werkzeug.url_quote"))
    return tuple(call.form.items(multi=True))
