"""The addresses and message ids that we give out, signed so that only we can have made them."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

_REPLY = re.compile(r"(\d{12})\.([0-9a-f]{16})")
_SENT = re.compile(r"(\d{1,12})\.(\d{1,18})\.([0-9a-f]{16})")
_SENT_ANYWHERE = re.compile(r"<(\d{1,12}\.\d{1,18}\.[0-9a-f]{16}@[\w.-]{1,253})>")
#: Stands before the token in an envelope's plus-address, where bounces come back to.
_BOUNCE = "b-"


@dataclass(frozen=True, slots=True)
class OwnIds:
    """Makes and recognises what we give out for one mailbox of ours.

    A reply address is ``name+<number>.<signature>@domain``, a Message-ID
    ``<number>.<outbound id>.<signature>@domain`` and the address for bounces (VERP) carries the
    latter in ``name+b-…@domain``. The number alone proves nothing: anyone can write it.
    """

    mailbox: str
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The local part of our mailbox."""
        return self.mailbox.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The domain of our mailbox, in lower case."""
        return self.mailbox.rpartition("@")[2].lower()

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address comes to our mailbox."""
        name, _, domain = address.lower().rpartition("@")
        return domain == self.domain and name.partition("+")[0] == self.name.lower()

    def reply_address(self, number: str) -> str:
        """Where answers about a case should go. ``number`` is its twelve digits."""
        return f"{self.name}+{number}.{self._sign('reply', number)}@{self.domain}"

    def number_in(self, address: str) -> str | None:
        """The case's number in a reply address of ours, or None if we did not make it."""
        token = _REPLY.fullmatch(self._tag(address))
        if token and self._is_signed("reply", token[1], token[2]):
            return token[1]
        return None

    def message_id(self, outbound_id: int, number: str | None) -> str:
        """The same for the same message, so that one sent twice after a crash is told apart."""
        said = f"{number or '0'}.{outbound_id}"
        return f"<{said}.{self._sign('message', said)}@{self.domain}>"

    def is_own_message_id(self, identifier: str) -> bool:
        """Whether we made this Message-ID (with its angle brackets)."""
        token, _, domain = identifier.strip("<>").rpartition("@")
        return domain.lower() == self.domain and self._is_sent(token)

    def bounce_address(self, message_id: str) -> str:
        """The envelope sender for a message of ours: names it, should it come back."""
        token = message_id.strip("<>").rpartition("@")[0]
        return f"{self.name}+{_BOUNCE}{token}@{self.domain}"

    def message_id_in(self, address: str) -> str | None:
        """The Message-ID of ours that a bounce address stands for, or None."""
        token = self._tag(address)
        if token.startswith(_BOUNCE) and self._is_sent(token.removeprefix(_BOUNCE)):
            return f"<{token.removeprefix(_BOUNCE)}@{self.domain}>"
        return None

    def message_id_anywhere(self, text: str) -> str | None:
        """The first Message-ID of ours in a text, such as a returned mail."""
        for token in _SENT_ANYWHERE.findall(text):
            if self.is_own_message_id(token):
                return f"<{token}>"
        return None

    def _tag(self, address: str) -> str:
        """What follows the plus in an address of ours. Some servers lower its case."""
        return address.lower().rpartition("@")[0].partition("+")[2] if self.is_ours(address) else ""

    def _is_sent(self, token: str) -> bool:
        parts = _SENT.fullmatch(token)
        return bool(parts and self._is_signed("message", f"{parts[1]}.{parts[2]}", parts[3]))

    def _sign(self, purpose: str, said: str) -> str:
        """64 bits: enough where each guess costs a mail."""
        return hmac.digest(self.key, f"mail {purpose} {said}".encode(), "sha256").hex()[:16]

    def _is_signed(self, purpose: str, said: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(purpose, said), signature)
