"""The portal's form: the fields that a citizen filled in, as one message."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Self

from channels.base import (
    AddressKind,
    Context,
    Inbound,
    Location,
    Outbound,
    Receipt,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)

#: Which field of the form says which hint.
_HINTS = {
    "language": "language",
    "kind": "kind",
    "city": "city",
    "administration": "administration",
    "email": "reply_mail",
    "phone": "reply_tel",
    "on_behalf": "on_behalf",
    "national_id": "national_id",
}

#: Hexadecimal digits of the digest that stands beside the form's own id: 64 bits.
_DIGEST_LENGTH = 16


class WebForm:
    """Reads one sent form. It has nobody to answer to: the page shows the number, and later
    words go to the mailbox or phone that the citizen left."""

    name = "webform"
    addresses: AddressKind = "other"
    speaks_number = True

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        """There is always a form: it needs no credentials."""
        return cls()

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        """The form as one message; one without words or files is kept, as not understood."""
        # A field sent twice counts as first sent.
        fields = dict(reversed(request.form))
        hints = {
            hint: value for name, hint in _HINTS.items() if (value := fields.get(name, "").strip())
        }
        if not fields.get("message", "").strip() and not request.files:
            hints["event"] = "not-understood"
        return [
            Inbound(
                external_id=_external_id(fields.get("submission", ""), request),
                account="portal",
                sender="",
                text=fields.get("message", ""),
                raw=request.body,
                received_at=request.received_at,
                sender_name=fields.get("name", "").strip() or None,
                attachments=request.files,
                location=_location(fields),
                hints=hints,
            )
        ]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """The acknowledgement as plain text; a page that shows it better does not ask for this."""
        said = "\n".join(receipt.text for receipt in receipts if receipt.text)
        return Reply(body=said.encode())

    def send(self, message: Outbound) -> str:
        """Always raises SendFailed: a form cannot be called back."""
        raise SendFailed("the form has no way back to the citizen", retryable=False)

    def check(self) -> str:
        """One line for people; there is nothing that could fail."""
        return "the form needs no credentials"


def _location(fields: Mapping[str, str]) -> Location | None:
    """Where the citizen put the pin; None for what is no place on earth."""
    try:
        latitude, longitude = float(fields["latitude"]), float(fields["longitude"])
    except (KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(latitude, longitude)


def _external_id(submission: str, request: WireRequest) -> str:
    """The same for a form sent twice, another for a form that was changed before the second time.

    The page gives each form a UUID. A citizen who goes back, mends the text and sends again
    sends the same UUID with other words: those must not be taken for the first ones and lost,
    so the words' digest belongs to the id.
    """
    digest = hashlib.sha256(request.body or repr(request.form).encode())
    for file in request.files:
        digest.update(hashlib.sha256(file.content or b"").digest())
    try:
        nonce = str(uuid.UUID(submission))
    except ValueError:
        return digest.hexdigest()
    return f"{nonce}:{digest.hexdigest()[:_DIGEST_LENGTH]}"
