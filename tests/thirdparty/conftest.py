"""Puts the example package where Python finds what is installed."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``pip install guichet-pigeon`` would do: module and entry point are on the path."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "pigeon"))
