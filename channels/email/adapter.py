"""The mail adapter: pulls from IMAP mailboxes, answers over SMTP."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from channels.base import (
    AddressKind,
    Context,
    Done,
    FetchFailed,
    Inbound,
    Outbound,
    Rate,
    Report,
    SendFailed,
)
from channels.email import imap, smtp
from channels.email.compose import compose
from channels.email.parse import parse
from channels.email.settings import MailSettings, read
from channels.email.sign import signed
from channels.together import Together

#: Mails moved at once: forty times as quick as one by one.
_MOVES = 100


class Email:
    """Mail in and out for one address of ours, read from one or more mailboxes.

    A stored mail is moved in a batch with others, at the latest when ``fetch`` goes on, ``wait``
    or ``close`` is called. One that was stored and not yet moved when the process died comes
    again with the same id; so does a mail that reached two of our mailboxes.
    """

    name = "email"
    addresses: AddressKind = "mail"
    #: As many as there are: a mail server makes a line of its own.
    rate: Rate | None = None

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._courier = smtp.Courier(settings.smtp)
        self._together = Together(settings.at_once)
        self._desks = [_Desk(imap.Mailbox(server)) for server in settings.mailboxes]
        self._stop = threading.Event()

    @classmethod
    def from_context(cls, context: Context) -> Email | None:
        """The adapter, or None when mail is not set up. Raises BadSetting."""
        settings = read(context.environ)
        return cls(settings) if settings else None

    @property
    def account(self) -> str:
        """Our address, whichever mailbox a mail came to."""
        return self._settings.address

    def fetch(self) -> Iterator[Inbound | Report]:
        """Every mail that waits in any mailbox. Raises FetchFailed when one cut us off, once the
        others are read."""
        for mails in self.fetch_together():
            yield from mails

    def fetch_together(self) -> Iterator[Sequence[Inbound | Report]]:
        """The same, as ``PulledTogether`` says."""
        failed: FetchFailed | None = None
        for desk in self._desks:
            try:
                for mails in desk.read():
                    yield [self.parse(one.raw, one.received_at) for one in mails]
            except FetchFailed as error:
                failed = failed or error
        if failed:
            raise failed

    def parse(self, raw: bytes, received_at: datetime) -> Inbound | Report:
        """One mail as the gateway takes it in."""
        settings = self._settings
        return parse(raw, self.account, received_at, settings.own, settings.authserv)

    def settle(self, inbound: Inbound | Report) -> None:
        """Move a stored mail out of the inbox, soon. Raises FetchFailed when cut off."""
        for desk in self._desks:
            if desk.settle(_digest(inbound.raw)):
                return

    def wait(self, seconds: float) -> None:
        """Return when a mail has come to any mailbox, or after so many seconds."""
        stop = threading.Event()
        first, *others = self._desks
        threads = [
            threading.Thread(target=desk.wait, args=(seconds, stop), daemon=True) for desk in others
        ]
        for thread in threads:
            thread.start()
        first.wait(seconds, stop)
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """End the connections and any wait; the next fetch opens new ones."""
        self._stop.set()
        for desk in self._desks:
            desk.close()
        self._courier.close()

    def send(self, message: Outbound) -> str:
        """Send one mail and return its Message-ID, which a second try has again."""
        settings = self._settings
        identifier = settings.own.message_id(message.id, message.number)
        try:
            mail = compose(message, settings, datetime.now(UTC))
        except (ValueError, UnicodeError) as error:
            # A header with a line break; a name for the kind of error says enough.
            reason = f"not a mail that can be sent ({type(error).__name__})"
            raise SendFailed(reason, retryable=False) from None
        sender = settings.own.bounce_address(identifier) if settings.plus else settings.address
        mail = signed(mail, settings.own.domain, settings.dkim)
        self._courier.deliver(mail, sender, message.to)
        return identifier

    def rate_to(self, address: str) -> None:
        """A mailbox takes as many as there are."""

    def send_many(
        self, messages: Sequence[Outbound], done: Done, waits: Sequence[float] = ()
    ) -> None:
        """As ``SendsMany`` says."""
        self._together.send(messages, self.send, done, waits)

    def check(self) -> str:
        """Log in to both servers. Raises SendFailed naming the one that does not let us."""
        for server in self._settings.mailboxes:
            try:
                imap.connect(server).logout()
            except FetchFailed as error:
                raise SendFailed(error.reason, retryable=error.retryable) from None
        smtp.connect(self._settings.smtp).quit()
        return f"IMAP and SMTP let us in; mail goes out as {self.account}"


class _Desk:
    """One mailbox with what was fetched from it and what of that is stored."""

    def __init__(self, mailbox: imap.Mailbox) -> None:
        self._mailbox = mailbox
        self._fetched: dict[bytes, list[imap.Waiting]] = defaultdict(list)
        self._stored: list[imap.Waiting] = []

    def read(self) -> Iterator[Sequence[imap.Waiting]]:
        self._move_stored()
        self._fetched.clear()
        for mails in self._mailbox.read():
            for waiting in mails:
                # Remembered until it is moved, so without the bytes.
                self._fetched[_digest(waiting.raw)].append(replace(waiting, raw=b""))
            yield mails
        self._move_stored()

    def settle(self, digest: bytes) -> bool:
        """Whether it was fetched from here; it is moved soon then."""
        waiting = self._fetched.get(digest)
        if not waiting:
            return False
        self._stored.append(waiting.pop())
        if not waiting:
            del self._fetched[digest]
        if len(self._stored) >= _MOVES:
            self._move_stored()
        return True

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """``stop`` is set on return, so that the waits at other mailboxes end too."""
        try:
            self._try_to_move_stored()
            self._mailbox.wait(seconds, stop)
        finally:
            stop.set()

    def close(self) -> None:
        self._try_to_move_stored()
        self._mailbox.close()

    def _try_to_move_stored(self) -> None:
        try:
            self._move_stored()
        except FetchFailed:
            # They come again with the next fetch, as quiet duplicates.
            self._stored.clear()

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
