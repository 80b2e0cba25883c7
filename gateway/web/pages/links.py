"""Signed addresses: whoever holds one may see what it names, until it expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

#: A receipt can be looked at again for a month; the case's own link outlives the case.
RECEIPT = timedelta(days=30)
PRIVATE = timedelta(days=400)
#: After number and address were given on the follow page: a shared computer keeps its history.
VISIT = timedelta(hours=1)
#: While a code is good.
PROOF = timedelta(minutes=15)


class BadLink(Exception):
    """The link was not made by us, or its time is over."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a receipt's link says: which message, the case's number once there is one, and
    whether the citizen left an address that an answer can go to. Never the address itself."""

    message_id: int
    number: str | None
    reachable: bool


def receipt_token(sealed: Sealed, now: datetime) -> str:
    """The token of a receipt's address."""
    return _seal("receipt", now + RECEIPT, sealed.message_id, sealed.number, sealed.reachable)


def open_receipt(token: str, now: datetime) -> Sealed:
    """What ``receipt_token`` sealed. Raises BadLink."""
    message_id, number, reachable = _open("receipt", token, now, 3)
    return Sealed(int(message_id), number, bool(reachable))


def case_token(number: str, lifetime: timedelta, now: datetime) -> str:
    """The token of a case's address: to hold it is to may see the case."""
    return _seal("case", now + lifetime, number)


def open_case(token: str, now: datetime) -> str:
    """The number that ``case_token`` sealed. Raises BadLink."""
    (number,) = _open("case", token, now, 1)
    return str(number)


def proof_token(number: str, proof_id: int, now: datetime) -> str:
    """The token of the page that asks for a code: which case, and which code."""
    return _seal("proof", now + PROOF, number, proof_id)


def open_proof(token: str, now: datetime) -> tuple[str, int]:
    """What ``proof_token`` sealed. Raises BadLink."""
    number, proof_id = _open("proof", token, now, 2)
    return str(number), int(proof_id)


def _serializer(purpose: str) -> URLSafeSerializer:
    # The purpose is the salt: a receipt's token opens no case.
    return URLSafeSerializer(current_app.secret_key or "", salt=f"guichet.pages.{purpose}")


def _seal(purpose: str, until: datetime, *values: object) -> str:
    sealed = _serializer(purpose).dumps([int(until.timestamp()), *values])
    return sealed if isinstance(sealed, str) else sealed.decode()


def _open(purpose: str, token: str, now: datetime, count: int) -> list[Any]:
    try:
        until, *values = _serializer(purpose).loads(token)
    except (BadData, ValueError, TypeError) as forged:
        raise BadLink from forged
    if len(values) != count or now.timestamp() > until:
        raise BadLink
    return list(values)
