"""Where files lie that need not outlive the machine."""

from __future__ import annotations

import shutil
from pathlib import Path

#: The machine's memory as a folder (tmpfs), and how many bytes must be free there.
_MEMORY, _ROOMY = Path("/dev/shm"), 2 * 1024**3


def in_memory() -> Path | None:
    """A folder in memory; None where there is none, or too little room."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOMY else None
