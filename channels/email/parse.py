"""A mail as the gateway takes it in: an ``Inbound``, or the ``Report`` on one that we sent."""

from __future__ import annotations

import hashlib
from datetime import datetime

from channels.base import Inbound, Report
from channels.email.own import OwnIds
from channels.email.reading import Mail, read

#: References may be hundreds; the latest are what a mail answers.
_MAX_REFERENCES = 50
#: Hex digits of the digest in an id: enough among the mails that share a Message-ID.
_DIGITS = 16


def parse(
    raw: bytes,
    account: str,
    received_at: datetime,
    own: OwnIds | None = None,
    authserv: str = "",
) -> Inbound | Report:
    """Read one mail. Pure, and total: it raises for no input.

    A delivery report about a message that carries our signature becomes a Report, so that nobody
    can mark a message as failed by guessing. Any other mail is an Inbound. One hint is mail's own,
    beside those in channels/base.py: ``authenticity`` (what our mail server, named ``authserv``,
    found out about the sender: ``spf=pass dkim=pass dmarc=pass``).
    """
    mail = read(raw, own, authserv)
    if mail.bounce and mail.about and mail.bounce.outcome != "delayed":
        return Report(
            provider_id=mail.about,
            account=account,
            status="failed" if mail.bounce.outcome == "failed" else "delivered",
            raw=raw,
            code=mail.bounce.code,
        )
    return Inbound(
        external_id=external_id(mail),
        account=account,
        sender=mail.sender.address if mail.sender else "",
        sender_name=(mail.sender.name if mail.sender else "") or None,
        subject=mail.subject,
        text=mail.text,
        raw=raw,
        received_at=received_at,
        in_reply_to=_in_reply_to(mail),
        attachments=mail.attachments,
        hints=_hints(mail),
    )


def external_id(mail: Mail) -> str:
    """Its Message-ID with a digest of what it says, or the hash of all its bytes.

    The same mail fetched again, or from another of our mailboxes, has the same: its way there
    does not count. Mailers that use a Message-ID twice, by mistake or to hide a mail behind
    another, do not make two mails one.
    """
    if mail.message_id is None:
        return f"sha256:{mail.digest}"
    said = hashlib.sha256()
    for piece in (mail.sender.address if mail.sender else "", mail.subject or "", mail.text):
        said.update(hashlib.sha256(piece.encode("utf-8", "replace")).digest())
    for file in mail.attachments:
        said.update(hashlib.sha256(file.content or b"").digest())
    return f"{mail.message_id}#{said.hexdigest()[:_DIGITS]}"


def _in_reply_to(mail: Mail) -> tuple[str, ...]:
    """What the mail answers, nearest last."""
    ids = (*mail.references[-_MAX_REFERENCES:], *mail.in_reply_to[:_MAX_REFERENCES])
    return tuple(dict.fromkeys(reversed(ids)))[::-1]


def _hints(mail: Mail) -> dict[str, str]:
    hints = {"text_format": "html" if mail.is_html else "plain"}
    if mail.message_id:
        hints["message_id"] = mail.message_id
    if mail.authenticity:
        hints["authenticity"] = mail.authenticity
    if mail.auto:
        hints["auto"] = mail.auto
    if mail.bounce and mail.bounce.outcome != "delivered":
        hints["bounce"] = " ".join(filter(None, (mail.bounce.outcome, mail.bounce.code)))
    if mail.number:
        hints["thread"] = mail.number
    if mail.problem:
        hints["problem"] = mail.problem
    if mail.reply_to and not mail.auto and mail.sender and mail.reply_to != mail.sender:
        hints["reply_mail"] = mail.reply_to.address
    return hints
