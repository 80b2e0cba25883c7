"""Twilio's side of a text message: its signed webhooks and what its Messages API answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.request_validator import (  # type: ignore[import-untyped]  # publishes no types
    RequestValidator,
)

from gateway.segments import measure
from gateway.web.simulator.journal import Journal
from gateway.web.simulator.people import Person, by_phone
from gateway.web.simulator.twiml import NotTwiml, messages_in
from gateway.web.simulator.wire import Unreachable, Wire

VERSION = "2010-04-01"
#: Our number at the simulated provider; of a range that Morocco's regulator has not handed out.
NUMBER = "+212500002265"
#: A text takes a moment to be sent, and another to arrive. In seconds.
TRAVEL = 0.7


def sid(prefix: str) -> str:
    """An identifier as Twilio makes them: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


class Account:
    """The one account at the simulated provider, its token, and how it signs.

    ``seed`` is 64 secret hex digits that credentials are made of.
    """

    def __init__(self, seed: str, wire: Wire) -> None:
        self.sid = f"AC{seed[:32]}"
        self.token = seed[32:]
        self.number = NUMBER
        self._wire = wire
        self._validator = RequestValidator(self.token)

    def call_back(
        self,
        device: str,
        person: Person | None,
        title: str,
        url: str,
        fields: Mapping[str, str],
        method: str = "POST",
    ) -> requests.Response:
        """Call a webhook with Twilio's signature. Raises Unreachable."""
        if method == "GET":
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
        signature = self._validator.compute_signature(url, {} if method == "GET" else dict(fields))
        return self._wire.send(
            device,
            person,
            title,
            url,
            method=method,
            form=None if method == "GET" else fields,
            headers={
                "User-Agent": "TwilioProxy/1.1",
                "X-Twilio-Signature": signature,
                "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            },
        )


class Texts:
    """Short messages, both ways."""

    def __init__(self, account: Account, wire: Wire, journal: Journal) -> None:
        self._account = account
        self._wire = wire
        self._journal = journal

    def send(self, sender: Person, text: str) -> None:
        """A citizen texts us."""
        message = sid("SM")
        self._journal.add("sms", sender, by="citizen", sid=message, text=text)
        fields = {
            "ToCountry": "MA",
            "SmsMessageSid": message,
            "NumMedia": "0",
            "SmsSid": message,
            "SmsStatus": "received",
            "Body": text,
            "To": self._account.number,
            "NumSegments": str(measure(text).segments),
            "MessageSid": message,
            "AccountSid": self._account.sid,
            "From": sender.phone,
            "ApiVersion": VERSION,
        }
        url = f"{self._wire.public_url}/hooks/sms"
        try:
            response = self._account.call_back("sms", sender, "A text arrives", url, fields)
            answers = messages_in(response.content) if response.ok else []
        except (Unreachable, NotTwiml) as failed:
            self._journal.add("sms-status", sender, sid=message, status=f"failed: {failed}")
            return
        status = "received" if response.ok else f"failed: HTTP {response.status_code}"
        self._journal.add("sms-status", sender, sid=message, status=status)
        for answer in answers:
            self._journal.add("sms", sender, by="gateway", sid=sid("SM"), text=answer)

    def create(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Take a message of ours, as ``POST Messages.json`` does; it arrives a moment later."""
        message, to = sid("SM"), fields["To"]
        owner = by_phone(to)
        self._journal.add(
            "sms", owner, by="gateway", sid=message, text=fields["Body"], status="queued", to=to
        )
        if url := fields.get("StatusCallback"):
            self._report_later(message, to, owner, url, ("sent", "delivered"))
        return {
            "account_sid": self._account.sid,
            "api_version": VERSION,
            "body": fields["Body"],
            "date_created": formatdate(),
            "date_sent": None,
            "date_updated": formatdate(),
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": fields.get("From"),
            "messaging_service_sid": fields.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": str(measure(fields["Body"]).segments),
            "price": None,
            "price_unit": "USD",
            "sid": message,
            "status": "queued",
            "subresource_uris": {},
            "to": to,
            "uri": f"/{VERSION}/Accounts/{self._account.sid}/Messages/{message}.json",
        }

    def _report_later(
        self, message: str, to: str, owner: Person | None, url: str, statuses: tuple[str, ...]
    ) -> None:
        timer = threading.Timer(TRAVEL, self._report, (message, to, owner, url, statuses))
        timer.daemon = True
        timer.start()

    def _report(
        self, message: str, to: str, owner: Person | None, url: str, statuses: tuple[str, ...]
    ) -> None:
        status, *rest = statuses
        fields = {
            "SmsSid": message,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": to,
            "MessageSid": message,
            "AccountSid": self._account.sid,
            "From": self._account.number,
            "ApiVersion": VERSION,
        }
        self._journal.add("sms-status", owner, sid=message, status=status)
        try:
            self._account.call_back("sms", owner, f"Delivery report: {status}", url, fields)
        except Unreachable as failed:
            self._journal.add("sms-status", owner, sid=message, status=f"unreported: {failed}")
            return
        if rest:
            self._report_later(message, to, owner, url, tuple(rest))
