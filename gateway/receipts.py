"""A receipt's code: our signed word on which case was received when, and with which text."""

from __future__ import annotations

import hashlib
import hmac
import struct
import unicodedata
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadCode
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from gateway.models import Case, Event, Message
from gateway.settings import Settings
from gateway.store import Store

#: Version, number, seconds since 1970, digest of the text; the signature follows.
_SHAPE = struct.Struct(">BQQ16s")
_VERSION = 1
_SIGNATURE = 16
#: A short code is typed by hand: Crockford's digits, of which none looks like another.
_STANDARD, _CROCKFORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_SHORT = str.maketrans(_STANDARD, _CROCKFORD)
_MISREAD = str.maketrans("ILO", "110", " -–\u200e\u200f")
#: 65 bits: whoever guesses a million a second needs half a million years.
SHORT = 13


@dataclass(frozen=True, slots=True)
class Statement:
    """What a receipt says. ``digest`` is of the text as filed, see ``digest_of``."""

    number: str
    received_at: datetime
    digest: bytes

    def packed(self) -> bytes:
        """The statement as the bytes that are signed."""
        seconds = int(self.received_at.timestamp())
        return _SHAPE.pack(_VERSION, int(self.number), seconds, self.digest)


def digest_of(text: str) -> bytes:
    """The first 128 bits of the text's SHA-256, however its lines were broken on the way."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()[:16]


class Receipts:
    """Signs receipts, and knows its own again."""

    def __init__(self, settings: Settings, store: Store) -> None:
        own = f"{settings.secret_key} receipts"
        given = [key.strip() for key in (settings.receipt_keys or "").split(",")]
        self._keys = [key.encode() for key in given if key] or [own.encode()]
        self._store = store

    def statement(self, number: str) -> Statement | None:
        """What we can say of a case, from the message that opened it, which is never changed."""
        with self._store.read() as session:
            opened = session.scalar(
                select(Event.data)
                .join(Case, Case.id == Event.case_id)
                .where(Case.number == number, Event.kind == "received")
                .order_by(Event.id)
                .limit(1)
            )
            # Not by the case: a double's messages go over to the other one.
            first = session.get(Message, opened["message"]) if opened else None
        return Statement(number, first.received_at, digest_of(first.text)) if first else None

    def code(self, statement: Statement) -> str:
        """The statement and our signature: it needs no database to be believed."""
        packed = statement.packed()
        return urlsafe_b64encode(packed + _signed(packed, self._keys[0])).decode().rstrip("=")

    def short(self, statement: Statement) -> str:
        """The signature alone, to be typed beside the number: ``7KQ2-M9XA-4TD0E``."""
        whole = _short(statement.packed(), self._keys[0])
        return f"{whole[:4]}-{whole[4:8]}-{whole[8:]}"

    def read(self, code: str) -> Statement | None:
        """What a code says; None when we did not sign it."""
        try:
            raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
        except (BadCode, ValueError):
            return None
        packed, signature = raw[: _SHAPE.size], raw[_SHAPE.size :]
        if len(packed) != _SHAPE.size or len(signature) != _SIGNATURE:
            return None
        if not any(hmac.compare_digest(signature, _signed(packed, key)) for key in self._keys):
            return None
        _version, number, seconds, digest = _SHAPE.unpack(packed)
        return Statement(f"{number:012d}", datetime.fromtimestamp(seconds, UTC), digest)

    def check(self, number: str, short: str) -> Statement | None:
        """What number and short code say together; None when they do not belong together."""
        typed = short.upper().translate(_MISREAD)
        statement = self.statement(number)
        if statement is None or len(typed) != SHORT or not typed.isascii():
            return None
        packed = statement.packed()
        if any(hmac.compare_digest(typed, _short(packed, key)) for key in self._keys):
            return statement
        return None


def _signed(packed: bytes, key: bytes) -> bytes:
    return hmac.new(key, packed, hashlib.sha256).digest()[:_SIGNATURE]


def _short(packed: bytes, key: bytes) -> str:
    return b32encode(_signed(packed, key)).decode().translate(_TO_SHORT)[:SHORT]
