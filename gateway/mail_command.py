"""One mail on standard input to one JSON line: ``python -m gateway normalize email``."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from channels.base import Attachment
from channels.email.reading import read
from normalizer.language import detect
from normalizer.mail_text import visible
from normalizer.text import clean, one_line


def normalize_email(raw: bytes) -> str:
    """What Guichet reads in a mail, as one line of JSON. Total: it raises for no input.

    ``from`` is a mailbox or null, ``to`` a list of them. ``auto`` says that it must not be
    answered, ``bounce`` that it reports a failed delivery; ``reason`` tells why for either.
    """
    mail = read(raw)
    new, full = visible(mail.text, mail.is_html)
    text = clean(new)
    subject = one_line(mail.subject) if mail.subject is not None else None
    bounced = mail.bounce is not None and mail.bounce.outcome != "delivered"
    said: dict[str, Any] = {
        "from": mail.sender.address if mail.sender else None,
        "from_name": (mail.sender.name if mail.sender else "") or None,
        "to": [mailbox.address for mailbox in mail.to],
        "subject": subject,
        "text": text,
        "full_text": clean(full),
        "attachments": [_described(attachment) for attachment in mail.attachments],
        "auto": mail.auto is not None,
        "bounce": bounced,
        "reason": mail.auto or mail.problem,
        "message_id": mail.message_id,
        "in_reply_to": next(iter(mail.in_reply_to), None),
        "references": list(mail.references),
        "language": detect(text or (subject or "")).tag,
    }
    return json.dumps(said, ensure_ascii=False)


def _described(attachment: Attachment) -> dict[str, Any]:
    content = attachment.content or b""
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
