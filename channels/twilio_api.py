"""What SMS and voice share of Twilio: its settings, signatures, REST client and error codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # no types
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # no types
from twilio.request_validator import (  # type: ignore[import-untyped]  # publishes no types
    add_port,
    get_signature_algorithm,
    remove_port,
)
from twilio.rest import Client  # type: ignore[import-untyped]  # publishes no types
from urllib3.util import make_headers

from channels.base import BadSetting, Inbound, Rejected, SendFailed, WireRequest
from channels.client import Client as Http
from channels.client import Unanswered

#: Where Twilio's REST API is, unless TWILIO_API_URL says otherwise.
API_URL = "https://api.twilio.com"

#: How webhooks are signed: the legacy way, and with a shared key.
_DIGESTS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

#: Seconds to wait for a connection, and again for each piece of an answer.
TIMEOUT = 10.0

# The client's own log of every request and header is noise beside the gateway's.
_QUIET = logging.getLogger("channels.twilio_api.client")
_QUIET.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one of Twilio's error codes means to us."""

    reason: str
    retryable: bool = False
    opted_out: bool = False
    everyone: bool = False


#: https://www.twilio.com/docs/api/errors. What an operator can put right is retryable: the
#: citizen's message waits until the setting is mended, and is not lost for our mistake.
CODES: Mapping[int, Refusal] = {
    20003: Refusal(
        "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is wrong", retryable=True, everyone=True
    ),
    # The test credentials of Twilio's console can send, but not read the account.
    20008: Refusal("these are Twilio's test credentials", retryable=True),
    20429: Refusal("Twilio asks us to slow down", retryable=True, everyone=True),
    21210: Refusal("TWILIO_FROM may not call: it is not verified", retryable=True),
    21211: Refusal("this is not a phone number"),
    21212: Refusal("TWILIO_FROM is not a valid sender", retryable=True),
    21214: Refusal("this number cannot be called"),
    21215: Refusal("calls to this country are switched off in Twilio's console", retryable=True),
    21217: Refusal("this is not a phone number"),
    21408: Refusal("SMS to this country is switched off in Twilio's console", retryable=True),
    21602: Refusal("the text is empty"),
    21606: Refusal("TWILIO_FROM is not a sender of this account", retryable=True),
    21608: Refusal("a trial account reaches verified numbers only"),
    21609: Refusal("PUBLIC_URL is not an address that Twilio can call", retryable=True),
    21610: Refusal("this number asked to get no more messages", opted_out=True),
    21611: Refusal("too many messages wait at Twilio for this sender", retryable=True),
    21612: Refusal("no SMS goes from our number to this one"),
    21614: Refusal("this number is not a mobile phone"),
    21617: Refusal("the text is longer than 1600 characters"),
    63003: Refusal("this number is not on WhatsApp"),
    63018: Refusal("too many messages go over WhatsApp at once", retryable=True),
    63024: Refusal("this number is not on WhatsApp"),
    # WhatsApp: 24 hours after the citizen's last message only templates may be sent.
    63016: Refusal("the citizen's last WhatsApp message is over 24 hours old"),
}

#: For answers without a code that we know, by HTTP status.
STATUSES: Mapping[int, Refusal] = {
    401: CODES[20003],
    403: CODES[20003],
    404: Refusal("TWILIO_ACCOUNT_SID or TWILIO_API_URL is wrong", retryable=True, everyone=True),
    429: CODES[20429],
}


