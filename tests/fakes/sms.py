"""SMS providers other than Twilio, as their documents say: Kannel's sendsms and two HTTP APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.fakes.server import Answer, Asked, FakeProvider, in_json

USER, PASSWORD, TOKEN, SENDER = "guichet", "s3cret-password", "s3cret-token", "5757"


class FakeSms(FakeProvider):
    """What all of them share: our credentials, and the texts that were taken."""

    provider: str
    path = ""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Mapping[str, str]] = []

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead an adapter here."""
        return {
            "SMS_PROVIDER": self.provider,
            "SMS_URL": self.url + self.path,
            "SMS_USER": USER,
            "SMS_PASSWORD": PASSWORD,
            "SMS_TOKEN": TOKEN,
            "SMS_SENDER": SENDER,
        }

    def texts(self) -> list[str]:
        """What was sent to citizens."""
        return [one["text"] for one in self.taken]


class FakeKannel(FakeSms):
    """The smsbox of Kannel 1.4.5: password first, then the receiver."""

    provider = "kannel"
    path = "/cgi-bin/sendsms"

    def respond(self, asked: Asked) -> Answer:
        said = {
            name.removeprefix("x-kannel-"): value
            for name, value in asked.headers.items()
            if name.startswith("x-kannel-")
        }
        if (said.get("username"), said.get("password")) != (USER, PASSWORD):
            return Answer(403, b"Authorization failed for sendsms")
        if not said.get("to"):
            return Answer(400, b"Missing receiver(s) number(s), rejected")
        self.taken.append({**said, "text": asked.body.decode()})
        return Answer(202, b"0: Accepted for delivery")


class FakeAfricasTalking(FakeSms):
    """https://developers.africastalking.com/docs/sms/sending/bulk."""

    provider = "africastalking"

    def respond(self, asked: Asked) -> Answer:
        if asked.headers.get("apikey") != PASSWORD:
            return Answer(401, b"The supplied authentication is invalid", "text/plain")
        if asked.method == "GET":
            return in_json(200, {"UserData": {"balance": "KES 1785.50"}})
        form = dict(asked.form)
        self.taken.append({**form, "text": form["message"]})
        return self.outcome(101, f"ATXid_{len(self.taken)}")

    @staticmethod
    def outcome(code: int, message_id: str = "None") -> Answer:
        """The answer that gives a message this status code."""
        recipient = {"statusCode": code, "messageId": message_id, "number": "+212612345678"}
        return in_json(201, {"SMSMessageData": {"Message": "Sent", "Recipients": [recipient]}})


class FakeInfobip(FakeSms):
    """https://www.infobip.com/docs/api/channels/sms."""

    provider = "infobip"

    def respond(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"App {PASSWORD}":
            return in_json(401, {"requestError": {"serviceException": {"text": "Invalid login"}}})
        if asked.method == "GET":
            return in_json(200, {"balance": 47.79, "currency": "EUR"})
        (message,) = json.loads(asked.body)["messages"]
        self.taken.append(
            {
                "text": message["content"]["text"],
                "to": message["destinations"][0]["to"],
                "report": message["webhooks"]["delivery"]["url"],
            }
        )
        return self.outcome("PENDING", f"m{len(self.taken)}")

    @staticmethod
    def outcome(group: str, message_id: str = "m0") -> Answer:
        """The answer that gives a message a status of this group."""
        message = {"messageId": message_id, "status": {"groupName": group}, "destination": "2126"}
        return in_json(200, {"bulkId": "b1", "messages": [message]})
