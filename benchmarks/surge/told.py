"""What the provider was told, read from the file that it writes as it goes."""

from __future__ import annotations

import time
from collections.abc import Set
from pathlib import Path
from urllib.parse import unquote_to_bytes

#: How long nothing new may come before what is missing counts as lost, in seconds.
_PATIENCE = 120.0


class Told:
    """When the provider was last told something for each number, by ``time.monotonic``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._at: dict[str, float] = {}
        self._read = 0

    def when(self, numbers: Set[str]) -> dict[str, float]:
        """Wait until the provider was told for all of these; when it was."""
        until = time.monotonic() + _PATIENCE
        while not numbers <= self._at.keys():
            if self._news():
                until = time.monotonic() + _PATIENCE
            elif time.monotonic() > until:
                missing = sum(number not in self._at for number in numbers)
                raise SystemExit(f"{missing} of {len(numbers)} acknowledgements did not come")
            time.sleep(0.1)
        return {number: self._at[number] for number in numbers}

    def _news(self) -> bool:
        """Read what was written since; only whole lines."""
        if not self.file.exists():
            return False
        with self.file.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        for line in new.splitlines():
            at, _, to = line.partition(b" ")
            self._at[unquote_to_bytes(to).decode()] = float(at)
        return bool(new)