def failure(status: int, headers: Mapping[str, str], body: str) -> SendFailed:
    """What an HTTP answer of ``status`` means. Twilio's own sentence is left out: it may repeat
    the citizen's number."""
    try:
        code = int(json.loads(body)["code"])
    except (ValueError, TypeError, LookupError):
        code = None
    # A redirect too is for now: it is no answer of Twilio's, but of something before it.
    theirs = not 400 <= status < 500
    fallback = STATUSES.get(status, Refusal("Twilio did not accept it", retryable=theirs))
    known = CODES.get(code, fallback) if code else fallback
    wait = headers.get("Retry-After", "")
    return SendFailed(
        f"{known.reason} (Twilio answered {code or status})",
        retryable=known.retryable,
        retry_after=float(wait) if wait.isdecimal() else None,
        opted_out=known.opted_out,
        everyone=known.everyone,
    )


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the library publishes no types
    """Twilio's HTTP client, towards TWILIO_API_URL, failing with our own error."""

    def __init__(self, account: Account) -> None:
        super().__init__(timeout=account.timeout, logger=_QUIET)
        self._account = account

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            response = super().request(method, self._account.moved(url), *args, **kwargs)
        except requests.RequestException as error:
            # The library's error is left out of the chain: it may hold the request's body.
            slow = isinstance(error, requests.Timeout)
            problem = "did not answer in time" if slow else "cannot be reached"
            raise SendFailed(
                f"Twilio {problem} at {self._account.api_url}", retryable=True
            ) from None
        if not 200 <= response.status_code < 300:
            raise failure(response.status_code, response.headers, response.text)
        return response


