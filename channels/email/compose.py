"""A message to a citizen as a mail: text, simple HTML in their direction, threading headers."""

from __future__ import annotations

import html
import re
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import cache, lru_cache

from channels.base import Attachment, Outbound
from channels.email.settings import MailSettings

#: RFC 5322 has no limit; mail programs thread on the first and the last few.
_MAX_REFERENCES = 20
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
#: A tracking number keeps the order of its groups in text from right to left.
_NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")
_RIGHT_TO_LEFT = ("ar", "ary", "he", "fa", "ur")
_ID = re.compile(r"<[^<>\s]+>")
_LINE_END = re.compile(r"\r\n?|\n")
#: What a header's line holds beside its name, so that it is none of more than 78 (RFC 5322, 2.1.1).
_LINE = 60
_TYPE = re.compile(r"([a-z0-9][\w.+-]*)/([a-z0-9][\w.+-]*)")


def compose(message: Outbound, settings: MailSettings, now: datetime) -> bytes:
    """The mail for a message. Raises ValueError when a header would break out of its line.

    Put together by hand: the library's own classes look at every byte of what we know, for two
    thirds of what a mail costs.
    """
    text = _with_choices(message)
    page = as_html(text, message.language)
    content = _multipart("alternative", [_text("plain", text), _text("html", page)])
    if files := [_file(one) for one in message.attachments if one.content is not None]:
        content = _multipart("mixed", [content, *files])
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(message, settings, now))
    return head.encode() + content


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    """The parts in one. They are quoted-printable or base64, and so hold no ``=_`` to be taken for
    the boundary (RFC 2045, 6.7)."""
    boundary = f"=_{kind}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    begin, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    return b"".join([head.encode(), *(begin + part + b"\r\n" for part in parts), end])


def _text(kind: str, text: str) -> bytes:
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + b2a_qp(_LINE_END.sub("\r\n", text).encode())


def _headers(message: Outbound, settings: MailSettings, now: datetime) -> Iterator[tuple[str, str]]:
    yield "MIME-Version", "1.0"
    yield "From", _from(settings.name, settings.address)
    yield "To", _mailbox(message.to)
    if message.subject:
        yield "Subject", _words("Subject", message.subject)
    yield "Date", format_datetime(now)
    yield "Message-ID", settings.own.message_id(message.id, message.number)
    if message.number and settings.plus:
        yield "Reply-To", settings.own.reply_address(message.number)
    yield from _thread(message)
    if message.automatic:
        yield "Auto-Submitted", "auto-replied"
        # Asks Exchange for no out-of-office in return (MS-OXCMAIL 2.2.3.2.14).
        yield "X-Auto-Response-Suppress", "All"


def as_html(text: str, language: str) -> str:
    """The text as a page of paragraphs, with links and tracking numbers set apart."""
    direction = "rtl" if is_right_to_left(language) else "ltr"
    paragraphs = "".join(
        f"<p>{_marked_up(paragraph)}</p>\n"
        for paragraph in re.split(r"\n\s*\n", text.strip())
        if paragraph
    )
    # Said twice, for mail programs keep the body's parts alone; Arabic needs larger letters.
    size = "18px" if direction == "rtl" else "16px"
    align = "right" if direction == "rtl" else "left"
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}" dir="{direction}">\n'
        '<head><meta charset="utf-8"></head>\n<body>\n'
        f'<div lang="{html.escape(language)}" dir="{direction}" style="font-family: '
        f"'Segoe UI', Tahoma, Arial, sans-serif; font-size: {size}; line-height: 1.6; "
        f'text-align: {align}; max-width: 40em">\n{paragraphs}</div>\n</body>\n</html>\n'
    )


def is_right_to_left(language: str) -> bool:
    """Whether a BCP 47 tag names a language in a script from right to left."""
    primary, *rest = language.lower().split("-")
    return "latn" not in rest and (primary in _RIGHT_TO_LEFT or "arab" in rest)


def _thread(message: Outbound) -> Iterator[tuple[str, str]]:
    known = (*message.references, *((message.in_reply_to,) if message.in_reply_to else ()))
    ids = list(dict.fromkeys(known))
    for identifier in ids:
        if not identifier.startswith("sha256:") and not _ID.fullmatch(identifier):
            raise ValueError("a message id with anything else in it")
    # A mail without a Message-ID is known by a hash, which threads nothing; and a header that not
    # every server takes is no way to name one beyond ASCII.
    ids = [identifier for identifier in ids if identifier.isascii() and _ID.fullmatch(identifier)]
    if message.in_reply_to and message.in_reply_to in ids:
        yield "In-Reply-To", message.in_reply_to
    if ids:
        kept = ids if len(ids) <= _MAX_REFERENCES else [ids[0], *ids[1 - _MAX_REFERENCES :]]
        yield "References", "\r\n ".join(kept)


@cache
def _from(name: str, address: str) -> str:
    """Our own address, the same in every mail."""
    return formataddr((name, address)) if name.isascii() else f"{_words('From', name)} <{address}>"


def _words(header: str, said: str) -> str:
    """Words of any alphabet, cut into lines. Raises ValueError for a line break."""
    if "\n" in said or "\r" in said:
        raise ValueError("a line break in a header")
    # There are more of them than two, of which the library knows.
    said = " ".join(said.splitlines())
    if said.isascii() and len(said) <= _LINE:
        return said
    # As encoded words also a long line of ASCII, which may be one that can be cut nowhere else.
    return Header(said, "utf-8", header_name=header).encode(linesep="\r\n")


def _mailbox(said: str) -> str:
    local, _, domain = said.rpartition("@")
    if not local or not domain or not said.isprintable() or " " in said:
        raise ValueError("not a mailbox")
    # Beyond ASCII the local part stands there as it is (RFC 6532).
    return Address("", local, _in_ascii(domain)).addr_spec


@lru_cache
def _in_ascii(domain: str) -> str:
    return domain.encode("idna").decode("ascii")


def _with_choices(message: Outbound) -> str:
    lines = [f"{value}: {label}" for value, label in message.choices]
    return "\n".join([message.text.rstrip(), *([""] if lines else []), *lines]) + "\n"


def _marked_up(paragraph: str) -> str:
    marked = ""
    end = 0
    for link in _LINK.finditer(paragraph):
        url = html.escape(link[0])
        marked += _escaped(paragraph[end : link.start()]) + f'<a href="{url}">{url}</a>'
        end = link.end()
    return marked + _escaped(paragraph[end:])


def _escaped(text: str) -> str:
    safe = _NUMBER.sub(r'<bdi dir="ltr">\g<0></bdi>', html.escape(text))
    return safe.replace("\n", "<br>\n")


def _file(attachment: Attachment) -> bytes:
    said = _TYPE.fullmatch((attachment.content_type or "").partition(";")[0].strip().lower())
    # A mail or a tree of parts travels as a file: their own types allow no encoding (RFC 2046).
    kind, subtype = said.groups() if said else ("application", "octet-stream")
    if kind in ("message", "multipart"):
        kind, subtype = "application", "octet-stream"
    name = attachment.filename or "attachment"
    part = MIMEPart(policy=SMTP)
    part.set_content(attachment.content, maintype=kind, subtype=subtype, filename=name)
    return bytes(part)
