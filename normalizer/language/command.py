"""One line in, one tag out: what ``detect-language`` does with each line it reads."""

from __future__ import annotations

from normalizer.language import detect


def detect_line(line: str) -> str:
    """The BCP 47 tag of ``line``; ``und`` for a blank one."""
    return detect(line).tag
