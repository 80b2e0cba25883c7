"""SMS, MMS and WhatsApp through Twilio's Programmable Messaging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Self

from channels.base import (
    AddressKind,
    Attachment,
    Context,
    DeliveryStatus,
    Inbound,
    Location,
    Outbound,
    Receipt,
    Reply,
    Report,
    WireRequest,
)
from channels.sms.listed import fate, missed
from channels.sms.several import Several
from channels.sms.wire import wording
from channels.twilio_api import Account, not_understood, raw
from channels.twilio_media import download

#: https://www.twilio.com/docs/messaging/api/message-resource#message-status-values. None: true,
#: but no news for anyone; a message is only called sent when it has left Twilio.
STATUSES: Mapping[str, DeliveryStatus | None] = {
    "accepted": None,
    "scheduled": None,
    "queued": None,
    "sending": None,
    "sent": "sent",
    "delivered": "delivered",
    # Some parts of a long text arrived. Nobody can tell which, so it is not called delivered.
    "partially_delivered": "sent",
    # WhatsApp only, and it may come without a "delivered" before it.
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
    # These two are said of the citizens' messages, and only where an account asks for it.
    "receiving": None,
    "received": None,
}

#: How Twilio writes a number that is reached over WhatsApp.
WHATSAPP = "whatsapp:"

#: The recipient said STOP to this number (https://www.twilio.com/docs/api/errors/21610).
OPTED_OUT = "21610"


class Twilio(Several):
    """The ``sms`` channel at Twilio."""

    name = "sms"
    addresses: AddressKind = "tel"
    speaks_number = False

    def __init__(self, account: Account, public_url: str) -> None:
        self._account = account
        self._status_url = f"{public_url}/hooks/sms/status"

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        account = Account.from_environ(context.environ)
        return cls(account, context.public_url).paced(context.environ) if account else None

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        fields = self._account.fields(request)
        sid = fields.get("MessageSid") or fields.get("SmsSid")
        if sid and request.path == "":
            return [self._message(request, fields, sid)]
        status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        if sid and request.path == "/status" and status in STATUSES:
            return self._report(request, fields, sid, STATUSES[status])
        return [not_understood(request, fields, self._account.sid)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """Nothing to say here: the acknowledgement is a message of its own, so that it is kept,
        tried again and reported on like every other."""
        return Reply(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")

    def send(self, message: Outbound) -> str:
        sender, to = self._account.sender, message.to
        if message.account.startswith(WHATSAPP):
            # What came over WhatsApp is answered there, by the number that it came to.
            to, via = WHATSAPP + to, {"From": message.account}
        elif sender.startswith("MG"):
            via = {"MessagingServiceSid": sender}
        else:
            via = {"From": sender}
        body = wording(message)
        return self._account.post(
            "Messages", {"To": to, **via, "Body": body, "StatusCallback": self._status_url}
        )

    def check(self) -> str:
        return self._account.check()

    def download(self, attachment: Attachment, limit: int) -> bytes:
        return download(self._account, attachment.reference or "", limit)

    def missed(self, since: datetime) -> Iterator[Inbound]:
        """What came by SMS, and over WhatsApp to the same number."""
        return missed(self._account, ("", WHATSAPP), since)

    def report(self, provider_id: str) -> Report | None:
        said, code, raw = fate(self._account, provider_id)
        status = STATUSES.get(said)
        if status is None:
            return None
        return Report(provider_id, self._account.sid, status, raw, code, code == OPTED_OUT)

    def _message(self, request: WireRequest, fields: Mapping[str, str], sid: str) -> Inbound:
        """https://www.twilio.com/docs/messaging/guides/webhook-request. ``opt_out`` is added to
        the hints as STOP, START or HELP when Twilio itself has acted on that word."""
        opt_out = fields.get("OptOutType")
        return Inbound(
            external_id=sid,
            account=self._reached(fields),
            # WhatsApp's "whatsapp:+212…" too: what is one person is the normalizer's to decide.
            sender=fields.get("From", ""),
            text=fields.get("Body", ""),
            raw=raw(request),
            received_at=request.received_at,
            sender_name=fields.get("ProfileName"),
            attachments=tuple(_media(fields)),
            location=_location(fields),
            hints={"opt_out": opt_out} if opt_out else {},
        )

    def _reached(self, fields: Mapping[str, str]) -> str:
        """Which of ours the citizen wrote to: the account, or our WhatsApp number."""
        to = fields.get("To", "")
        return to if to.startswith(WHATSAPP) else fields.get("AccountSid", self._account.sid)

    def _report(
        self,
        request: WireRequest,
        fields: Mapping[str, str],
        sid: str,
        status: DeliveryStatus | None,
    ) -> Sequence[Report]:
        if status is None:
            return []
        code = fields.get("ErrorCode") or None
        return [
            Report(
                provider_id=sid,
                account=fields.get("AccountSid", self._account.sid),
                status=status,
                raw=raw(request),
                code=code,
                opted_out=code == OPTED_OUT,
            )
        ]


def _media(fields: Mapping[str, str]) -> Iterator[Attachment]:
    for n in count():
        url = fields.get(f"MediaUrl{n}")
        if not url:
            return
        yield Attachment(content_type=fields.get(f"MediaContentType{n}"), reference=url)


def _location(fields: Mapping[str, str]) -> Location | None:
    """The point that a WhatsApp message carries, None when it carries none on this globe."""
    try:
        latitude, longitude = float(fields["Latitude"]), float(fields["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(latitude, longitude, fields.get("Label") or fields.get("Address"))
