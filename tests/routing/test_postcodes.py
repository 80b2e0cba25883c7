"""A postal code typed on a phone names its city, and a smaller place's names none."""

from __future__ import annotations

import pytest

from routing.directory import Directory
from routing.postcodes import _CITIES, city_of


@pytest.mark.parametrize(
    ("code", "city"),
    [
        ("30000", "fes"),
        ("20250", "casablanca"),
        ("10090", "rabat"),
        ("30122", None),
        ("3000", None),
        ("٣٠٠٠٠", None),
        ("Fès", None),
    ],
)
def test_a_citys_code_names_it(code: str, city: str | None) -> None:
    assert city_of(code) == city


def test_every_city_is_in_the_directory_that_ships() -> None:
    assert set(_CITIES.values()) <= {city.slug for city in Directory.load().cities}
