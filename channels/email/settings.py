"""The mail channel's settings: two URLs and an address, read once and told apart when wrong."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from dkim.crypto import (  # type: ignore[import-untyped]  # publishes no types
    UnparsableKeyError,
    parse_pem_private_key,
)

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
class Token:
    """An access token for XOAUTH2. In a file it may be renewed at any time."""

    value: str = field(default="", repr=False)
    file: Path | None = None

    def read(self, user: str) -> str:
        """The token of one user, as it is now. A file has one token for all, or lines of a user
        and a token. Raises OSError."""
        said = self.file.read_text(encoding="utf-8") if self.file else self.value
        for line in said.splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == user:
                return words[1]
        return said.strip()


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how we log in. Without a user we do not; without a password a token is
    needed. ``authorities`` is a file of the certificates believed, None for the system's."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    token: Token | None = None
    authorities: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """What TLS to this server is made with: its name and certificate are always verified."""
        return ssl.create_default_context(cafile=self.authorities)


@dataclass(frozen=True, slots=True)
class Dkim:
    """What our mail is signed with (RFC 6376): a private RSA key as PEM."""

    selector: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What the adapter is made from.

    ``mailboxes`` are all read; what comes to any of them has come to ``address``. ``name`` stands
    beside our address in what we send. With ``plus`` our mail asks for answers and bounces to
    signed plus-addresses, which the mail server must then deliver to ``address``. ``authserv`` is
    the name under which our own mail server writes what it found out about a sender (RFC 8601).
    ``at_once`` mails are on their way to ``smtp`` at a time.
    """

    mailboxes: tuple[Server, ...]
    smtp: Server
    address: str
    name: str
    own: OwnIds
    plus: bool
    dkim: Dkim | None = None
    authserv: str = ""
    at_once: int = 3


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
    token, authorities = _token(environ), _authorities(environ)
    return MailSettings(
        mailboxes=_mailboxes(said["IMAP_URL"], token, authorities),
        smtp=_server("SMTP_URL", "smtp", said["SMTP_URL"], token, authorities),
        address=address,
        name=name,
        own=OwnIds(address, key.encode()),
        plus=environ.get("EMAIL_PLUS", "") == "1",
        dkim=_dkim(environ),
        authserv=environ.get("EMAIL_AUTHSERV_ID", "").strip(),
        at_once=int(environ.get("EMAIL_AT_ONCE") or 3),
    )


def _token(environ: Mapping[str, str]) -> Token | None:
    if path := environ.get("EMAIL_OAUTH2_TOKEN_FILE"):
        return Token(file=Path(path))
    value = environ.get("EMAIL_OAUTH2_TOKEN", "").strip()
    return Token(value) if value else None


def _authorities(environ: Mapping[str, str]) -> Path | None:
    path = environ.get("EMAIL_CA_FILE", "").strip()
    if not path:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise BadSetting("EMAIL_CA_FILE", "is no readable file of PEM certificates") from None
    return Path(path)


def _dkim(environ: Mapping[str, str]) -> Dkim | None:
    key = environ.get("EMAIL_DKIM_KEY", "").strip()
    if not key:
        return None
    selector = environ.get("EMAIL_DKIM_SELECTOR", "").strip()
    if not selector:
        raise BadSetting("EMAIL_DKIM_SELECTOR", "is missing, while EMAIL_DKIM_KEY is set")
    try:
        parse_pem_private_key(key.encode())
    except (UnparsableKeyError, ValueError, IndexError):
        raise BadSetting("EMAIL_DKIM_KEY", "is no RSA private key in PEM") from None
    return Dkim(selector, key.encode())


def _mailboxes(urls: str, token: Token | None, authorities: Path | None) -> tuple[Server, ...]:
    """Several URLs stand beside one another, apart by blanks or commas."""
    listed = dict.fromkeys(url for url in re.split(r"[\s,]+", urls) if url)
    return tuple(_server("IMAP_URL", "imap", url, token, authorities) for url in listed)


def _server(
    setting: str, protocol: str, url: str, token: Token | None, authorities: Path | None
) -> Server:
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
    if parts.username and parts.password is None and token is None:
        raise BadSetting(
            setting, "names a user without a password, and EMAIL_OAUTH2_TOKEN is unset"
        )
    server = _filled(parts, port or _PORTS[protocol, security], security)
    if parts.username and parts.password is None:
        server = replace(server, token=token)
    return replace(server, authorities=authorities)


def _filled(parts: SplitResult, port: int, security: Security) -> Server:
    return Server(
        host=parts.hostname or "",
        port=port,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )
