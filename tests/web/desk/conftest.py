"""An application that takes text messages, and the staff in front of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from gateway.house import House
from gateway.roles import Role
from tests.conftest import CHANNELS
from tests.web.conftest import MakeApp
from tests.web.desk.worker import Worker, hire

Enter = Callable[..., Worker]


@pytest.fixture
def make_app(make_app: MakeApp) -> MakeApp:
    return partial(
        make_app, **{name: value for name, value in CHANNELS.items() if name.startswith("TWILIO")}
    )


@pytest.fixture
def enter(app: Flask, house: House) -> Enter:
    """Lets somebody with this role in; each one only once per test and administration."""

    def log_in(role: Role, administration: str | None = None) -> Worker:
        worker = Worker(app)
        sent = worker.log_in(hire(house, role, administration))
        assert sent.status_code == 303
        return worker

    return log_in
