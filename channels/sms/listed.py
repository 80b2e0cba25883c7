"""Twilio's own list of messages: what a lost webhook left out, and what became of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # no types

from channels.base import Attachment, FetchFailed, Inbound, SendFailed
from channels.twilio_api import API_URL, Account

#: Messages in one answer, as many as Twilio gives.
_PAGE = 1000

#: The documented fields of the resource that are kept as the raw payload:
#: https://www.twilio.com/docs/messaging/api/message-resource#message-properties.
_FIELDS = (
    "sid account_sid messaging_service_sid direction status from_ to body num_media num_segments "
    "error_code"
).split()


def missed(account: Account, prefixes: tuple[str, ...], since: datetime) -> Iterator[Inbound]:
    """Every message that came to us since then, newest first. ``prefixes`` are how our number is
    written on the networks it is reached over. Raises FetchFailed."""
    try:
        # A messaging service has many numbers: what came to any of the account's is looked at.
        is_number = account.sender.startswith("+")
        ours = [{"to": prefix + account.sender} for prefix in prefixes] if is_number else [{}]
        for asked in ours:
            listed = account.client.messages.stream(date_sent_after=since, page_size=_PAGE, **asked)
            yield from (_inbound(account, one) for one in listed if one.direction == "inbound")
    except (SendFailed, TwilioException, ValueError, TypeError, AttributeError) as error:
        raise _failed(account, error) from None


def fate(account: Account, sid: str) -> tuple[str, str | None, bytes]:
    """The status of a message that we sent, its error code, and both as Twilio has them. Raises
    FetchFailed."""
    try:
        message = account.client.messages(sid).fetch()
        return str(message.status), _code(message), _raw(message)
    except (SendFailed, TwilioException, ValueError, TypeError, AttributeError) as error:
        raise _failed(account, error) from None


def _inbound(account: Account, message: Any) -> Inbound:
    """The message as its webhook would have said it, but for what only webhooks say: a place, the
    sender's name, and whether Twilio has obeyed a STOP."""
    sent = message.date_sent or message.date_created
    if not isinstance(sent, datetime):
        raise TypeError("a message without a date")
    return Inbound(
        external_id=message.sid,
        account=message.to if ":" in message.to else message.account_sid,
        sender=message.from_,
        text=message.body or "",
        raw=_raw(message),
        received_at=sent,
        attachments=tuple(_media(account, message)),
        hints={"reconciled": "1"},
    )


def _media(account: Account, message: Any) -> Iterator[Attachment]:
    """Its files, under the addresses that the webhook names them by."""
    if not int(message.num_media or 0):
        return
    for file in account.client.messages(message.sid).media.stream():
        address = API_URL + file.uri.removesuffix(".json")
        yield Attachment(content_type=file.content_type, reference=address)


def _code(message: Any) -> str | None:
    return str(message.error_code) if message.error_code else None


def _raw(message: Any) -> bytes:
    """What we read of it; Twilio's client does not hand out the bytes."""
    told = {name.rstrip("_"): getattr(message, name) for name in _FIELDS}
    return json.dumps(told, ensure_ascii=False).encode()


def _failed(account: Account, error: Exception) -> FetchFailed:
    if isinstance(error, SendFailed):
        return FetchFailed(error.reason, retryable=error.retryable)
    return FetchFailed(f"{account.api_url} does not answer as Twilio does", retryable=True)