@dataclass(frozen=True)
class Account:
    """One Twilio account: who may call us, and how we call it.

    Every one of ``tokens`` is accepted in signatures, so that a token can be exchanged without a
    pause; the first is used to send. ``timeout`` is in seconds.
    """

    sid: str
    tokens: tuple[str, ...] = field(repr=False)
    sender: str
    api_url: str = API_URL
    timeout: float = TIMEOUT

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """The account that the settings name, None when they name none. Raises BadSetting."""
        names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
        sid, tokens, sender = (environ.get(name, "").strip() for name in names)
        if not sid and not tokens:
            return None
        for name, value in zip(names, (sid, tokens.strip(", "), sender), strict=True):
            if not value:
                raise BadSetting(name, "is missing beside the other TWILIO_ settings")
        if not sid.startswith("AC"):
            raise BadSetting("TWILIO_ACCOUNT_SID", "must be the account's own, which begins AC")
        api_url = environ.get("TWILIO_API_URL", "").strip().rstrip("/") or API_URL
        if urlsplit(api_url).scheme not in ("http", "https") or not urlsplit(api_url).hostname:
            raise BadSetting("TWILIO_API_URL", "must be an address such as https://api.twilio.com")
        listed = tuple(token.strip() for token in tokens.split(",") if token.strip())
        return cls(sid, listed, sender, api_url)

    @cached_property
    def client(self) -> Any:
        """Twilio's own REST client. All that it is asked fails with SendFailed."""
        return Client(self.sid, self.tokens[0], http_client=_Http(self))

    def moved(self, url: str) -> str:
        """A URL of Twilio's REST API, moved to where TWILIO_API_URL says that it is."""
        if not url.startswith(API_URL + "/"):
            return url
        base, parts = urlsplit(self.api_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))

    def fields(self, request: WireRequest) -> dict[str, str]:
        """What Twilio says in ``request``; Rejected when it was not Twilio that said it.

        https://www.twilio.com/docs/usage/security: the signature covers the URL and the form, or
        for another body the URL, which then carries the body's hash.
        """
        given = request.headers.get("x-twilio-signature", "").encode(errors="replace")
        if not any(hmac.compare_digest(good, given) for good in self._signatures(request)):
            raise Rejected("the signature is not Twilio's")
        if request.body and not request.form:
            said = dict(request.query).get("bodySHA256", "")
            digest = hashlib.sha256(request.body).hexdigest()
            if not hmac.compare_digest(digest.encode(), said.encode(errors="replace")):
                raise Rejected("the signature does not cover the body")
        # A webhook that the console sets to GET has its parameters in the URL.
        return dict(request.form or request.query)

    def _signatures(self, request: WireRequest) -> Iterator[bytes]:
        """Every signature that would be right, one per token and spelling of the URL's port."""
        # The library's own check does the same and costs four times as much; a test compares.
        settings = request.headers.get("x-twilio-webhooks-signature-settings")
        try:
            digest = _DIGESTS[get_signature_algorithm(settings).upper()]
            said = "".join(name + value for name, value in sorted(set(request.form))).encode()
            for url in _spellings(request.url):
                for token in self.tokens:
                    signed = hmac.digest(token.encode(), url.encode() + said, digest)
                    yield base64.b64encode(signed)
        except (LookupError, ValueError):
            # An algorithm that nobody knows, or half a surrogate pair: nothing Twilio sends.
            return

    def post(self, resource: str, fields: Mapping[str, str]) -> str:
        """Make one of ``resource``, and return its SID. Raises SendFailed.

        What the library's client does for each message costs more than all else we do for it.
        """
        url = f"{self.api_url}/2010-04-01/Accounts/{self.sid}/{resource}.json"
        try:
            answer = self._asking.ask("POST", url, self._headers, _form(fields))
        except Unanswered as silence:
            problem = "did not answer in time" if silence.slow else "cannot be reached"
            raise silence.failure(f"Twilio {problem} at {self.api_url}") from None
        if not 200 <= answer.status < 300:
            raise failure(answer.status, answer.headers, answer.data.decode(errors="replace"))
        try:
            sid = json.loads(answer.data)["sid"]
        except (ValueError, TypeError, LookupError):
            sid = None
        if not (sid and isinstance(sid, str)):
            raise SendFailed(f"{self.api_url} does not answer as Twilio does", retryable=True)
        return sid

    @cached_property
    def _asking(self) -> Http:
        return Http(self.timeout)

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        return {
            **make_headers(basic_auth=f"{self.sid}:{self.tokens[0]}"),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    def created(self, create: Callable[..., Any], **parameters: Any) -> str:
        """Have the client ``create`` a resource, and return its SID. Raises SendFailed."""
        try:
            sid = create(**parameters).sid
        except (TwilioException, ValueError, TypeError, AttributeError):
            sid = None
        if not sid:
            raise SendFailed(f"{self.api_url} does not answer as Twilio does", retryable=True)
        return str(sid)

    def check(self) -> str:
        """Whether the credentials work, in one line. Raises SendFailed."""
        try:
            status = self.client.api.v2010.accounts(self.sid).fetch().status
        except (TwilioException, ValueError, TypeError, AttributeError):
            status = None
        if status != "active":
            raise SendFailed(f"the Twilio account is {status or 'unreadable'}", retryable=True)
        return "Twilio accepts our credentials and the account is active"


def _form(fields: Mapping[str, str]) -> bytes:
    """Fields as a form, whose names are plain ones. Values are written in hexadecimals as a whole:
    the library looks at every byte, which takes four times as long."""
    return "&".join(f"{name}={_quoted(value)}" for name, value in fields.items()).encode()


def _quoted(value: str) -> str:
    return value and "%" + value.encode().hex("%").upper()


def _spellings(url: str) -> Iterator[str]:
    """An address as it is, then with its port and without: Twilio signs one of them."""
    yield url
    parts = urlsplit(url)
    yield add_port(parts)
    yield remove_port(parts)


def not_understood(request: WireRequest, fields: Mapping[str, str], account: str) -> Inbound:
    """What Twilio really sent but this adapter cannot read: kept, for a person to look at."""
    return Inbound(
        external_id=hashlib.sha256(request.url.encode() + b"\n" + request.body).hexdigest(),
        account=fields.get("AccountSid", account),
        sender=fields.get("From", ""),
        text=fields.get("Body", ""),
        raw=raw(request),
        received_at=request.received_at,
        hints={"event": "not-understood"},
    )


def raw(request: WireRequest) -> bytes:
    """The payload byte for byte: the body, or the URL when the parameters are in there."""
    return request.body or request.url.encode()
