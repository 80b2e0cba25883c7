"""Signs what we send with the domain's key (DKIM, RFC 6376)."""

from __future__ import annotations

import dkim  # type: ignore[import-untyped]  # publishes no types

from channels.email.settings import Dkim

#: RFC 6376, 5.4.1, and the headers of ours that a thief would change.
_HEADERS = (
    b"from", b"reply-to", b"to", b"subject", b"date", b"message-id", b"in-reply-to",
    b"references", b"mime-version", b"content-type", b"content-transfer-encoding",
    b"auto-submitted",
)  # fmt: skip


def signed(mail: bytes, domain: str, key: Dkim | None) -> bytes:
    """The mail with a DKIM-Signature above it; as it is when there is no key."""
    if key is None:
        return mail
    signature: bytes = dkim.sign(
        mail,
        key.selector.encode("ascii"),
        domain.encode("idna"),
        key.key,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=_HEADERS,
    )
    return signature + mail
