"""Files that old mailers write into the text itself: ``begin 644 name`` … ``end``."""

from __future__ import annotations

import binascii
import re

from channels.base import Attachment

_BLOCK = re.compile(r"^begin (?:0?[0-7]{3}) ([^\r\n]{1,200})\r?\n(.*?)^end[ \t]*\r?$", re.M | re.S)


def split(text: str) -> tuple[str, tuple[Attachment, ...]]:
    """The text without its uuencoded files, and the files."""
    if "\nend" not in text:
        return text, ()
    files: list[Attachment] = []

    def take(block: re.Match[str]) -> str:
        content = _content(block[2])
        if content is None:
            return block[0]
        files.append(Attachment(filename=block[1].strip(), content=content))
        return ""

    return _BLOCK.sub(take, text), tuple(files)


def _content(block: str) -> bytes | None:
    """The bytes of a block, or None when its lines are ordinary text."""
    content = bytearray()
    for line in block.splitlines():
        if not line or line == "`":
            continue
        try:
            data = line.encode("ascii")
            # Some encoders write more than the length says; count the characters it needs.
            needed = ((data[0] - 32 & 63) * 4 + 5) // 3 + 1
            content += binascii.a2b_uu(data[:needed])
        except (UnicodeEncodeError, binascii.Error):
            return None
    return bytes(content) if content else None
