"""Hand a mail to the SMTP server, and tell what may be tried again from what never will work."""

from __future__ import annotations

import re
import smtplib
import ssl

from channels.base import SendFailed
from channels.email.settings import Server

_TIMEOUT = 15.0
#: RFC 3463. The server's own words are left out: they often repeat the citizen's address.
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


def deliver(server: Server, mail: bytes, envelope_sender: str, to: str) -> None:
    """Send one mail. Raises SendFailed: 4xx and connection trouble may be tried again, 5xx not."""
    connection = connect(server)
    try:
        # RFC 6531: an address beyond ASCII needs a server that says it takes such.
        options = () if to.isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        if options and not connection.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError
        connection.sendmail(envelope_sender, [to], mail, options)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refused(code, said) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise SendFailed("SMTP: the server takes no such address", retryable=False) from None
    except (smtplib.SMTPException, OSError) as error:
        # Perhaps it was taken all the same: the next try carries the same Message-ID.
        raise SendFailed(f"SMTP: broke off ({type(error).__name__})", retryable=True) from None
    finally:
        _quit(connection)


def connect(server: Server) -> smtplib.SMTP:
    """A connection that is logged in. Raises SendFailed, always retryable: the fault is ours."""
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
        raise SendFailed(reason, retryable=True) from None
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            connection.starttls(context=server.tls())
        _log_in(connection, server)
    except ssl.SSLCertVerificationError as error:
        _quit(connection)
        raise _unbelieved(where, error) from None
    except smtplib.SMTPAuthenticationError as error:
        _quit(connection)
        reason = f"{where} refuses the user or password ({error.smtp_code})"
        raise SendFailed(reason, retryable=True) from None
    except (smtplib.SMTPException, OSError) as error:
        _quit(connection)
        reason = f"{where} does not let us in ({type(error).__name__})"
        raise SendFailed(reason, retryable=True) from None
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
    return SendFailed(reason, retryable=True)


def _quit(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()


def _refused(code: int, said: bytes | str) -> SendFailed:
    enhanced = _ENHANCED.search(said.encode() if isinstance(said, str) else said)
    reason = f"SMTP {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    # RFC 4954: 530, 534, 535 and 538 speak of our login, not of the citizen's mailbox.
    return SendFailed(reason, retryable=code < 500 or code in (530, 534, 535, 538))
