"""Twilio's REST API as documented, its way to sign webhooks, and its ways to fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from channels.base import WireRequest
from tests.fakes.server import Answer, Asked, FakeProvider, in_json
from tests.harness import post_form
from tests.servers.service import PATIENCE

SID = "AC0123456789abcdef0123456789abcdef"
TOKEN = "5ecret0f7wili0000000000000000000"
FROM = "+15005550006"

#: The sentences of https://www.twilio.com/docs/api/errors, with the citizen's number in them as
#: Twilio writes it, so that tests see whether we repeat it anywhere.
ERRORS: Mapping[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient {to}"),
    21614: (400, "To number: {to}, is not a mobile number"),
    63016: (400, "Failed to send freeform message because you are outside the allowed window."),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}


def refusal(code: int, to: str = "") -> Answer:
    """Twilio's answer of one error code."""
    status, message = ERRORS[code]
    about = {
        "code": code,
        "message": message.format(to=to),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return in_json(status, about)


def signature(url: str, fields: Iterable[tuple[str, str]], token: str = TOKEN) -> str:
    """X-Twilio-Signature, from the text of https://www.twilio.com/docs/usage/security and not
    from the library whose check it is to pass."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed(url: str, fields: Mapping[str, str], token: str = TOKEN) -> WireRequest:
    """A webhook of Twilio's to ``url``, as an adapter sees it."""
    headers = {"X-Twilio-Signature": signature(url, fields.items(), token)}
    return post_form(url, fields.items(), headers)


class FakeTwilio(FakeProvider):
    """One account. ``media`` maps paths to files, as recordings and MMS pictures are kept."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__(host)
        self.messages: list[dict[str, str]] = []
        #: The texts that came from citizens, as their webhooks say them.
        self.received: list[dict[str, str]] = []
        self._at: dict[str, datetime] = {}
        #: What became of our messages, where it is not just ``sent``: status and error code.
        self.fates: dict[str, tuple[str, int | None]] = {}
        #: As many messages as one answer lists at most.
        self.page_size = 1000
        self.calls: list[dict[str, str]] = []
        self.media: dict[str, Answer] = {}

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead an adapter here."""
        return {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": FROM,
            "TWILIO_API_URL": self.url,
        }

    def respond(self, asked: Asked) -> Answer:
        given = asked.headers.get("authorization", "")
        if given != "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode():
            return refusal(20003)
        account = f"/2010-04-01/Accounts/{SID}"
        match asked.method, asked.path.removeprefix(account):
            case "POST", "/Messages.json":
                return self._message(dict(asked.form))
            case "GET", "/Messages.json":
                return self._list(dict(parse_qsl(asked.query)))
            case "GET", path if found := re.fullmatch(r"/Messages/(\w+)(/Media)?\.json", path):
                return self._one(found[1], media=bool(found[2]))
            case "POST", "/Calls.json":
                return self._call(dict(asked.form))
            case "GET", ".json":
                return in_json(200, {"sid": SID, "friendly_name": "Guichet", "status": "active"})
        return self.media.get(asked.path, refusal(20404))

    def _message(self, form: dict[str, str]) -> Answer:
        code = _objection(form)
        if code:
            return refusal(code, form.get("To", ""))
        self.messages.append(form)
        sid = f"SM{len(self.messages):032x}"
        return in_json(201, {"sid": sid, "status": "queued", "to": form["To"]})

    def keep(self, form: Mapping[str, str], at: datetime | None = None) -> None:
        """A citizen's text reaches Twilio, whatever becomes of its webhook."""
        self.received.append(dict(form))
        self._at[form["MessageSid"]] = at or datetime.now(UTC)

    def _list(self, asked: dict[str, str]) -> Answer:
        """Newest first, by pages; https://www.twilio.com/docs/messaging/api/message-resource."""
        since = datetime.fromisoformat(asked.get("DateSent>", "2000-01-01T00:00:00Z"))
        found = [
            one
            for one in map(self.told, self._sids())
            if asked.get("To", one["to"]) == one["to"]
            and parsedate_to_datetime(one["date_sent"]) >= since
        ]
        found.sort(key=lambda one: parsedate_to_datetime(one["date_sent"]), reverse=True)
        size, page = int(asked.get("PageSize", 50)), int(asked.get("Page", 0))
        size = min(size, self.page_size)
        end = (page + 1) * size
        more = urlencode({**asked, "Page": page + 1, "PageToken": f"PA{page + 1}"})
        path = f"/2010-04-01/Accounts/{SID}/Messages.json"
        return in_json(
            200,
            {
                "messages": found[page * size : end],
                "page": page,
                "page_size": size,
                "next_page_uri": f"{path}?{more}" if end < len(found) else None,
            },
        )

    def _one(self, sid: str, *, media: bool) -> Answer:
        if sid not in self._sids():
            return refusal(20404)
        if not media:
            return in_json(200, self.told(sid))
        said = next(one for one in self.received if one["MessageSid"] == sid)
        count = int(said.get("NumMedia", 0))
        files = [
            {
                "sid": said[f"MediaUrl{n}"].rpartition("/")[2],
                "parent_sid": sid,
                "account_sid": SID,
                "content_type": said[f"MediaContentType{n}"],
                "uri": urlsplit(said[f"MediaUrl{n}"]).path + ".json",
            }
            for n in range(count)
        ]
        return in_json(200, {"media_list": files, "page": 0, "next_page_uri": None})

    def _sids(self) -> list[str]:
        ours = [f"SM{n:032x}" for n in range(1, len(self.messages) + 1)]
        return [*(one["MessageSid"] for one in self.received), *ours]

    def told(self, sid: str) -> dict[str, Any]:
        """A message as the Messages resource tells of it."""
        said = next((one for one in self.received if one["MessageSid"] == sid), None)
        form = said or self.messages[int(sid[2:], 16) - 1]
        at = format_datetime(self._at.get(sid) or datetime.now(UTC))
        return {
            "sid": sid,
            "account_sid": SID,
            "from": form.get("From"),
            "to": form["To"],
            "body": form["Body"],
            "direction": "inbound" if said else "outbound-api",
            "status": "received" if said else self.fates.get(sid, ("sent", None))[0],
            "error_code": None if said else self.fates.get(sid, ("sent", None))[1],
            "num_media": form.get("NumMedia", "0"),
            "date_created": at,
            "date_sent": at,
            "messaging_service_sid": None,
        }

    def _call(self, form: dict[str, str]) -> Answer:
        if not form.get("To", "").startswith("+"):
            return refusal(21211, form.get("To", ""))
        self.calls.append(form)
        sid = f"CA{len(self.calls):032x}"
        return in_json(201, {"sid": sid, "status": "queued", "to": form["To"]})

    def post(self, url: str, fields: Mapping[str, str], signed_url: str | None = None) -> int:
        """Call a webhook as Twilio does, and return the HTTP status it answered. ``signed_url``
        is the address as Twilio knows it, when ``url`` is another way to the same server."""
        headers = {"X-Twilio-Signature": signature(signed_url or url, fields.items())}
        request = Request(url, urlencode(fields).encode(), headers)
        try:
            with urlopen(request, timeout=PATIENCE) as response:
                return int(response.status)
        except HTTPError as error:
            return error.code


def _objection(form: Mapping[str, str]) -> int | None:
    """The code of the first thing that Twilio would find wrong with a message."""
    to = form.get("To", "").removeprefix("whatsapp:")
    if not to:
        return 21604
    if not (to.startswith("+") and to[1:].isdecimal() and len(to) > 6):
        return 21211
    if not (form.get("From") or form.get("MessagingServiceSid")):
        return 21603
    if not form.get("Body"):
        return 21602
    return 21617 if len(form["Body"]) > 1600 else None


@cache
def openapi() -> dict[str, Any] | None:
    """Twilio's own OpenAPI document, when a folder beside the checkout has it as
    ``specs/twilio_api_v2010.json``."""
    beside = Path(__file__).resolve().parents[3]
    found = next(beside.glob("*/specs/twilio_api_v2010.json"), None)
    return json.loads(found.read_text()) if found else None


def violations(asked: Asked, document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a request by the OpenAPI document: an unknown path, an unknown
    parameter, a missing one, or one that repeats but is no list."""
    path = asked.path.replace(SID, "{AccountSid}")
    path = re.sub(r"/Messages/\w+\.json", "/Messages/{Sid}.json", path)
    path = re.sub(r"/Messages/\w+/", "/Messages/{MessageSid}/", path)
    operation = document["paths"].get(path, {}).get(asked.method.lower())
    if operation is None:
        return [f"no operation {asked.method} {path}"]
    if asked.method == "GET":
        known = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        return [f"{name} is unknown" for name, _ in parse_qsl(asked.query) if name not in known]
    body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    names = [name for name, _ in asked.form]
    wrong = [f"{name} is missing" for name in body["required"] if name not in names]
    for name in sorted(set(names)):
        known = body["properties"].get(name)
        if known is None:
            wrong.append(f"{name} is unknown")
        elif names.count(name) > 1 and known["type"] != "array":
            wrong.append(f"{name} repeats")
    return wrong
