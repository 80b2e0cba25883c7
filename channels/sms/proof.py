"""Whether a request is the provider's own, by what its profile says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from channels.base import Rejected, WireRequest
from channels.sms.profile import Authentication, Hmac
from channels.sms.wire import Access


def prove(how: Authentication, access: Access, request: WireRequest) -> None:
    """Return when the request is the provider's. Raises Rejected otherwise."""
    headers = request.headers
    if how.query_token and not access.is_token(dict(request.query).get(how.query_token, "")):
        raise Rejected("the token in the address is not ours")
    if how.header_token and not access.is_token(headers.get(how.header_token.lower(), "")):
        raise Rejected("the token in the header is not ours")
    if how.basic_user is not None and not _is_login(how.basic_user, access, request):
        raise Rejected("the login is not the provider's")
    if how.hmac and not _is_signed(how.hmac, access, request):
        raise Rejected("the signature is not the provider's")
    if how.addresses and not _is_from(how.addresses, request.remote):
        raise Rejected("the request comes from another address than the provider's")


def _is_login(user: str, access: Access, request: WireRequest) -> bool:
    right = base64.b64encode(f"{user}:{access.token}".encode())
    given = request.headers.get("authorization", "").removeprefix("Basic ")
    return hmac.compare_digest(right, given.encode(errors="replace"))


def _is_signed(how: Hmac, access: Access, request: WireRequest) -> bool:
    # What has no body says all in its query string, so that is what is signed.
    said = request.body or urlsplit(request.url).query.encode(errors="replace")
    digest = hmac.new(access.token.encode(), said, getattr(hashlib, how.algorithm)).digest()
    right = digest.hex().encode() if how.encoding == "hex" else base64.b64encode(digest)
    given = request.headers.get(how.header.lower(), "").removeprefix(how.prefix)
    return hmac.compare_digest(right, given.encode(errors="replace"))


def _is_from(addresses: tuple[str, ...], remote: str) -> bool:
    try:
        caller = ip_address(remote)
    except ValueError:
        return False
    return any(caller in ip_network(one) for one in addresses)
