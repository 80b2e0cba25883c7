"""The mail adapter: pulls from an IMAP mailbox, answers over SMTP."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from channels.base import AddressKind, Context, FetchFailed, Inbound, Outbound, Report, SendFailed
from channels.email import imap, smtp
from channels.email.compose import compose
from channels.email.parse import parse
from channels.email.settings import MailSettings, read

#: Mails moved at once: forty times as quick as one by one.
_MOVES = 100


class Email:
    """Mail in and out for one mailbox of ours.

    A stored mail is moved in a batch with others, at the latest when ``fetch`` goes on, ``wait``
    or ``close`` is called. One that was stored and not yet moved when the process died comes
    again with the same id.
    """

    name = "email"
    addresses: AddressKind = "mail"

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._mailbox = imap.Mailbox(settings.imap)
        self._fetched: dict[bytes, list[imap.Waiting]] = defaultdict(list)
        self._stored: list[imap.Waiting] = []

    @classmethod
    def from_context(cls, context: Context) -> Email | None:
        """The adapter, or None when mail is not set up. Raises BadSetting."""
        settings = read(context.environ)
        return cls(settings) if settings else None

    @property
    def account(self) -> str:
        """Our mailbox."""
        return self._settings.address

    def fetch(self) -> Iterator[Inbound | Report]:
        """Every mail that waits in the mailbox. Raises FetchFailed when cut off."""
        self._move_stored()
        self._fetched.clear()
        for waiting in self._mailbox.read():
            # Remembered until it is moved, so without the bytes.
            self._fetched[_digest(waiting.raw)].append(replace(waiting, raw=b""))
            yield self.parse(waiting.raw, waiting.received_at)
        self._move_stored()

    def parse(self, raw: bytes, received_at: datetime) -> Inbound | Report:
        """One mail as the gateway takes it in."""
        return parse(raw, self.account, received_at, self._settings.own)

    def settle(self, inbound: Inbound | Report) -> None:
        """Move a stored mail out of the inbox, soon. Raises FetchFailed when cut off."""
        waiting = self._fetched.get(_digest(inbound.raw))
        if not waiting:
            return
        self._stored.append(waiting.pop())
        if len(self._stored) >= _MOVES:
            self._move_stored()

    def wait(self, seconds: float) -> None:
        """Return when a mail has come, or after so many seconds."""
        try:
            self._move_stored()
        except FetchFailed:
            # They come again with the next fetch, as quiet duplicates.
            self._stored.clear()
        self._mailbox.wait(seconds)

    def close(self) -> None:
        """End the connection; the next fetch opens a new one."""
        try:
            self._move_stored()
        except FetchFailed:
            self._stored.clear()
        self._mailbox.close()

    def send(self, message: Outbound) -> str:
        """Send one mail and return its Message-ID, which a second try has again."""
        settings = self._settings
        try:
            mail = compose(message, settings, datetime.now(UTC))
        except (ValueError, UnicodeError) as error:
            # EmailMessage refuses line breaks in headers; a name for the kind of error says enough.
            reason = f"not a mail that can be sent ({type(error).__name__})"
            raise SendFailed(reason, retryable=False) from None
        identifier = str(mail["Message-ID"])
        sender = settings.own.bounce_address(identifier) if settings.plus else settings.address
        smtp.deliver(settings.smtp, mail, sender, message.to)
        return identifier

    def check(self) -> str:
        """Log in to both servers. Raises SendFailed naming the one that does not let us."""
        try:
            client = imap.connect(self._settings.imap)
        except FetchFailed as error:
            raise SendFailed(error.reason, retryable=error.retryable) from None
        client.logout()
        smtp.connect(self._settings.smtp).quit()
        return f"IMAP and SMTP let us in; mail goes out as {self.account}"

    def _move_stored(self) -> None:
        if not self._stored:
            return
        stored, self._stored = self._stored, []
        for folder, whole in ((imap.PROCESSED, True), (imap.QUARANTINE, False)):
            mails = [waiting for waiting in stored if waiting.whole is whole]
            if mails:
                self._mailbox.move(mails, folder)


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
