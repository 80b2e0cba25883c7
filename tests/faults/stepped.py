"""``python -m gateway`` on a machine whose clock is wrong by the seconds that a file says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway import clock
from gateway.cli import main

#: Names the file.
STEP_FILE = "STEP_FILE"


def now() -> datetime:
    """The present, as this machine believes."""
    step = float(Path(os.environ[STEP_FILE]).read_text(encoding="ascii") or 0)
    return datetime.now(UTC) + timedelta(seconds=step)


if __name__ == "__main__":
    # The one place where Guichet learns what time it is.
    clock.now = now
    main()
