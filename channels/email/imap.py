"""One mailbox over IMAP: read in batches, move what is stored, wait for more."""

from __future__ import annotations

import imaplib
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from channels.base import FetchFailed
from channels.email.limits import MAX_BYTES
from channels.email.settings import Server

PROCESSED = "Processed"
#: Mails too large to read whole: their first part is registered, the mail itself waits here.
QUARANTINE = "Quarantine"

_TIMEOUT = 15.0
#: Mails and bytes asked for at once: quick for small ones, and memory stays flat for large ones.
_BATCH = 50
_BATCH_BYTES = 8 * 1024 * 1024
_FIRST_PART = 1024 * 1024
#: Between two looks at a server without IDLE, and the longest pause after failures, in seconds.
_POLL = 10.0
_LONGEST_PAUSE = 60.0
#: How long one look at an idling connection may take, so that ``stop`` is heeded soon.
_GLANCE = 1.0
#: RFC 2177: servers may end an IDLE of 30 minutes; in between a NOOP shows that we still talk.
_IDLE_LIMIT = 15 * 60.0

#: What a dying connection raises, in the order met: abort, broken pipe, refused.
TROUBLE = (IMAPClientError, OSError, ssl.SSLError, imaplib.IMAP4.error, EOFError)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail in the mailbox. ``raw`` is its start only when ``whole`` is False.

    ``uid`` means this mail while the mailbox's UIDVALIDITY is ``validity`` (RFC 3501, 2.3.1.1).
    """

    uid: int
    validity: int
    raw: bytes
    received_at: datetime
    whole: bool = True


def connect(server: Server) -> IMAPClient:
    """A connection that is logged in. Raises FetchFailed, which tells a wrong password apart."""
    where = f"IMAP server {server.host}:{server.port}"
    try:
        client = IMAPClient(
            server.host,
            server.port,
            ssl=server.security == "tls",
            ssl_context=server.tls() if server.security == "tls" else None,
            timeout=_TIMEOUT,
        )
    except TROUBLE as error:
        raise FetchFailed(_said(where, "cannot be reached", error), retryable=True) from error
    try:
        if server.security == "starttls":
            client.starttls(server.tls())
        _log_in(client, server)
    except LoginError:
        _shut(client)
        # Not retryable: the server answered, and asking again only locks the account. No cause
        # is named, for some servers repeat the command with the password in it.
        raise FetchFailed(f"{where} refuses the user or password", retryable=False) from None
    except TROUBLE as error:
        _shut(client)
        raise FetchFailed(_said(where, "broke off", error), retryable=True) from error
    return client


def _said(where: str, what: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{where} shows a certificate that is not believed ({error.verify_message})"
    return f"{where} {what} ({type(error).__name__})"


def _shut(client: IMAPClient) -> None:
    with suppress(*TROUBLE):
        client.shutdown()


def _log_in(client: IMAPClient, server: Server) -> None:
    if server.token is None:
        client.login(server.user, server.password)
    else:
        client.oauth2_login(server.user, server.token.read(server.user))


class Mailbox:
    """A mailbox that is read again and again over one connection, opened anew when it breaks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: IMAPClient | None = None
        self._highest = 0
        self._validity = 0
        self._prefix = ""
        self._failures = 0

    def read(self) -> Iterator[Sequence[Waiting]]:
        """Every mail that waits, oldest first, those together that were asked for together.
        Raises FetchFailed when cut off."""
        with self._watched():
            client = self._open()
            # A server may tell of new mail only when asked this.
            client.noop()
            uids = sorted(client.search("ALL"))
            sizes = self._sizes(client, uids)
        for batch in _batches(sizes):
            with self._watched():
                mails = self._batch(self._open(), batch)
            yield mails

    def move(self, mails: Sequence[Waiting], folder: str) -> None:
        """Move mails out of the inbox. Raises FetchFailed; one that is gone already is no fault."""
        with self._watched():
            client = self._open()
            uids = [mail.uid for mail in mails if mail.validity == self._validity]
            if not uids:
                return
            folder = self._prefix + folder
            if client.has_capability("MOVE"):
                client.move(uids, folder)
                return
            client.copy(uids, folder)
            client.delete_messages(uids, silent=True)
            if client.has_capability("UIDPLUS"):
                client.uid_expunge(uids)
            else:
                client.expunge()

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when a mail has come, after so many seconds, or soon after ``stop`` is set."""
        until = time.monotonic() + seconds
        try:
            with self._watched():
                self._listen(until, stop)
            self._failures = 0
        except FetchFailed:
            self._failures += 1
            pause = min(2.0 ** min(self._failures, 10), _LONGEST_PAUSE, until - time.monotonic())
            stop.wait(max(pause, 0))

    def close(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(*TROUBLE):
                client.logout()

    def _open(self) -> IMAPClient:
        if self._client is not None:
            return self._client
        # Kept from here on, so that a connection that breaks while it is set up is closed too.
        self._client = client = connect(self._server)
        self._prefix = _prefix(client)
        for folder in (PROCESSED, QUARANTINE):
            if not client.folder_exists(self._prefix + folder):
                client.create_folder(self._prefix + folder)
        client.normalise_times = False
        status = client.select_folder(self._server.folder)
        validity = int(status.get(b"UIDVALIDITY", 0))
        if validity != self._validity:
            self._validity = validity
            self._highest = 0
        return client

    def _watched(self) -> _Watch:
        return _Watch(self)

    def drop(self) -> None:
        """Forget a connection that is broken."""
        client, self._client = self._client, None
        if client is not None:
            _shut(client)

    @staticmethod
    def _sizes(client: IMAPClient, uids: Sequence[int]) -> list[tuple[int, int]]:
        sizes: list[tuple[int, int]] = []
        for start in range(0, len(uids), 1000):
            found = client.fetch(uids[start : start + 1000], ["RFC822.SIZE"])
            sizes += sorted((uid, int(data.get(b"RFC822.SIZE", 0))) for uid, data in found.items())
        return sizes

    def _batch(self, client: IMAPClient, batch: Sequence[tuple[int, int]]) -> list[Waiting]:
        whole = all(size <= MAX_BYTES for _, size in batch)
        part = "BODY.PEEK[]" if whole else f"BODY.PEEK[]<0.{_FIRST_PART}>"
        found = client.fetch([uid for uid, _ in batch], [part, "INTERNALDATE"])
        mails = [
            _waiting(uid, self._validity, data, whole=whole) for uid, data in sorted(found.items())
        ]
        self._highest = max([self._highest, *(uid for uid, _ in batch)])
        return mails

    def _listen(self, until: float, stop: threading.Event) -> None:
        client = self._open()
        can_idle = client.has_capability("IDLE")
        while not self._has_new(client) and not stop.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            if can_idle:
                self._idle(client, min(left, _IDLE_LIMIT), stop)
            else:
                stop.wait(min(left, _POLL))

    def _has_new(self, client: IMAPClient) -> bool:
        client.noop()
        # ``n:*`` names the last mail even when its UID is below n.
        return any(uid > self._highest for uid in client.search(["UID", f"{self._highest + 1}:*"]))

    @staticmethod
    def _idle(client: IMAPClient, seconds: float, stop: threading.Event) -> None:
        """Until the server says that a mail is there. On a dead connection ``idle_check`` answers
        nothing at once, and ``idle_done`` then raises."""
        client.idle()
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            glance = min(left, _GLANCE)
            started = time.monotonic()
            said = client.idle_check(timeout=glance)
            came_back_early = time.monotonic() - started < glance / 2
            if any(b"EXISTS" in response for response in said) or (came_back_early and not said):
                break
        client.idle_done()


class _Watch:
    """Turns what a broken connection raises into FetchFailed, and forgets the connection."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, FetchFailed):
            self._mailbox.drop()
        elif isinstance(error, TROUBLE):
            self._mailbox.drop()
            reason = f"the IMAP connection broke ({type(error).__name__})"
            raise FetchFailed(reason, retryable=True) from error


def _batches(sizes: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Mails to ask for together; one that is too large comes alone."""
    batch: list[tuple[int, int]] = []
    filled = 0
    for uid, size in sizes:
        too_large = size > MAX_BYTES
        if batch and (len(batch) >= _BATCH or filled + size > _BATCH_BYTES or too_large):
            yield batch
            batch, filled = [], 0
        batch.append((uid, size))
        filled += size
        if too_large:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch


def _prefix(client: IMAPClient) -> str:
    """What our folders' names begin with on this server, such as ``INBOX.`` (RFC 2342)."""
    if not client.has_capability("NAMESPACE"):
        return ""
    personal = client.namespace().personal
    return str(personal[0][0] or "") if personal else ""


def _waiting(uid: int, validity: int, data: dict[bytes, Any], *, whole: bool) -> Waiting:
    raw = next((value for key, value in data.items() if key.startswith(b"BODY[]")), b"") or b""
    received = data.get(b"INTERNALDATE")
    aware = isinstance(received, datetime) and received.tzinfo is not None
    return Waiting(
        uid=uid,
        validity=validity,
        raw=raw,
        received_at=received.astimezone(UTC) if aware and received else datetime.now(UTC),
        whole=whole,
    )
