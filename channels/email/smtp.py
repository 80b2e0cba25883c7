"""Hand a mail to the SMTP server, and tell what may be tried again from what never will work."""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage

from channels.base import SendFailed
from channels.email.settings import Server

_TIMEOUT = 15.0
#: RFC 3463. The server's own words are left out: they often repeat the citizen's address.
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


def deliver(server: Server, mail: EmailMessage, envelope_sender: str, to: str) -> None:
    """Send one mail. Raises SendFailed: 4xx and connection trouble may be tried again, 5xx not."""
    connection = connect(server)
    try:
        connection.send_message(mail, envelope_sender, [to])
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
    context = ssl.create_default_context()
    try:
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=context)
            if server.security == "tls"
            else smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        )
    except (smtplib.SMTPException, OSError) as error:
        reason = f"{where} cannot be reached ({type(error).__name__})"
        raise SendFailed(reason, retryable=True) from None
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        _quit(connection)
        reason = f"{where} refuses the user or password ({error.smtp_code})"
        raise SendFailed(reason, retryable=True) from None
    except (smtplib.SMTPException, OSError) as error:
        _quit(connection)
        reason = f"{where} does not let us in ({type(error).__name__})"
        raise SendFailed(reason, retryable=True) from None
    return connection


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
