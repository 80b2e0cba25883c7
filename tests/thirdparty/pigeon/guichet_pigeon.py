"""Guichet's channel to carrier pigeons, over the HTTP service of a loft."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from channels.base import (
    AddressKind,
    BadSetting,
    Context,
    Inbound,
    Outbound,
    Receipt,
    Rejected,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)


class Pigeon:
    """The ``pigeon`` channel: people are known by the number on their pigeon's ring."""

    name = "pigeon"
    addresses: AddressKind = "other"
    speaks_number = False

    def __init__(self, url: str, secret: str) -> None:
        self._url = url.rstrip("/")
        self._secret = secret.encode()

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        url = context.environ.get("PIGEON_URL")
        secret = context.environ.get("PIGEON_SECRET")
        if not url:
            return None
        if not secret:
            raise BadSetting("PIGEON_SECRET", "is missing beside PIGEON_URL")
        return cls(url, secret)

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        expected = hmac.new(self._secret, request.body, hashlib.sha256).hexdigest()
        given = request.headers.get("x-pigeon-signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise Rejected("the signature is not the loft's")
        # From here on it is the loft that speaks, so that all of it is kept.
        try:
            landed = json.loads(request.body)
            return [
                Inbound(
                    external_id=str(landed["id"]),
                    account=str(landed["loft"]),
                    sender=str(landed["ring"]),
                    text=str(landed["note"]),
                    raw=request.body,
                    received_at=request.received_at,
                )
            ]
        except (ValueError, KeyError, TypeError):
            return [_not_understood(request)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        return Reply(b"fed and watered")

    def send(self, message: Outbound) -> str:
        letter = {"ring": message.to, "note": message.text}
        sent = self._ask("/letters", json.dumps(letter).encode())
        return str(sent["id"])

    def check(self) -> str:
        return f"the loft has {self._ask('/loft')['pigeons']} pigeons"

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._secret.decode()}"}
        request = Request(self._url + path, body, {**headers, "Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=10) as response:
                return json.load(response)
        except HTTPError as error:
            # A full or broken loft may do better later; one that knows no such ring will not.
            later = error.code in (401, 403, 429) or error.code >= 500
            raise SendFailed(f"the loft answered {error.code}", retryable=later) from None
        except (OSError, HTTPException, ValueError):
            raise SendFailed("the loft cannot be reached", retryable=True) from None


def _not_understood(request: WireRequest) -> Inbound:
    return Inbound(
        external_id=hashlib.sha256(request.body).hexdigest(),
        account="",
        sender="",
        text="",
        raw=request.body,
        received_at=request.received_at,
        hints={"event": "not-understood"},
    )
