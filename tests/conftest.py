"""Servers shared by the suite, and a fresh house for each test."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from gateway import logs
from gateway.house import House, build
from gateway.settings import load
from gateway.store import Store
from tests.fakes.twilio import FakeTwilio
from tests.servers.memory import in_memory
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer

#: Settings of a house that has every channel; nothing listens at these addresses.
CHANNELS = {
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
    "TWILIO_AUTH_TOKEN": "twilio-secret",
    "TWILIO_FROM": "+15005550006",
    "TWILIO_API_URL": "http://127.0.0.1:9",
    "TELEGRAM_BOT_TOKEN": "4242:telegram-token",
    "TELEGRAM_SECRET_TOKEN": "telegram-secret",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "IMAP_URL": "imap://plaintes:secret@127.0.0.1:9/INBOX",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "EMAIL_ADDRESS": "plaintes@guichet.example",
}

MakeHouse = Callable[..., House]

# As ``python -m gateway`` has it (gateway/__main__.py): little of what tests load is ever garbage.
gc.set_threshold(50_000)
# The same examples each time, for as long as they take: what hypothesis does by itself where CI is
# set.
hypothesis.settings.load_profile("ci")
# What a console writes is the same in every shell, and whichever test makes one first: it reads
# these once.
for _name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR"):
    os.environ.pop(_name, None)
# Thousands of small databases, gone with their tests: no disk is waited for.
if _memory := in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_memory))

#: Statements in SQL. Each test has engines of its own, and would compile anew all that it says: a
#: quarter of the suite's work. Dialects are part of the key; all of ours are set up alike.
_COMPILED: dict[Any, Any] = {}
DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


@event.listens_for(Engine, "engine_connect")
def _compile_once(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers per core: much of the suite waits, for servers, browsers and faults. On a large
    machine no more than it can feed: each has a PostgreSQL of its own."""
    return min(2 * (os.cpu_count() or 1), 16)


#: Files that take minutes, by a word of their names: faults, real processes, browsers.
_LONG = ("faults", "road", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not any(word in item.nodeid for word in _LONG))


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """Logs as in production: without them a failing test would print every local variable."""
    logs.configure("info")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with our tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "guichet.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with our tables, to be copied."""
    url = postgres.database()
    _migrate(url)
    return url.rpartition("/")[2]


def _migrate(url: str) -> None:
    store = Store(url)
    store.migrate()
    store.close()


@pytest.fixture
def new_postgres(postgres: Postgres, postgres_template: str) -> Iterator[Callable[[], str]]:
    """Makes PostgreSQL databases with our tables, that are gone after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(postgres.database(template=postgres_template))
        return made[-1]

    yield make
    for url in made:
        postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with our tables: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "guichet.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    new_postgres: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new_postgres()


@pytest.fixture
def make_house(database_url: str, tmp_path: Path) -> Iterator[MakeHouse]:
    """Builds houses on the test's database, with more settings where the test has some."""
    houses: list[House] = []

    def make(**environ: str) -> House:
        house = build(
            load(
                {
                    "DATABASE_URL": database_url,
                    "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                    "PUBLIC_URL": "https://guichet.example",
                    "SECRET_KEY": "for the tests only",
                    "ROUTER_DIR": f"{tmp_path}/router",
                    **CHANNELS,
                    **environ,
                }
            )
        )
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    """A provider of text messages and calls; ``environ`` sets a house up with it."""
    with FakeTwilio() as provider:
        yield provider


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A house with every channel on an empty database."""
    return make_house()
