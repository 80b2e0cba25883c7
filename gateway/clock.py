"""What time it is, and how long to wait before trying again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Waits between tries, in seconds; the last one repeats.
PROCESS_WAITS = (5, 20, 80, 300, 900)
DELIVER_WAITS = (15, 60, 300, 900, 1800, 3600, 7200, 14400, 21600)
FETCH_WAITS = (10, 60, 300, 1800, 7200)

#: What did not fail is put off for less, and two machines' clocks differ by less: what lies further
#: ahead was written down while a clock was wrong.
LEAP = timedelta(minutes=10)
#: The same for what failed.
LONGEST_WAIT = timedelta(seconds=max(*PROCESS_WAITS, *DELIVER_WAITS, *FETCH_WAITS))

#: How far the simulator has let this process's time run ahead.
_ahead = timedelta()


def now() -> datetime:
    """The present, aware and in UTC."""
    return datetime.now(UTC) + _ahead


def pass_time(by: timedelta) -> None:
    """Let time pass at once in this process, for the simulator, which plays days in seconds. It
    cannot be turned back: what was written would lie in the future."""
    global _ahead  # there is one present
    _ahead += by


def wait_after(tries: int, waits: tuple[int, ...]) -> timedelta:
    """How long to wait after so many tries (at least one)."""
    return timedelta(seconds=waits[min(max(tries, 1), len(waits)) - 1])
