"""A mail as the gateway takes it in: an ``Inbound``, or the ``Report`` on one that we sent."""

from __future__ import annotations

from datetime import datetime

from channels.base import Inbound, Report
from channels.email.own import OwnIds
from channels.email.reading import Mail, read

#: References may be hundreds; the latest are what a mail answers.
_MAX_REFERENCES = 50


def parse(
    raw: bytes, account: str, received_at: datetime, own: OwnIds | None = None
) -> Inbound | Report:
    """Read one mail. Pure, and total: it raises for no input.

    A delivery report about a message that carries our signature becomes a Report, so that nobody
    can mark a message as failed by guessing. Any other mail is an Inbound. Hints of its own, beside
    those in channels/base.py: ``text_format`` (``plain`` or ``html``), ``thread`` (the number in
    the reply address it was sent to) and ``problem`` (why it could not be taken apart).
    """
    mail = read(raw, own)
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
    """Its Message-ID, or the hash of all its bytes: the same mail fetched again has the same."""
    return mail.message_id or f"sha256:{mail.digest}"


def _in_reply_to(mail: Mail) -> tuple[str, ...]:
    """What the mail answers, nearest last."""
    ids = (*mail.references[-_MAX_REFERENCES:], *mail.in_reply_to[:_MAX_REFERENCES])
    return tuple(dict.fromkeys(reversed(ids)))[::-1]


def _hints(mail: Mail) -> dict[str, str]:
    hints = {"text_format": "html" if mail.is_html else "plain"}
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
