"""The mail channel: IMAP in, SMTP out."""

from channels.email.adapter import Email

__all__ = ["Email"]
