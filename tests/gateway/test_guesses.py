"""Guesses are slowed down by sender, by network and overall, and nobody is locked out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway import guesses
from gateway.house import House
from gateway.models import Guesses
from tests.conftest import MakeHouse
from tests.gateway.messages_in import WHEN, rows


def guess(house: House, key: str, times: int, now: datetime = WHEN) -> None:
    for _ in range(times):
        with house.store.write() as session:
            guesses.note_guess(session, key, now)


def refused(house: House, key: str, now: datetime = WHEN) -> bool:
    with house.store.read() as session:
        return guesses.too_many(session, key, now, house.settings)


def test_a_sender_who_guesses_ten_times_in_an_hour_is_not_listened_to(house: House) -> None:
    guess(house, "address:1", 9)
    assert not refused(house, "address:1")
    guess(house, "address:1", 1)
    assert refused(house, "address:1")
    assert not refused(house, "address:2")


def test_after_an_hour_everything_is_forgiven(house: House) -> None:
    guess(house, "address:1", 10)
    later = WHEN + guesses.HOUR
    assert not refused(house, "address:1", later)
    guess(house, "address:1", 1, later)
    assert {row.count for row in rows(house, Guesses)} == {1}


def test_what_is_long_over_is_not_kept(house: House) -> None:
    guess(house, "address:1", 1)
    guess(house, "address:2", 1, WHEN + timedelta(days=1))
    assert {row.key for row in rows(house, Guesses)} == {"address:2", "everybody"}


def test_who_spreads_guesses_over_many_senders_has_two_with_each(make_house: MakeHouse) -> None:
    """Nobody is locked out by what others do: the first tries of a newcomer still count."""
    house = make_house(GUESSES_OVERALL="6")
    for number in range(3):
        guess(house, f"address:{number}", 2)
    assert refused(house, "address:0")
    assert not refused(house, "address:9")


def test_a_network_with_many_people_has_more_than_one_person(house: House) -> None:
    key = guesses.of_network("203.0.113.7", "secret")
    guess(house, key, 99)
    assert not refused(house, key)
    guess(house, key, 1)
    assert refused(house, key)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("", "", True),
    ],
)
def test_networks_are_told_apart_and_their_addresses_not_kept(
    one: str, other: str, same: bool
) -> None:
    first, second = (guesses.of_network(remote, "secret") for remote in (one, other))
    assert (first == second) is same
    assert first != guesses.of_network(one, "another secret")
    assert not one or one not in first
