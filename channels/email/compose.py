"""A message to a citizen as a mail: text, simple HTML in their direction, threading headers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from functools import cache
from io import BytesIO
from typing import Any

from channels.base import Attachment, Outbound
from channels.email.settings import MailSettings

#: RFC 5322 has no limit; mail programs thread on the first and the last few.
_MAX_REFERENCES = 20
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
#: A tracking number keeps the order of its groups in text from right to left.
_NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")
_RIGHT_TO_LEFT = ("ar", "ary", "he", "fa", "ur")
_ID = re.compile(r"<[^<>\s]+>")
#: The newer policies take every header apart when it is set and again when it is written: four
#: times the work for the same bytes.
_POLICY = policy.compat32.clone(linesep="\r\n", max_line_length=78)
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_TYPE = re.compile(r"([a-z0-9][\w.+-]*)/([a-z0-9][\w.+-]*)")


def compose(message: Outbound, settings: MailSettings, now: datetime) -> bytes:
    """The mail for a message. Raises ValueError when a header would break out of its line."""
    text = _with_choices(message)
    page = as_html(text, message.language)
    said = (MIMEText(text, "plain", _UTF8), MIMEText(page, "html", _UTF8))  # type: ignore[arg-type]  # its stub knows no Charset
    mail: Message[Any, Any] = MIMEMultipart("alternative", None, said, policy=_POLICY)
    if files := [_file(one) for one in message.attachments if one.content is not None]:
        mail = MIMEMultipart("mixed", None, [mail, *files], policy=_POLICY)
    for name, value in _headers(message, settings, now):
        mail[name] = value
    written = BytesIO()
    BytesGenerator(written, mangle_from_=False, policy=_POLICY).flatten(mail)
    return written.getvalue()


def _headers(
    message: Outbound, settings: MailSettings, now: datetime
) -> Iterator[tuple[str, str | Header]]:
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
    # A mail without a Message-ID is known by a hash, which threads nothing.
    ids = [identifier for identifier in ids if _ID.fullmatch(identifier)]
    if message.in_reply_to and message.in_reply_to in ids:
        yield "In-Reply-To", message.in_reply_to
    if ids:
        kept = ids if len(ids) <= _MAX_REFERENCES else [ids[0], *ids[1 - _MAX_REFERENCES :]]
        yield "References", " ".join(kept)


@cache
def _from(name: str, address: str) -> str:
    """Our own address, the same in every mail."""
    if name.isascii():
        return formataddr((name, address))
    return f"{_words('From', name).encode(linesep='')} <{address}>"


def _words(header: str, said: str) -> Header:
    """Words of any alphabet. Raises ValueError for a line break."""
    if "\n" in said or "\r" in said:
        raise ValueError("a line break in a header")
    # There are more of them than two, of which the library knows.
    charset = "us-ascii" if said.isascii() else "utf-8"
    return Header(" ".join(said.splitlines()), charset, header_name=header)


def _mailbox(said: str) -> str:
    local, _, domain = said.rpartition("@")
    if not local or not domain or not said.isprintable() or " " in said:
        raise ValueError("not a mailbox")
    address = Address("", local, domain.encode("idna").decode("ascii")).addr_spec
    # Beyond ASCII it stands there as it is (RFC 6532); so does the library write such bytes.
    return address.encode().decode("ascii", "surrogateescape")


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


def _file(attachment: Attachment) -> Message:
    said = _TYPE.fullmatch((attachment.content_type or "").partition(";")[0].strip().lower())
    # A mail or a tree of parts travels as a file: their own types allow no encoding (RFC 2046).
    kind, subtype = said.groups() if said else ("application", "octet-stream")
    if kind in ("message", "multipart"):
        kind, subtype = "application", "octet-stream"
    name = attachment.filename or "attachment"
    made = EmailMessage(policy=policy.SMTP)
    made.set_content(attachment.content, maintype=kind, subtype=subtype, filename=name)
    part = Message(policy=_POLICY)
    for header, value in made.items():
        # Only that policy cuts a long name of another alphabet into pieces (RFC 2231).
        part[header] = made.policy.fold(header, value).partition(":")[2].strip()
    part.set_payload(made.get_payload())
    return part
