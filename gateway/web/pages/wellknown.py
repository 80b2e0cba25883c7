"""What machines ask any site for: may they index it, what is its sign, whom to tell of a hole."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.web.current import house

#: RFC 9116 wants a date after which one should look again, at most a year away.
_GOOD_FOR = timedelta(days=180)
_ROBOTS = """User-agent: *
Disallow: /desk
Disallow: /api
Disallow: /hooks
Disallow: /files
Disallow: /l/
Disallow: /simulator
Disallow: /*/receipt/
Disallow: /*/case/
Disallow: /*/verify
"""


def robots() -> Response:
    """What is private is not for search engines."""
    return Response(_ROBOTS, content_type="text/plain; charset=utf-8")


def favicon() -> ResponseReturnValue:
    """Our sign, for those who do not read the page that names it."""
    return redirect(url_for("static", filename="mark.svg"))


def security() -> Response:
    """Whom to tell of a hole in our security, where the deployment says so (RFC 9116)."""
    settings = house().settings
    if not settings.security_contact:
        abort(404)
    until = (clock.now() + _GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {until}",
        "Preferred-Languages: ar, fr, en",
        f"Canonical: {settings.public_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
