"""A short answer or a point on the map is known as a city."""

from __future__ import annotations

import pytest

from routing.directory import Directory
from routing.places import city_named, of


@pytest.fixture(scope="module")
def morocco() -> Directory:
    return Directory.load()


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("Salé", "sale"),
        ("sale", "sale"),
        ("سلا", "sale"),
        ("f sla", "sale"),
        ("safi svp", "safi"),
        ("Hay Riad", "rabat"),
        ("20000", "casablanca"),
        ("kazablanka", "casablanca"),
        ("casablnca", "casablanca"),
        ("marrakch", "marrakech"),
        ("ana mn fes", "fes"),
        ("مكناس حي الزيتون", "meknes"),
        ("ⴰⴳⴰⴷⵉⵔ", "agadir"),
    ],
)
def test_an_answer_names_a_city(morocco: Directory, text: str, city: str) -> None:
    found = city_named(text, morocco)
    assert found is not None
    assert found.slug == city


@pytest.mark.parametrize(
    "text", ["", "2", "ok", "rien", "je ne sais pas", "99999", "😀", "non merci"]
)
def test_an_answer_that_names_none_is_none(morocco: Directory, text: str) -> None:
    assert city_named(text, morocco) is None


@pytest.mark.parametrize(
    ("text", "city"),
    [
        (
            "Rentré par Tanger avec les enfants, arrivé à Meknès, quartier Marjane : quelle odeur",
            "meknes",
        ),
        ("سافرت إلى الرباط ثم عدت، أنا ساكن بفاس والأزبال متراكمة", "fes"),
        ("mchit l casa w rje3t, ana saken f sla", "sale"),
    ],
)
def test_where_one_lives_goes_before_a_place_in_passing(
    morocco: Directory, text: str, city: str
) -> None:
    assert of(morocco).find(text) == city


@pytest.mark.parametrize(
    ("latitude", "longitude", "city"),
    [
        (33.5951, -7.6187, "casablanca"),
        (34.0331, -5.0003, "fes"),
        (34.0465, -6.8050, "sale"),
        (30.4202, -9.5981, "agadir"),
        (27.1536, -13.2033, "laayoune"),
        (33.3675, -7.5898, "nouaceur"),
        (36.7, -4.4, None),
    ],
)
def test_a_point_lies_in_the_nearest_city_or_in_none(
    morocco: Directory, latitude: float, longitude: float, city: str | None
) -> None:
    assert of(morocco).nearest(latitude, longitude) == city


def test_every_city_has_a_place_on_the_map_within_the_country(morocco: Directory) -> None:
    for city in morocco.cities:
        assert 20.7 <= (city.latitude or 0) <= 36.0, city.slug
        assert -17.2 <= (city.longitude or 0) <= -0.9, city.slug


def test_no_two_cities_share_a_spelling(morocco: Directory) -> None:
    names = [
        (name, city.slug) for city in morocco.cities for name in (*city.name.values(), *city.also)
    ]
    where = dict(reversed(names))
    assert all(where[name] == slug for name, slug in names)
