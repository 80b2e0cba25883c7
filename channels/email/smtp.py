"""Hand a mail to the SMTP server, and tell what may be tried again from what never will work."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from channels.base import SendFailed
from channels.email.settings import Server

_TIMEOUT = 15.0
#: What a connection carries before it is closed: servers count, and some allow a hundred.
_MAILS = 50
#: After so many seconds a connection may have been cut without our hearing of it.
_IDLE = 10.0
_TAKEN = (250, 251)
#: RFC 3463. The server's own words are left out: they often repeat the citizen's address.
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


class Courier:
    """Hands mails over, and keeps connections open for the next: making one costs as much as a
    mail. Any number of threads may send at once, each on a connection of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._kept: list[_Kept] = []

    def deliver(self, mail: bytes, envelope_sender: str, to: str) -> None:
        """Send one mail. Raises SendFailed: 4xx and connection trouble may be tried again, 5xx
        not."""
        kept = self._begun(len(mail), envelope_sender, to)
        with _talking(kept.connection):
            _expect_yes(*kept.connection.docmd("RCPT", f"TO:<{to}>"))
            _expect_yes(*kept.connection.data(mail))
        kept.mails, kept.used = kept.mails + 1, monotonic()
        self._kept.append(kept)

    def close(self) -> None:
        """Take leave of the server."""
        while self._kept:
            _quit(self._kept.pop().connection)

    def _begun(self, size: int, envelope_sender: str, to: str) -> _Kept:
        """A connection on which a mail from this sender may go on. One that was kept and is not
        any good any more has carried nothing of it: a new one takes its place."""
        if kept := self._still_good():
            with suppress(smtplib.SMTPException, OSError):
                if _begin(kept.connection, envelope_sender, size, to)[0] in _TAKEN:
                    return kept
            _quit(kept.connection)
        kept = _Kept(connect(self._server))
        with _talking(kept.connection):
            _expect_yes(*_begin(kept.connection, envelope_sender, size, to))
        return kept

    def _still_good(self) -> _Kept | None:
        """The one used last; older ones are let go of."""
        with suppress(IndexError):
            while kept := self._kept.pop():
                if kept.mails < _MAILS and monotonic() - kept.used < _IDLE:
                    return kept
                _quit(kept.connection)
        return None


class _Kept:
    """A connection, how many mails it carried, and when it carried the last."""

    __slots__ = ("connection", "mails", "used")

    def __init__(self, connection: smtplib.SMTP) -> None:
        self.connection, self.mails, self.used = connection, 0, monotonic()


@contextmanager
def _talking(connection: smtplib.SMTP) -> Iterator[None]:
    """Raises SendFailed where the server refuses what it is told, or the connection breaks; no such
    connection is kept."""
    try:
        yield
    except smtplib.SMTPDataError as error:
        _quit(connection)
        raise _refused(error.smtp_code, _bytes(error.smtp_error)) from None
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        # Perhaps it was taken all the same: the next try carries the same Message-ID.
        raise SendFailed(f"SMTP: broke off ({type(error).__name__})", retryable=True) from None


def _expect_yes(code: int, said: bytes) -> None:
    if code not in _TAKEN:
        raise smtplib.SMTPDataError(code, said)


def _begin(connection: smtplib.SMTP, sender: str, size: int, to: str) -> tuple[int, bytes]:
    """What the server says to a mail from this sender. Addresses are written as they are: the
    library would take each apart first. Raises SendFailed: one beyond ASCII needs a server that
    says it takes such (RFC 6531)."""
    options = f" SIZE={size}" if connection.has_extn("size") else ""
    if not to.isascii():
        if not connection.has_extn("smtputf8"):
            _quit(connection)
            raise SendFailed("SMTP: the server takes no such address", retryable=False)
        connection.command_encoding = "utf-8"
        options += " SMTPUTF8 BODY=8BITMIME"
    return connection.docmd("MAIL", f"FROM:<{sender}>{options}")


def connect(server: Server) -> smtplib.SMTP:
    """A connection that is logged in. Raises SendFailed, always retryable and for everyone: it is
    no mail's fault."""
    where = f"SMTP server {server.host}:{server.port}"
    try:
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=server.tls())
            if server.security == "tls"
            else smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        )
    except ssl.SSLCertVerificationError as error:
        raise _unbelieved(where, error) from None
    except (smtplib.SMTPException, OSError) as error:
        reason = f"{where} cannot be reached ({type(error).__name__})"
        raise SendFailed(reason, retryable=True, everyone=True) from None
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            connection.starttls(context=server.tls())
        _log_in(connection, server)
        # After STARTTLS the server knows nobody any more.
        connection.ehlo_or_helo_if_needed()
    except ssl.SSLCertVerificationError as error:
        _quit(connection)
        raise _unbelieved(where, error) from None
    except smtplib.SMTPAuthenticationError as error:
        _quit(connection)
        reason = f"{where} refuses the user or password ({error.smtp_code})"
        raise SendFailed(reason, retryable=True, everyone=True) from None
    except (smtplib.SMTPException, OSError) as error:
        _quit(connection)
        reason = f"{where} does not let us in ({type(error).__name__})"
        raise SendFailed(reason, retryable=True, everyone=True) from None
    return connection


def _log_in(connection: smtplib.SMTP, server: Server) -> None:
    if server.token is None:
        if server.user:
            connection.login(server.user, server.password)
        return
    said = f"user={server.user}\1auth=Bearer {server.token.read(server.user)}\1\1"

    def answer(challenge: bytes | None = None, /) -> str:
        # The server explains a failure in a challenge, and wants an empty line to give its code.
        return "" if challenge else said

    connection.auth("XOAUTH2", answer)


def _unbelieved(where: str, error: ssl.SSLCertVerificationError) -> SendFailed:
    reason = f"{where} shows a certificate that is not believed ({error.verify_message})"
    return SendFailed(reason, retryable=True, everyone=True)


def _quit(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _bytes(said: bytes | str) -> bytes:
    return said.encode() if isinstance(said, str) else said


def _refused(code: int, said: bytes) -> SendFailed:
    enhanced = _ENHANCED.search(said)
    reason = f"SMTP {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    # RFC 4954: 530, 534, 535 and 538 speak of our login, not of the citizen's mailbox.
    return SendFailed(reason, retryable=code < 500 or code in (530, 534, 535, 538))
