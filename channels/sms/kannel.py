"""SMS through Kannel, the open-source gateway that operators and aggregators run over SMPP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.base import (
    AddressKind,
    Context,
    DeliveryStatus,
    Inbound,
    Outbound,
    Receipt,
    Rejected,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)
from channels.client import Answer
from channels.gsm import is_gsm7
from channels.sms.header import part
from channels.sms.several import Several
from channels.sms.wire import Access, ask, not_understood, refused, wording

#: Kannel's types of delivery report (User Guide, "Delivery reports"), which make the dlr-mask.
#: None: the message waits somewhere, which is no news for anyone.
STATUSES: Mapping[str, DeliveryStatus | None] = {
    "1": "delivered",
    "2": "failed",
    "4": None,
    "8": "sent",
    "16": "failed",
}
_DLR_MASK = sum(int(kind) for kind, status in STATUSES.items() if status)

#: What an SMSC answers when it refuses: ``NACK/69/Submit failed``. Only its number is kept.
_NACK = re.compile(r"NACK/(\d+)")


class Kannel(Several):
    """Kannel's smsbox: it calls us by GET with what its ``get-url`` says, and takes ``sendsms``.

    Kannel signs nothing, so the token stands in the addresses that it calls; the query string is
    read as octets, because the text is in whatever charset Kannel says it is in.
    """

    name = "sms"
    addresses: AddressKind = "tel"
    speaks_number = False

    def __init__(self, access: Access, public_url: str) -> None:
        self._access = access
        self._status_url = f"{public_url}/hooks/sms/status"

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        access = Access.from_environ(context.environ)
        return cls(access, context.public_url).paced(context.environ) if access else None

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        fields = _octets(request)
        if not self._access.is_token(_text(fields, "token")):
            raise Rejected("the token is not the one that Kannel was given")
        if request.path == "" and "id" in fields and "from" in fields:
            return [_message(request, fields)]
        if request.path == "/status" and "id" in fields and _text(fields, "type") in STATUSES:
            return _report(fields)
        return [not_understood(request, _raw(fields), _text(fields, "from"))]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """An empty text: Kannel sends whatever stands here to the citizen."""
        return Reply()

    def send(self, message: Outbound) -> str:
        text = wording(message)
        # Kannel gives no id back, and its own differs from report to report: so ours is in the
        # address that it reports to. It is the same at every try, so that a report on one which
        # we believed lost still counts.
        ours = f"guichet-{message.id}"
        report = {"token": self._access.token, "id": ours}
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-To": message.to,
            "X-Kannel-Coding": "0" if is_gsm7(text) else "2",
            "X-Kannel-DLR-Mask": str(_DLR_MASK),
            "X-Kannel-DLR-URL": f"{self._status_url}?{urlencode(report)}&type=%d&answer=%A",
        }
        if self._access.sender:
            headers["X-Kannel-From"] = self._access.sender
        response = self._ask(text, headers)
        # 202 with "0: Accepted for delivery", or "3: Queued for later delivery".
        if response.status != 202:
            raise refused(response)
        return ours

    def check(self) -> str:
        """Ask for a message to nobody: Kannel looks at the password first, and sends nothing."""
        response = self._ask("", {})
        if response.status != 400:
            if response.status < 300:
                raise SendFailed("what answers at SMS_URL is not Kannel's sendsms", retryable=True)
            raise refused(response)
        return "Kannel accepts our credentials"

    def _ask(self, text: str, headers: Mapping[str, str]) -> Answer:
        """By POST, whose parameters are headers: addresses are logged on their way."""
        login = {"X-Kannel-Username": self._access.user, "X-Kannel-Password": self._access.password}
        return ask("POST", self._access.url, headers={**login, **headers}, body=text.encode())


def _octets(request: WireRequest) -> dict[str, bytes]:
    """The parameters as Kannel wrote them: the same name twice means the last."""
    query = urlsplit(request.url).query
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return {name: value.encode("latin-1", "replace") for name, value in pairs}


def _text(fields: Mapping[str, bytes], name: str, charset: str = "utf-8") -> str:
    value = fields.get(name, b"")
    try:
        return value.decode(charset, "replace")
    except LookupError:
        return value.decode("utf-8", "replace")


def _raw(fields: Mapping[str, bytes]) -> bytes:
    """The parameters as they came, without the token, which is nobody's message."""
    return urlencode({name: fields[name] for name in fields if name != "token"}).encode()


def _message(request: WireRequest, fields: Mapping[str, bytes]) -> Inbound:
    piece = part(fields.get("udh", b""))
    return Inbound(
        external_id=_text(fields, "id"),
        account=_text(fields, "to"),
        sender=_text(fields, "from"),
        text=_text(fields, "text", _text(fields, "charset") or "utf-8"),
        raw=_raw(fields),
        received_at=request.received_at,
        hints={"part": piece} if piece else {},
    )


def _report(fields: Mapping[str, bytes]) -> Sequence[Report]:
    status = STATUSES[_text(fields, "type")]
    if status is None:
        return []
    refusal = _NACK.search(_text(fields, "answer"))
    code = refusal[1] if refusal else f"type {_text(fields, 'type')}"
    return [
        Report(
            provider_id=_text(fields, "id"),
            account="",
            status=status,
            raw=_raw(fields),
            code=code if status == "failed" else None,
        )
    ]
