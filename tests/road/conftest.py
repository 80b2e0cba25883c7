"""Fixtures that several of these modules share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.road.providers import World, world


@pytest.fixture
def outside() -> Iterator[World]:
    """Every provider."""
    with world() as found:
        yield found
