"""What the simulated mail server keeps: folders of messages, in memory and bounded."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import datetime

from gateway.web.simulator.imap.grammar import Malformed, literal

#: A folder forgets its oldest message beyond so many.
KEPT = 500

_SECTION = re.compile(rb"BODY(?:\.PEEK)?\[(.*?)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_FIELDS = re.compile(rb"HEADER\.FIELDS(\.NOT)? \((.*)\)", re.IGNORECASE)


@dataclass(slots=True)
class Message:
    """One mail: its bytes as they came, when (aware), and the flags set on it."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[bytes] = field(default_factory=set)

    def flag_list(self) -> bytes:
        """The flags as FETCH and STORE tell them."""
        return b"(" + b" ".join(sorted(self.flags)) + b")"

    def told(self, item: bytes) -> bytes:
        """One data item of FETCH. Raises Malformed for one that this server does not know."""
        name = item.upper()
        if name == b"UID":
            return b"UID %d" % self.uid
        if name == b"FLAGS":
            return b"FLAGS " + self.flag_list()
        if name == b"INTERNALDATE":
            return b'INTERNALDATE "%s"' % self.at.strftime("%d-%b-%Y %H:%M:%S %z").encode()
        if name == b"RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(self.raw)
        if name in (b"RFC822", b"RFC822.HEADER"):
            return name + b" " + literal(self._section(name.removeprefix(b"RFC822").lstrip(b".")))
        if section := _SECTION.fullmatch(item):
            return self._body(section)
        raise Malformed("that data item is not kept here")

    def reads(self, item: bytes) -> bool:
        r"""Whether fetching this item sets \Seen."""
        return item.upper() == b"RFC822" or item.upper().startswith(b"BODY[")

    def _body(self, asked: re.Match[bytes]) -> bytes:
        name, start, length = asked.groups()
        content = self._section(name)
        if start is None:
            return b"BODY[%s] %s" % (name, literal(content))
        cut = content[int(start) : int(start) + int(length)]
        return b"BODY[%s]<%s> %s" % (name, start, literal(cut))

    def _section(self, name: bytes) -> bytes:
        header, gap, text = self.raw.partition(b"\r\n\r\n")
        if not name:
            return self.raw
        if name.upper() == b"HEADER":
            return header + gap
        if name.upper() == b"TEXT":
            return text
        if fields := _FIELDS.fullmatch(name):
            return _chosen(header, {f.upper() for f in fields[2].split()}, others=bool(fields[1]))
        raise Malformed("that section is not kept here")


def _chosen(header: bytes, names: set[bytes], *, others: bool) -> bytes:
    fields = re.findall(rb"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*", header)
    kept = [f for f in fields if (f.partition(b":")[0].strip().upper() in names) is not others]
    return b"".join(field + b"\r\n" for field in kept) + b"\r\n"


class Folder:
    """Messages in order of their UIDs, and a bell for those who wait in IDLE."""

    def __init__(self) -> None:
        # Grows with time, so a folder made anew is never taken for the one before it (2.3.1.1).
        self.uidvalidity = int(time.time())
        self.uidnext = 1
        self.messages: dict[int, Message] = {}
        self.bells: set[asyncio.Event] = set()

    def add(self, raw: bytes, at: datetime, flags: frozenset[bytes] = frozenset()) -> int:
        """Keep a message and return its UID."""
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        self.messages[uid] = Message(uid, raw, at, set(flags))
        while len(self.messages) > KEPT:
            del self.messages[next(iter(self.messages))]
        self.ring()
        return uid

    def remove(self, uids: list[int]) -> None:
        """Forget messages."""
        for uid in uids:
            self.messages.pop(uid, None)
        self.ring()

    def ring(self) -> None:
        """Wake everyone who waits for a change."""
        for bell in self.bells:
            bell.set()


class Account:
    """The one mailbox of the server, and the password to it."""

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self.password = password
        self.folders = {"INBOX": Folder()}
