"""One mail's bytes to what it says: sender, text, files, and whether a machine wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from channels.base import Attachment
from channels.email import automatic, bounces, headers, parts
from channels.email.authenticity import results
from channels.email.charset import decode
from channels.email.headers import Mailbox
from channels.email.limits import HEAD_END, MAX_BYTES, CappedPolicy, too_costly
from channels.email.own import OwnIds

#: How much of a mail that cannot be taken apart is shown as its text.
_HOPELESS_TEXT = 64 * 1024
_HEADER_BLOCK = 64 * 1024
_POLICY = CappedPolicy()


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says.

    ``message_id`` keeps its angle brackets and is None when the sender's program gave none.
    ``addressees`` are the mailboxes it was sent or delivered to, ``auto`` is why it must not be
    answered, ``about`` the Message-ID of ours that a delivery report means, ``number`` the case
    that one of its addresses carries with our signature, ``authenticity`` what our own mail
    server found out about the sender. ``problem`` says why it could not be
    taken apart; its text is then as far as readable and the whole mail its one attachment.
    """

    message_id: str | None
    digest: str
    sender: Mailbox | None
    reply_to: Mailbox | None
    to: tuple[Mailbox, ...]
    addressees: tuple[str, ...]
    subject: str | None
    text: str
    is_html: bool
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    auto: str | None
    bounce: bounces.Bounce | None
    about: str | None
    number: str | None
    authenticity: str = ""
    problem: str | None = None


def read(raw: bytes, own: OwnIds | None = None, authserv: str = "") -> Mail:
    """Read a mail. Pure, and total: it raises for no input.

    ``own`` recognises our addresses and Message-IDs; without it none are. ``authserv`` is our own
    mail server's name in Authentication-Results; without it none are believed.
    """
    problem = too_costly(raw)
    if problem is None:
        try:
            message = BytesParser(policy=_POLICY).parsebytes(raw)
            mail = _mail(message, parts.read(message), raw, own)
            return replace(mail, authenticity=results(message, authserv)) if authserv else mail
        except RecursionError:
            problem = "depth"
        except Exception as error:  # noqa: BLE001  # a bug in any parser must not cost a complaint
            problem = type(error).__name__
    return _hopeless(raw, own, problem)


def _hopeless(raw: bytes, own: OwnIds | None, problem: str) -> Mail:
    """Headers and the first text as far as readable, and the mail itself as a file."""
    end = HEAD_END.search(raw)
    head = raw[: min(end.start() if end else len(raw), _HEADER_BLOCK)]
    message = BytesHeaderParser(policy=_POLICY).parsebytes(head + b"\n\n")
    body = raw[end.end() : end.end() + _HOPELESS_TEXT] if end else b""
    text = parts.Body("plain", headers.scrub(decode(body)).replace("\r", ""))
    whole = Attachment(
        filename="message.eml", content_type="message/rfc822", content=raw[:MAX_BYTES]
    )
    return _mail(message, parts.Contents(text, (whole,)), raw, own, problem)


def _mail(
    message: Message,
    contents: parts.Contents,
    raw: bytes,
    own: OwnIds | None,
    problem: str | None = None,
) -> Mail:
    addressees = _addressees(message)
    bounce = bounces.read(message, contents.body.text)
    auto = automatic.reason(message, own)
    return Mail(
        message_id=next(iter(headers.message_ids(message, "message-id")), None),
        digest=hashlib.sha256(raw).hexdigest(),
        sender=_sender(message),
        reply_to=next(iter(headers.mailboxes(message, "reply-to")), None),
        to=headers.mailboxes(message, "to"),
        addressees=addressees,
        subject=headers.text(message, "subject"),
        text=contents.body.text,
        is_html=contents.body.kind == "html",
        in_reply_to=headers.message_ids(message, "in-reply-to"),
        references=headers.message_ids(message, "references"),
        attachments=contents.attachments,
        auto=auto or ("delivery-report" if bounce else None),
        bounce=bounce,
        about=bounces.subject_of(message, own) if bounce and own else None,
        number=_number(addressees, own),
        problem=problem,
    )


def _sender(message: Message) -> Mailbox | None:
    """From, or what else names somebody when it does not."""
    for name in ("from", "sender", "reply-to", "return-path"):
        for mailbox in headers.mailboxes(message, name):
            return mailbox
    return None


def _addressees(message: Message) -> tuple[str, ...]:
    found = (
        mailbox.address
        for name in ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to")
        for mailbox in headers.mailboxes(message, name)
    )
    return tuple(dict.fromkeys(found))


def _number(addressees: tuple[str, ...], own: OwnIds | None) -> str | None:
    if own is None:
        return None
    found = (own.number_in(address) for address in addressees)
    return next((number for number in found if number), None)
