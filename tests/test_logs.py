"""Whatever is logged, by us or by a library: one JSON line, without what it was filled in with."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr

import pytest
import structlog

from gateway import logs

SECRET = "+212612345678"


def caught() -> ValueError:
    """An exception that quotes a citizen."""
    try:
        raise ValueError(f"{SECRET} is no number")
    except ValueError as error:
        return error


def in_a_thread() -> None:
    def ends() -> None:
        raise caught()

    thread = threading.Thread(target=ends, name="rounds")
    thread.start()
    thread.join()


def out_of_the_process() -> None:
    error = caught()
    sys.excepthook(type(error), error, error.__traceback__)


def by_a_library(level: int, message: object, *values: object) -> Callable[[], None]:
    return lambda: logging.getLogger("library.inner").log(level, message, *values)


def by_a_library_with_a_traceback() -> None:
    try:
        raise caught()
    except ValueError:
        logging.getLogger("library").exception(f"for {SECRET}")  # noqa: G004  # as libraries do


#: (what, who logs, what is left of it).
LINES: tuple[tuple[str, Callable[[], None], dict[str, str] | None], ...] = (
    (
        "our own exception",
        lambda: structlog.get_logger("gateway.x").error("failed", exc_info=caught()),
        {"event": "failed", "logger": "gateway.x", "level": "error"},
    ),
    (
        "a library's line with values",
        by_a_library(logging.WARNING, "no route to %s", SECRET),
        {"event": "no route to %s", "logger": "library.inner", "level": "warning"},
    ),
    (
        "a library's line that was put together before",
        by_a_library(logging.ERROR, f"no route to {SECRET}"),
        {"event": "<lambda>", "logger": "library.inner", "level": "error"},
    ),
    (
        "a library's object",
        by_a_library(logging.ERROR, caught()),
        {"event": "<lambda>", "logger": "library.inner"},
    ),
    ("a library's chat", by_a_library(logging.INFO, "POST https://x/%s", SECRET), None),
    (
        "a library's traceback",
        by_a_library_with_a_traceback,
        {"event": "by_a_library_with_a_traceback", "logger": "library"},
    ),
    (
        "a warning",
        lambda: warnings.warn(f"{SECRET} is odd", stacklevel=1),
        {"logger": "py.warnings", "level": "warning"},
    ),
    ("a thread's end", in_a_thread, {"event": "thread.ended", "thread": "rounds"}),
    ("the process's end", out_of_the_process, {"event": "ended", "level": "critical"}),
)


@contextmanager
def written(level: str = "debug") -> Iterator[io.StringIO]:
    """What is written to standard error at a log level, as in production."""
    hooks = sys.excepthook, threading.excepthook
    # pytest takes warnings for itself while a test runs.
    logging.captureWarnings(False)
    with redirect_stderr(io.StringIO()) as out:
        logs.configure(level)
        yield out
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    logs.configure("info")


@pytest.mark.parametrize(("what", "log", "left"), LINES, ids=[what for what, _, _ in LINES])
@pytest.mark.parametrize("level", ["debug", "info"])
@pytest.mark.filterwarnings("default")
def test_what_was_filled_in_is_nowhere(
    level: str, what: str, log: Callable[[], None], left: dict[str, str] | None
) -> None:
    with written(level) as out:
        log()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == (left is not None), what
    for line in lines:
        assert left is not None
        assert line.items() >= left.items()
    assert SECRET not in out.getvalue()


def test_what_was_raised_is_told_by_its_kind_and_place() -> None:
    with written() as out:
        structlog.get_logger("gateway.x").error("failed", exc_info=caught())
    told = json.loads(out.getvalue())["exception"]
    assert told.startswith("ValueError at ")
    assert "test_logs.py:" in told
