"""The user data header of an SMS, for what it says of a long text that comes in pieces."""

from __future__ import annotations

#: Information elements of 3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8: a concatenated message with
#: a reference of one octet, and of two. By identifier, the length of the element's data.
_CONCATENATED = {0x00: 3, 0x08: 4}


def part(header: bytes) -> str | None:
    """Which piece this is, as the hint ``part`` has it: ``reference/total/position``. None for a
    text that stands alone, and for a header that is none."""
    if not header or header[0] != len(header) - 1:
        return None
    rest = header[1:]
    while len(rest) >= 2:
        identifier, length = rest[0], rest[1]
        data, rest = rest[2 : 2 + length], rest[2 + length :]
        if _CONCATENATED.get(identifier) == length == len(data):
            return piece(int.from_bytes(data[:-2]), data[-2], data[-1])
    return None


def piece(reference: int | str, total: int, position: int) -> str | None:
    """The hint of one piece, None when the numbers make no sense or there is but one."""
    return f"{reference}/{total}/{position}" if 1 <= position <= total and total > 1 else None
