"""A stage for dialogues: a whole house whose providers record, and a clock of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import clock
from gateway.house import House, build
from gateway.pipeline import Pipeline
from gateway.settings import load as load_settings
from tests.conftest import CHANNELS
from tests.dialogues.play import Play, recorders


@pytest.fixture
def stage(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Play]]:
    """An empty house whose providers record, and a clock of its own."""
    houses: list[House] = []

    def make() -> Play:
        path = tmp_path / f"{len(houses)}.db"
        shutil.copy(sqlite_template, path)
        wires = recorders()
        house = build(
            load_settings(
                {
                    "DATABASE_URL": f"sqlite:///{path}",
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
