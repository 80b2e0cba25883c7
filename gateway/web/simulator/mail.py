"""The simulated mail service: citizens write over IMAP's side of it, we answer over SMTP."""

from __future__ import annotations

import asyncio
import email.policy
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from gateway.web.simulator.imap import ImapServer
from gateway.web.simulator.journal import File, Journal
from gateway.web.simulator.people import Person, by_mailbox
from gateway.web.simulator.wire import Wire

#: Of a domain that exists nowhere (RFC 2606).
ADDRESS = "guichet@plaintes.example"
#: The largest mail taken, in bytes.
LIMIT = 32 * 1024 * 1024
#: So much of a mail's text goes to the page.
SHOWN = 20_000


class Mail:
    """An IMAP server with our mailbox and an SMTP server for our answers, both on loopback."""

    def __init__(self, wire: Wire, journal: Journal) -> None:
        self.password = secrets.token_hex(12)
        self._wire = wire
        self.journal = journal
        self._loop = asyncio.new_event_loop()
        self._imap = ImapServer("guichet", self.password)
        self._smtp_port = 0
        self._thread = threading.Thread(target=self._run, name="simulator-mail", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        """Listen on ephemeral ports of 127.0.0.1; returns when ready."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def environ(self) -> dict[str, str]:
        """The settings that connect the email channel to these servers."""
        return {
            "IMAP_URL": f"imap://guichet:{self.password}@127.0.0.1:{self._imap.port}/INBOX",
            "SMTP_URL": f"smtp://127.0.0.1:{self._smtp_port}",
            "EMAIL_ADDRESS": ADDRESS,
        }

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._imap.listen())
        sink = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(
                    Sink(self._wire, self.journal),
                    hostname="simulator.invalid",
                    ident="Guichet simulator",
                    data_size_limit=LIMIT,
                    enable_SMTPUTF8=True,
                    loop=self._loop,
                ),
                "127.0.0.1",
                0,
            )
        )
        self._smtp_port = sink.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            sink.close()
            self._loop.run_until_complete(self._imap.close())
            self._loop.close()

    def send(
        self,
        sender: Person,
        subject: str,
        text: str,
        files: Sequence[File] = (),
        *,
        to: str = "",
        in_reply_to: str = "",
        references: str = "",
    ) -> None:
        """A person writes us a mail, or answers one of ours at the address that it names."""
        message = EmailMessage(policy=email.policy.SMTP)
        # Words of a visitor: a line break in a header is the one thing they may not hold.
        message["Subject"] = " ".join(subject.split())
        message["From"] = formataddr((sender.name, sender.mailbox))
        message["To"] = " ".join(to.split()) or ADDRESS
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain="mail.example.org")
        if in_reply_to:
            message["In-Reply-To"] = " ".join(in_reply_to.split())
            message["References"] = " ".join(f"{references} {in_reply_to}".split())
        message.set_content(text)
        for file in files:
            main, _, sub = file.content_type.partition("/")
            message.add_attachment(file.content, main, sub or "octet-stream", filename=file.name)
        raw = message.as_bytes()
        self.journal.add("mail", sender, by="citizen", **shown(raw, self.journal))
        self._loop.call_soon_threadsafe(self._imap.deliver, raw)
        self._wire.note(
            "mail",
            sender,
            "A mail lies in our mailbox",
            sent="the gateway waits in IMAP IDLE, and hears of it",
            body=raw.decode("utf-8", "replace"),
        )


class Sink:
    """Takes every mail for the people's mailboxes, as aiosmtpd hands it over."""

    def __init__(self, wire: Wire, journal: Journal) -> None:
        self._wire = wire
        self._journal = journal

    async def handle_DATA(  # noqa: N802  # aiosmtpd calls it by this name
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        """Put the mail into the mailboxes of its recipients."""
        raw = bytes(envelope.original_content or b"")
        for recipient in envelope.rcpt_tos:
            owner = by_mailbox(recipient)
            self._journal.add("mail", owner, by="gateway", **shown(raw, self._journal))
            self._wire.note(
                "mail",
                owner,
                "The gateway sends a mail",
                sent=f"MAIL FROM:<{envelope.mail_from or ''}>\nRCPT TO:<{recipient}>\nDATA",
                body=raw.decode("utf-8", "replace"),
                answered="250 OK",
                outward=True,
            )
        return "250 OK"


def shown(raw: bytes, journal: Journal) -> dict[str, Any]:
    """What the page shows of a mail."""
    message = BytesParser(policy=email.policy.default).parsebytes(raw)
    body = message.get_body(("plain", "html"))
    return {
        "subject": str(message["Subject"] or ""),
        "from": str(message["From"] or ""),
        "to": str(message["To"] or ""),
        "reply_to": str(message["Reply-To"] or message["From"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "references": str(message["References"] or ""),
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": str(body.get_content())[:SHOWN] if body is not None else "",
        "files": [
            {"name": part.get_filename() or "", "key": journal.keep(_file(part))}
            for part in message.iter_attachments()
        ],
    }


def _file(part: EmailMessage) -> File:
    content = part.get_payload(decode=True)
    return File(
        part.get_filename() or "file",
        part.get_content_type(),
        content if isinstance(content, bytes) else b"",
    )
