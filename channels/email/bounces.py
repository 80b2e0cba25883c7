"""Delivery reports, with structure (RFC 3464) and without, and which message of ours they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Literal

from channels.email import bounce_words as words
from channels.email import headers, parts
from channels.email.automatic import (
    SUBJECT_OF_ABSENCE,
    has_null_sender,
    is_named_daemon,
    reason,
)
from channels.email.own import OwnIds

Outcome = Literal["failed", "delayed", "delivered"]

#: Most is said at the start; a returned mail of 20 MB follows.
_READ = 200_000
_SHOWN = 8_000
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
_TAG = re.compile(r"<(?:[a-z/!][^<>@]{0,500})>", re.IGNORECASE)
#: Parts that bring back what was sent.
_RETURNED_TYPES = ("message/rfc822", "text/rfc822-headers", "message/partial", "message/global")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says. ``code`` is an RFC 3463 status or an SMTP reply code."""

    outcome: Outcome
    code: str | None


def read(message: Message, text: str) -> Bounce | None:
    """The delivery report that this mail is, or None. ``text`` is its readable text."""
    if bounce := _structured(message):
        return bounce
    text = _TAG.sub(" ", text[:_SHOWN])
    if _is_bounce(message, text):
        return Bounce("failed", _code(text))
    return None


def _is_bounce(message: Message, text: str) -> bool:
    """Whether two signs agree: people forward bounces to us, and complain of mail that failed."""
    title = headers.text(message, "subject") or ""
    if SUBJECT_OF_ABSENCE.match(title) or parts.report_type(message) == "feedback-report":
        return False
    subject = bool(words.SUBJECT.match(title))

    # Looked for where it counts: hardly any mail is a bounce, and a text may be long.
    def said() -> bool:
        return bool(words.TEXT.search(text))

    def returned() -> bool:
        return _brings_back(message, text)

    if headers.raw(message, "x-failed-recipients") is not None:
        return subject or said() or returned()
    if is_named_daemon(message) or parts.report_type(message) == "delivery-status":
        return subject or said() or returned()
    if has_null_sender(message) and subject:
        return True
    # An empty envelope alone is no sign: autoresponders have one too.
    if has_null_sender(message) or _is_named_system(message):
        return said() and (subject or returned())
    if not subject or headers.message_ids(message, "references") or not said():
        return False
    proof = "@" in text and bool(words.PROOF.search(text))
    return proof or returned() or reason(message) is not None


def _is_named_system(message: Message) -> bool:
    return any(words.SYSTEM.search(sender) for sender in headers.raws(message, "from"))


def _brings_back(message: Message, text: str) -> bool:
    if any(parts.content_type(part) in _RETURNED_TYPES for part in parts.leaves(message)):
        return True
    return bool(words.RETURNED.search(text))


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
        if parts.content_type(part) in _STATUS_TYPES:
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
            found.append(Bounce(outcome, code))
    order: tuple[Outcome, ...] = ("failed", "delayed", "delivered")
    return min(found, key=lambda bounce: order.index(bounce.outcome), default=None)


def _code(text: str) -> str | None:
    found = _STATUS.search(text) or _REPLY_CODE.search(text)
    return found[1] if found else None
