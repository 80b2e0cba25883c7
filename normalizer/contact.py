"""One spelling for each address: E.164 phones, mailboxes with lower-case domains, chat ids."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from channels.base import AddressKind

#: Operators' service numbers (5757, 2255): never a person, and never to be parsed as national.
_SHORT_CODE = re.compile(r"\d{2,6}")
#: What a Moroccan number looks like once it is spelt as we spell it; nearly all come so.
_SPELT = re.compile(r"\+212[5-8]\d{8}", re.ASCII)
#: Nor is there any line in a wall among those of its mobile networks.
_MOBILE = re.compile(r"\+212[67]\d{8}", re.ASCII)
_MAILBOX = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person can be reached. Two messages come from one address when these are equal."""

    kind: AddressKind
    value: str


@lru_cache(maxsize=4096)
def canonical(kind: AddressKind, said: str, region: str = "MA") -> Address | None:
    """The address that ``said`` means, or None when it is none of that kind.

    A phone number that is no number (an alphanumeric sender, a short code, ``anonymous``) is
    kept as a sender of kind ``other`` so that its messages are told apart, but never answered.
    """
    said = unicodedata.normalize("NFKC", said).strip()
    if not said:
        return None
    if kind == "tel":
        return Address("tel", number) if (number := e164(said, region)) else Address("other", said)
    if kind == "mail":
        return Address("mail", mailbox) if (mailbox := mail(said)) else None
    return Address(kind, said)


def e164(said: str, region: str = "MA") -> str | None:
    """``06 12-34…``, ``00212…``, ``+212(0)…``, Arabic digits: ``+2126…``; None for no number."""
    said = unicodedata.normalize("NFKC", said).removeprefix("whatsapp:").strip()
    if _SPELT.fullmatch(said):
        return said
    digits = "".join(
        str(unicodedata.digit(c)) if c.isdigit() else c for c in said if c.isdigit() or c in "+()"
    )
    if _SHORT_CODE.fullmatch(digits) or any(c.isalpha() for c in said):
        return None
    country = str(phonenumbers.country_code_for_region(region))
    bare = digits.replace("(0)", "").replace("(", "").replace(")", "")
    # 212612345678 without a plus is how many gateways write the sender.
    if bare.startswith(country) and len(bare) > 9 and not bare.startswith("+"):
        bare = "+" + bare
    try:
        number = _parsed(bare, None if bare.startswith("+") else region)
        if not phonenumbers.is_possible_number(number):
            # A foreign one without its plus (385916242493), as some gateways write it: then it is
            # a real one, or it is just figures.
            number = _parsed(f"+{bare}", None)
            if not phonenumbers.is_valid_number(number):
                return None
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# Asked for a sender when they are heard, and once more for the answer to them.
@lru_cache(maxsize=4096)
def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(number, region)


def takes_texts(number: str) -> bool:
    """Whether an SMS to a number in E.164 can arrive: not where it is a line in a wall for sure."""
    if _MOBILE.fullmatch(number):
        return True
    try:
        kind = phonenumbers.number_type(_parsed(number, None))
    except phonenumbers.NumberParseException:
        return True
    return kind != phonenumbers.PhoneNumberType.FIXED_LINE


def mail(said: str) -> str | None:
    """A mailbox with its domain in lower case, the local part as written (RFC 5321, 2.4)."""
    said = said.strip().strip("<>")
    if not _MAILBOX.fullmatch(said) or len(said) > 254:
        return None
    local, _, domain = said.rpartition("@")
    return f"{local}@{domain.lower()}"
