"""A whole application on a database of the test's own, with the staff in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from gateway.app import create_app
from gateway.house import House
from gateway.roles import Role
from gateway.settings import load
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.web.desk.worker import Worker, hire

MakeApp = Callable[..., Flask]
Enter = Callable[..., Worker]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """Builds applications on the test's own database."""
    built: list[Flask] = []

    def make(**environ: str) -> Flask:
        settings = load(
            {
                "DATABASE_URL": f"sqlite:///{tmp_path}/guichet.db",
                "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                "SECRET_KEY": "for the tests only",
                "PUBLIC_URL": "http://localhost",
                **{key: value for key, value in CHANNELS.items() if key.startswith("TWILIO")},
                **environ,
            }
        )
        built.append(create_app(settings))
        return built[-1]

    yield make
    for app in built:
        app.extensions[KEY].close()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def house(app: Flask) -> House:
    house: House = app.extensions[KEY]
    return house


@pytest.fixture
def enter(app: Flask, house: House) -> Enter:
    """Lets somebody with this role in; each one only once per test and administration."""

    def log_in(role: Role, administration: str | None = None) -> Worker:
        worker = Worker(app)
        sent = worker.log_in(hire(house, role, administration))
        assert sent.status_code == 303
        return worker

    return log_in
