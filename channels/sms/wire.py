"""What the providers beside Twilio share: settings, proof of a request, and how HTTP can fail."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from channels.base import BadSetting, Inbound, Outbound, SendFailed, WireRequest
from channels.client import Answer, Client, Unanswered

#: What a body with parameters calls itself.
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

_CLIENT = Client()


@dataclass(frozen=True, slots=True)
class Access:
    """The ``SMS_`` settings: where the provider is, who we are there, and how it proves itself.

    ``user`` and ``password`` are ours at the provider, ``token`` is made up by the deployment and
    given to the provider for its calls to us. ``sender`` is our number or name.
    """

    url: str
    user: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    sender: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], url: str = "") -> Self | None:
        """What the settings say, None when none is set. ``url`` is the provider's usual one.
        Raises BadSetting."""
        said = {
            name: environ.get(f"SMS_{name}", "").strip()
            for name in ("URL", "USER", "PASSWORD", "TOKEN", "SENDER")
        }
        if not any(said.values()):
            return None
        base = (said["URL"] or url).rstrip("/")
        if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
            raise BadSetting("SMS_URL", "must be the provider's address, with http:// or https://")
        for name in ("PASSWORD", "TOKEN"):
            if not said[name]:
                raise BadSetting(f"SMS_{name}", "is missing beside the other SMS_ settings")
        return cls(base, said["USER"], said["PASSWORD"], said["TOKEN"], said["SENDER"])

    def is_token(self, given: str) -> bool:
        """Whether the provider gave the token that we gave it."""
        return hmac.compare_digest(self.token.encode(), given.encode(errors="replace"))


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """Ask the provider something. Whatever it answers comes back, but that it does not answer
    is a SendFailed."""
    try:
        return _CLIENT.ask(method, url, headers, body)
    except Unanswered as silence:
        problem = "did not answer in time" if silence.slow else "cannot be reached"
        host = urlsplit(url).netloc.rpartition("@")[2]
        raise silence.failure(f"the SMS provider {problem} at {host}") from None


def refused(response: Answer) -> SendFailed:
    """What an HTTP answer that is no success means. Its body is left out: it may repeat the
    citizen's number or text."""
    status = response.status
    wait = response.headers.get("Retry-After", "")
    if status in (401, 403):
        reason = "SMS_USER or SMS_PASSWORD is wrong"
    elif status == 404:
        reason = "SMS_URL is wrong"
    elif status == 429:
        reason = "the SMS provider asks us to slow down"
    else:
        reason = "the SMS provider did not accept it"
    # What an operator can put right waits for that; a redirect is no answer of the provider's.
    later = status in (401, 403, 404, 408, 429) or not 400 <= status < 500
    return SendFailed(
        f"{reason} (it answered {status})",
        retryable=later,
        retry_after=float(wait) if wait.isdecimal() else None,
        everyone=status in (401, 403, 404, 429),
    )


def wording(message: Outbound) -> str:
    """The text with its choices below, as a phone without buttons shows them."""
    lines = [f"{value} {label}" for value, label in message.choices]
    return "\n".join([message.text, *lines])


def not_understood(request: WireRequest, raw: bytes, sender: str = "") -> Inbound:
    """What the provider really sent but its adapter cannot read: kept, for a person to see."""
    return Inbound(
        external_id=hashlib.sha256(request.path.encode() + b"\n" + raw).hexdigest(),
        account="",
        sender=sender,
        text="",
        raw=raw or b"(empty)",
        received_at=request.received_at,
        hints={"event": "not-understood"},
    )
