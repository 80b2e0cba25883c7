"""The mail channel's settings: two URLs and an address, read once and told apart when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from channels.base import BadSetting
from channels.email.own import OwnIds

Security = Literal["none", "starttls", "tls"]

_NAMES = ("IMAP_URL", "SMTP_URL", "EMAIL_ADDRESS")
_SECURITY: dict[str, Security] = {"": "none", "+starttls": "starttls", "s": "tls"}
_PORTS: dict[tuple[str, Security], int] = {
    ("imap", "none"): 143,
    ("imap", "starttls"): 143,
    ("imap", "tls"): 993,
    ("smtp", "none"): 25,
    ("smtp", "starttls"): 587,
    ("smtp", "tls"): 465,
}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how we log in. Without a user we do not."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What the adapter is made from.

    ``name`` stands beside our address in what we send. With ``plus`` our mail asks for answers
    and bounces to signed plus-addresses, which the mail server must then deliver to ``address``.
    """

    imap: Server
    smtp: Server
    address: str
    name: str
    own: OwnIds
    plus: bool


def read(environ: Mapping[str, str]) -> MailSettings | None:
    """The settings; None when the channel is not set up. Raises BadSetting, never with a secret."""
    said = {name: environ.get(name, "").strip() for name in _NAMES}
    if not any(said.values()):
        return None
    for name, value in said.items():
        if not value:
            others = " and ".join(other for other in _NAMES if said[other])
            raise BadSetting(name, f"is missing, while {others} is set; mail needs all three")
    name, address = parseaddr(said["EMAIL_ADDRESS"])
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii():
        raise BadSetting("EMAIL_ADDRESS", "must be a mailbox such as plaintes@example.org")
    key = environ.get("SECRET_KEY", "")
    if not key:
        raise BadSetting("SECRET_KEY", "is missing; it signs the ids of the mails we send")
    address = f"{local}@{domain.lower()}"
    return MailSettings(
        imap=_server("IMAP_URL", "imap", said["IMAP_URL"]),
        smtp=_server("SMTP_URL", "smtp", said["SMTP_URL"]),
        address=address,
        name=name,
        own=OwnIds(address, key.encode()),
        plus=environ.get("EMAIL_PLUS", "") == "1",
    )


def _server(setting: str, protocol: str, url: str) -> Server:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadSetting(
            setting, "is no URL; percent-encode the user's name and password"
        ) from None
    security = _SECURITY.get(parts.scheme.removeprefix(protocol))
    if security is None or not parts.scheme.startswith(protocol) or not parts.hostname:
        example = f"{protocol}s://user:password@mail.example.org"
        raise BadSetting(setting, f"must look like {example}, or {protocol}+starttls://…")
    if protocol == "imap" and not parts.username:
        raise BadSetting(setting, "names no user; write imaps://user:password@host")
    return _filled(parts, port or _PORTS[protocol, security], security)


def _filled(parts: SplitResult, port: int, security: Security) -> Server:
    return Server(
        host=parts.hostname or "",
        port=port,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )
