"""How every command that needs the house opens it, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from channels.base import BadSetting
from gateway import logs, tracing
from gateway.cli import Unusable
from gateway.house import House, build
from gateway.settings import Settings, load
from gateway.store import SchemaOutdated
from gateway.waiting import once_there
from routing.directory import BadDirectory

console = Console(highlight=False)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what a person can mend into one line that names where."""
    try:
        yield
    except BadSetting as wrong:
        raise Unusable(str(wrong)) from None
    except BadDirectory as wrong:
        raise Unusable(f"GUICHET_DIRECTORY: {wrong}") from None
    except SchemaOutdated:
        raise Unusable(
            "the database is of another version of Guichet: run `python -m gateway init-db`"
        ) from None
    except SQLAlchemyError as trouble:
        kind = type(trouble).__name__
        raise Unusable(f"DATABASE_URL: the database cannot be used ({kind})") from None


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings, with logs and traces set up as they say."""
    found = load(environ)
    logs.configure(found.log_level)
    tracing.configure(found.otel_exporter_otlp_endpoint)
    return found


@contextmanager
def opened(*, by_announcement: bool = False, patiently: bool = False) -> Iterator[House]:
    """The house, its tables made if they were missing, and closed at the end. ``patiently``: for a
    process that nobody watches, which waits for a database that is away."""
    with plainly():
        house = build(settings(), by_announcement=by_announcement)
        if patiently:
            once_there(house.store, house.store.ensure_schema)
        else:
            house.store.ensure_schema()
        try:
            yield house
        finally:
            house.close()
