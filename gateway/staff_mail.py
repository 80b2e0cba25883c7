"""Mail to the staff: plain, signed like all our mail, and never answered into a case."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from channels.base import SendFailed
from channels.email.settings import read
from channels.email.sign import signed
from channels.email.smtp import Courier


def send(environ: Mapping[str, str], to: str, subject: str, text: str, now: datetime) -> None:
    """Send one mail. Raises SendFailed, not retryable where no mail is set up."""
    settings = read(environ)
    if settings is None:
        raise SendFailed("mail is not set up", retryable=False)
    domain = settings.address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(settings.name, addr_spec=settings.address)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid("staff", domain)
    # Neither an out-of-office nor a bounce comes back (RFC 3834, RFC 5321 4.5.5).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(text, cte="quoted-printable")
    with closing(Courier(settings.smtp)) as courier:
        courier.deliver(signed(bytes(mail), domain, settings.dkim), "", to)
