"""The GSM 7-bit alphabet, in which an SMS holds 160 letters and outside of which 70."""

from __future__ import annotations

#: The default alphabet (3GPP TS 23.038, 6.2.1) without its escape to the extension.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Its extension table (6.2.1.1): each of these takes an escape septet before its own.
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")

_ALL = GSM7 | GSM7_EXTENSION


def is_gsm7(text: str) -> bool:
    """Whether an SMS can carry a text in septets; UCS-2 carries every other."""
    return _ALL.issuperset(text)
