"""Delivery reports, with structure (RFC 3464) and without, and which message of ours they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Literal

from channels.email import headers, parts
from channels.email.automatic import is_daemon
from channels.email.own import OwnIds

Outcome = Literal["failed", "delayed", "delivered"]

#: Most is said at the start; a returned mail of 20 MB follows.
_READ = 200_000
_ACTIONS: dict[str, Outcome] = {
    "failed": "failed",
    "failure": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"\b([45]\d\d)[ -]")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
#: How mail systems without structure begin the subject.
_SUBJECT = re.compile(
    r"\s*(?:undeliver(?:ed|able|y)|undelivered mail|mail delivery fail|failure notice|returned mail"
    r"|delivery status notification|delivery (?:has )?fail|delivery notification|delivery failure"
    r"|mail (?:system )?(?:error|failure)"
    r"|message (?:undeliverable|could not be delivered|not deliver)"
    r"|non[- ]?deliver|mail could not be delivered|warning: (?:message|could not send)|delayed mail"
    r"|could not deliver|unable to deliver|permanent delivery failure|rejected mail|nondeliverable"
    r"|user unknown|mailbox (?:full|unavailable)|error sending|bounced? (?:mail|message)|dsn:"
    r"|(?:message )?non remis|[ée]chec (?:de|d')|non[- ]distribu|courrier non|avis de non-remise"
    r"|unzustellbar|nicht zustellbar|no se (?:ha )?(?:podido|puede) entregar|no entregado"
    r"|mancato recapito|onbestelbaar|não entregue|تعذر التسليم|لم يتم التسليم|غير قابل للتسليم)",
    re.IGNORECASE,
)
#: What they write into the text.
_TEXT = re.compile(
    r"\b[45]\.\d{1,3}\.\d{1,3}\b|\b5[05]\d[ -]|this is the qmail-send program"
    r"|(?:could|can) ?not be delivered|was not delivered|undeliverable"
    r"|delivery (?:to|has) .{0,80}fail"
    r"|(?:user|recipient|address|mailbox|account)s? (?:is )?"
    r"(?:unknown|unavailable|not found|rejected|does not exist|disabled|full|inactive)"
    r"|unknown (?:user|recipient)|no such (?:user|mailbox)"
    r"|over quota|permanent (?:fatal )?error|did not reach the following|unrouteable"
    r"|n'a pas pu être|n.existe pas|could not deliver",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says. ``code`` is an RFC 3463 status or an SMTP reply code."""

    outcome: Outcome
    code: str | None
    structured: bool


def read(message: Message, text: str) -> Bounce | None:
    """The delivery report that this mail is, or None. ``text`` is its readable text."""
    if bounce := _structured(message):
        return bounce
    text = text[:4000]
    subject = bool(_SUBJECT.match(headers.text(message, "subject") or ""))
    said = bool(_TEXT.search(text))
    failed = headers.raw(message, "x-failed-recipients") is not None
    # Two signs at least: people forward bounces to us, and complain about mail that failed.
    if (is_daemon(message) and (subject or said)) or (failed and (subject or said)):
        return Bounce("failed", _code(text), structured=False)
    if subject and said and not headers.message_ids(message, "references"):
        return Bounce("failed", _code(text), structured=False)
    return None


def subject_of(message: Message, own: OwnIds) -> str | None:
    """The Message-ID of ours that a delivery report is about, proved by our signature."""
    for name in ("to", "delivered-to", "x-original-to", "envelope-to"):
        for mailbox in headers.mailboxes(message, name):
            if found := own.message_id_in(mailbox.address):
                return found
    for name in ("in-reply-to", "references", "x-failed-message-id"):
        for identifier in headers.message_ids(message, name):
            if own.is_own_message_id(identifier):
                return identifier
    for part in parts.leaves(message):
        said = parts.content(part)[:_READ].decode("ascii", "replace")
        if found := own.message_id_anywhere(said):
            return found
    return None


def _structured(message: Message) -> Bounce | None:
    for part in parts.leaves(message):
        if parts.content_type(part) in (
            "message/delivery-status",
            "message/global-delivery-status",
        ):
            return _delivery_status(parts.content(part)[:_READ])
    return None


def _delivery_status(data: bytes) -> Bounce | None:
    """The worst that any recipient's block says (RFC 3464, 2.3)."""
    found: list[Bounce] = []
    for block in _BLANK_LINE.split(data.decode("latin-1").strip()):
        fields = HeaderParser().parsestr(block.strip())
        action = (headers.text(fields, "action") or "").partition(" ")[0].strip(";,").lower()
        status = headers.text(fields, "status") or ""
        outcome = _ACTIONS.get(action) or ("failed" if status.startswith("5") else None)
        if outcome:
            diagnosis = headers.text(fields, "diagnostic-code") or ""
            code = _code(status) or _code(diagnosis)
            found.append(Bounce(outcome, code, structured=True))
    order: tuple[Outcome, ...] = ("failed", "delayed", "delivered")
    return min(found, key=lambda bounce: order.index(bounce.outcome), default=None)


def _code(text: str) -> str | None:
    found = _STATUS.search(text) or _REPLY_CODE.search(text)
    return found[1] if found else None
