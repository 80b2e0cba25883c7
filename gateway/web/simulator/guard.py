"""Keeps other sites' pages from acting on the simulator through a visitor's browser."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request, abort

#: A browser lets no page of another origin send a header of this kind without asking us first.
HEADER = "X-Guichet-Simulator"


def check(request: Request, public_url: str) -> None:
    """Refuse (403) a request that did not come from the simulator's own page."""
    if HEADER not in request.headers:
        abort(403, f"the header {HEADER} is missing")
    origin = request.headers.get("Origin")
    # A browser names the origin of every POST. One that resolves another name to this machine
    # (DNS rebinding) names that name, so the origin is held against ours, not against Host.
    if origin and origin != _origin(public_url) and not _is_local(origin):
        abort(403, "the request came from another site")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_local(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
