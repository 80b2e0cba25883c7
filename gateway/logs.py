"""Logs as fields: readable on a terminal, JSON lines elsewhere; never a citizen's words."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

import structlog

#: Whose lines are written for this log; RQ says by its own which job it does. Of everybody else
#: warnings are enough.
_OWN = ("gateway", "channels", "normalizer", "routing", "rq")
#: They log URLs, and a URL may hold a token or a citizen's number.
_CHATTY = (
    "mail.log",
    "httpx",
    "httpcore",
    "urllib3",
    "twilio",
    "telegram",
    "imapclient",
    "alembic",
    "boto3",
    "botocore",
)


def configure(level: str) -> None:
    """Send our own and the libraries' log lines to standard error, all in one form, and what
    would be written there beside them: warnings, and what ends a thread or the process."""
    terminal = sys.stderr.isatty()
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            # First: what is not wanted costs a look.
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_words],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(terminal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.WARNING))
    for name in _OWN:
        logging.getLogger(name).setLevel(wanted)
    for name in _CHATTY:
        # An adapter may have silenced its library further, and knows why.
        library = logging.getLogger(name)
        library.setLevel(max(library.level, logging.WARNING))
    logging.captureWarnings(True)
    sys.excepthook = _ended
    threading.excepthook = _ended_thread


def _rendering(terminal: bool) -> list[structlog.types.Processor]:
    if terminal:
        return [structlog.dev.ConsoleRenderer(exception_formatter=_plain)]
    return [_without_values, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _without_words(
    _logger: object, _name: str, fields: structlog.types.EventDict
) -> structlog.types.EventDict:
    """A library's line as its source has it, without what was filled in: that may be anybody's.
    Where it was filled in beforehand, its place alone tells what it says."""
    record: logging.LogRecord = fields["_record"]
    as_written = fields.pop("positional_args") and isinstance(record.msg, str)
    fields["event"] = record.msg if as_written else record.funcName
    fields["at"] = f"{record.pathname}:{record.lineno}"
    return fields


def _without_values(
    _logger: object, _name: str, fields: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Where it was raised and what kind it is, without the message: that may quote a citizen."""
    raised = fields.pop("exc_info", None)
    if isinstance(raised, BaseException):
        fields["exception"] = _kind_and_place(raised)
    elif isinstance(raised, tuple) and isinstance(raised[1], BaseException):
        fields["exception"] = _kind_and_place(raised[1])
    return fields


def _kind_and_place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def _plain(sio: object, exc_info: object) -> None:
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    if isinstance(error, BaseException) and hasattr(sio, "write"):
        sio.write(f"  {_kind_and_place(error)}\n")


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught ends the process: without its message, like every other."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger(__name__).critical("ended", exc_info=error)


def _ended_thread(ended: threading.ExceptHookArgs) -> None:
    thread = ended.thread.name if ended.thread else ""
    structlog.get_logger(__name__).critical("thread.ended", thread=thread, exc_info=ended.exc_value)
