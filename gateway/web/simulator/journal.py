"""What happened on the simulated devices, in order, for the page to show: in memory, bounded."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.web.simulator.people import Person

#: So many entries are remembered; a page that asks for older ones gets what is left.
ENTRIES = 600
#: So many files, and so many bytes of them altogether.
FILES = 60
FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: ``kind`` says what, ``person`` on whose device (None: nobody's)."""

    seq: int
    at: str
    kind: str
    person: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file that went over a device."""

    name: str
    content_type: str
    content: bytes


class Journal:
    """The entries and files of this start. ``epoch`` tells a page that the server began anew."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self._entries: deque[Entry] = deque(maxlen=ENTRIES)
        self._files: OrderedDict[str, File] = OrderedDict()
        self._last = 0
        self._lock = threading.Lock()

    def add(self, kind: str, person: Person | None, **data: Any) -> int:
        """Write an entry down and return its number."""
        with self._lock:
            self._last += 1
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._entries.append(Entry(self._last, now, kind, person.key if person else None, data))
            return self._last

    def since(self, seq: int) -> list[dict[str, Any]]:
        """The entries after that number, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries if entry.seq > seq]

    def keep(self, file: File) -> str:
        """Keep a file and return the key it is had by."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._files[key] = file
            while len(self._files) > 1 and (
                len(self._files) > FILES
                or sum(len(kept.content) for kept in self._files.values()) > FILE_BYTES
            ):
                self._files.popitem(last=False)
        return key

    def file(self, key: str) -> File | None:
        """The file of that key, if it is still kept."""
        with self._lock:
            return self._files.get(key)
