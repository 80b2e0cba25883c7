"""What our own mail server found out about a mail's sender: SPF, DKIM and DMARC (RFC 8601)."""

from __future__ import annotations

from email.message import Message

import authres  # type: ignore[import-untyped]  # publishes no types

from channels.email import headers

_METHODS = ("spf", "dkim", "dmarc")


def results(message: Message, authserv: str) -> str:
    """``spf=pass dkim=fail dmarc=fail`` as far as known, or nothing.

    Only the uppermost header that carries our server's name counts: our server writes above what
    came in, and anyone can write further down.
    """
    for value in headers.raws(message, "authentication-results"):
        try:
            header = authres.AuthenticationResultsHeader.parse_value(value)
        except (authres.AuthResError, ValueError, IndexError, AttributeError):
            continue
        if str(header.authserv_id).lower() == authserv.lower():
            return _told(header.results)
    return ""


def _told(found: list[authres.AuthenticationResult]) -> str:
    """One word per method; of several signatures a good one counts."""
    said: dict[str, str] = {}
    for one in found:
        method, result = str(one.method).lower(), str(one.result or "none").lower()
        if method in _METHODS and said.get(method) != "pass":
            said[method] = result
    return " ".join(f"{method}={said[method]}" for method in _METHODS if method in said)
