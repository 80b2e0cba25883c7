"""How much of a mail is read before it is looked into, so that no mail can stop the others."""

from __future__ import annotations

import re
from email.policy import Compat32

#: Larger mails are read by their first part only. Providers take 20 to 50 MB.
MAX_BYTES = 50 * 1024 * 1024
#: Characters of one header. RFC 5322 has no limit for folded headers; people stay far below.
MAX_HEADER = 64 * 1024
#: Characters and parameters of one Content-* header: reading them costs their product.
MAX_CONTENT_HEADER = 4 * 1024
MAX_PARAMETERS = 100
#: Leaves of the MIME tree, and levels of it.
MAX_PARTS = 1000
MAX_DEPTH = 100
#: Addresses read from one header.
MAX_ADDRESSES = 500
#: Header fields of the mail itself; each is looked through for every name asked for.
MAX_HEADERS = 2000
#: The stdlib's parser holds every line against every open boundary.
_MAX_LINES = 1_000_000
_MAX_COMPARISONS = 10_000_000

#: These are looked for in small letters: in any letters it takes seven times as long.
_PART = re.compile(rb"^content-type[ \t]*:", re.MULTILINE)
_FIELD = re.compile(rb"^[^\s:]+:", re.MULTILINE)
HEAD_END = re.compile(rb"\r?\n\r?\n|\r\r")
_BOUNDARY = re.compile(rb"boundary[ \t]*\*?[0-9]*\*?=")
#: Marks a type that the parser must not look into; ``parts.content_type`` takes it off again.
SEALED = "x-sealed-"
_MESSAGE = re.compile(r"\s*message/", re.IGNORECASE)


def too_costly(raw: bytes) -> str | None:
    """Why this mail must not be given to the MIME parser, or None."""
    if len(raw) > MAX_BYTES:
        return "size"
    end = HEAD_END.search(raw)
    if sum(1 for _ in _FIELD.finditer(raw, 0, end.start() if end else len(raw))) > MAX_HEADERS:
        return "headers"
    # Counted first, which is far quicker than to look where each stands.
    plain = raw.lower()
    if plain.count(b"content-type") > MAX_PARTS and len(_PART.findall(plain)) > MAX_PARTS:
        return "parts"
    lines = raw.count(b"\n") + raw.count(b"\r")
    if lines > _MAX_LINES:
        return "lines"
    boundaries = plain.count(b"boundary") and len(_BOUNDARY.findall(plain))
    if boundaries > MAX_DEPTH and boundaries * lines > _MAX_COMPARISONS:
        return "depth"
    return None


class CappedPolicy(Compat32):
    """compat32 that cuts long headers while they are read, in every part.

    It also seals ``message/*``: the stdlib would take such a part apart, and what it puts
    together again differs from what was sent. Sealed, the part's payload is the bytes themselves.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """One header's name and raw value. See ``email.policy.Policy``."""
        name, value = super().header_source_parse(sourcelines)
        if not name.lower().startswith("content-"):
            return name, value[:MAX_HEADER]
        value = ";".join(value[:MAX_CONTENT_HEADER].split(";")[:MAX_PARAMETERS])
        if name.lower() == "content-type" and _MESSAGE.match(value):
            value = SEALED + value.lstrip()
        return name, value
