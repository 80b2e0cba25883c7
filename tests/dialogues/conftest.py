"""A stage for dialogues: a whole house whose providers record, and a clock of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from gateway import clock
from gateway.house import House, build
from gateway.pipeline import Pipeline
from gateway.settings import load as load_settings
from tests.conftest import CHANNELS
from tests.dialogues.play import Play, recorders


@pytest.fixture
def database() -> str:
    """Which database the dialogues are played on."""
    return "sqlite"


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> Callable[[], str]:
    """Makes an empty database with our tables and returns its URL."""
    made = count()

    def sqlite() -> str:
        path = tmp_path / f"{next(made)}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"

    if database == "sqlite":
        return sqlite
    new_postgres: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new_postgres


@pytest.fixture
def stage(
    new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Play]]:
    """An empty house whose providers record, and a clock of its own."""
    houses: list[House] = []

    def make() -> Play:
        wires = recorders()
        house = build(
            load_settings(
                {
                    "DATABASE_URL": new_database(),
                    "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                    "PUBLIC_URL": "https://guichet.example",
                    "SECRET_KEY": "for the tests only",
                    "ROUTER_DIR": f"{tmp_path}/router",
                    **CHANNELS,
                }
            )
        )
        parts = replace(house.pipeline.parts, channels=wires)
        house = replace(house, channels=wires, pipeline=Pipeline(parts))
        houses.append(house)
        play = Play(house, wires)
        monkeypatch.setattr(clock, "now", lambda: play.at)
        return play

    yield make
    for house in houses:
        house.close()
