"""A whole application on a database of the test's own, and a citizen in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from gateway.app import create_app
from gateway.house import House
from gateway.settings import load
from gateway.web.current import KEY
from tests.web.pages.citizen import Citizen

MakeApp = Callable[..., Flask]


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
                "SUBMIT_EFFORT": "0",
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
def citizen(app: Flask) -> Citizen:
    return Citizen(app)
