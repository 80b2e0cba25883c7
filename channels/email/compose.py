"""A message to a citizen as a mail: text, simple HTML in their direction, threading headers."""

from __future__ import annotations

import html
import re
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from channels.base import Attachment, Outbound
from channels.email.settings import MailSettings

#: RFC 5322 has no limit; mail programs thread on the first and the last few.
_MAX_REFERENCES = 20
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
#: A tracking number keeps the order of its groups in text from right to left.
_NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")
_RIGHT_TO_LEFT = ("ar", "ary", "he", "fa", "ur")
_ID = re.compile(r"<[^<>\s]+>")
_POLICY = policy.SMTP
_TYPE = re.compile(r"([a-z0-9][\w.+-]*)/([a-z0-9][\w.+-]*)")


def compose(message: Outbound, settings: MailSettings, now: datetime) -> EmailMessage:
    """The mail for a message. Raises ValueError when a header would break out of its line."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(settings.name, settings.address)
    mail["To"] = _address("", message.to)
    if message.subject:
        mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = settings.own.message_id(message.id, message.number)
    if message.number and settings.plus:
        mail["Reply-To"] = settings.own.reply_address(message.number)
    _thread(mail, message)
    if message.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        # Asks Exchange for no out-of-office in return (MS-OXCMAIL 2.2.3.2.14).
        mail["X-Auto-Response-Suppress"] = "All"
    text = _with_choices(message)
    mail.set_content(text, cte="quoted-printable" if not text.isascii() else None)
    mail.add_alternative(as_html(text, message.language), subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        _attach(mail, attachment)
    return mail


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


def _thread(mail: EmailMessage, message: Outbound) -> None:
    known = (*message.references, *((message.in_reply_to,) if message.in_reply_to else ()))
    ids = list(dict.fromkeys(known))
    for identifier in ids:
        if not identifier.startswith("sha256:") and not _ID.fullmatch(identifier):
            raise ValueError("a message id with anything else in it")
    # A mail without a Message-ID is known by a hash, which threads nothing.
    ids = [identifier for identifier in ids if _ID.fullmatch(identifier)]
    if message.in_reply_to in ids:
        mail["In-Reply-To"] = message.in_reply_to
    if ids:
        kept = ids if len(ids) <= _MAX_REFERENCES else [ids[0], *ids[1 - _MAX_REFERENCES :]]
        mail["References"] = " ".join(kept)


def _address(name: str, mailbox: str) -> Address:
    local, _, domain = mailbox.rpartition("@")
    if not local or not domain or not mailbox.isprintable() or " " in mailbox:
        raise ValueError("not a mailbox")
    return Address(name, local, domain.encode("idna").decode("ascii"))


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


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    if attachment.content is None:
        return
    said = _TYPE.fullmatch((attachment.content_type or "").partition(";")[0].strip().lower())
    # A mail or a tree of parts travels as a file: their own types allow no encoding (RFC 2046).
    kind, subtype = said.groups() if said else ("application", "octet-stream")
    if kind in ("message", "multipart"):
        kind, subtype = "application", "octet-stream"
    name = attachment.filename or "attachment"
    mail.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=name)
