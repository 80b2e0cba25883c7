"""A tracking number survives speech, keypads, SMS and every script's digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.tracking import find, is_valid, issue, parse, scan, spaced

NUMBER = "264831592783"
A, B, C = NUMBER[:4], NUMBER[4:8], NUMBER[8:]
ARABIC_INDIC = NUMBER.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
FULL_WIDTH = NUMBER.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


@given(st.integers(2000, 2099))
def test_a_number_begins_with_its_year_and_is_valid(year: int) -> None:
    number = issue(year)
    assert len(number) == 12
    assert number[:2] == f"{year % 100:02d}"
    assert is_valid(number)


@given(st.integers(0, 11), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(place: int, by: int) -> None:
    wrong = str((int(NUMBER[place]) + by) % 10)
    assert not is_valid(NUMBER[:place] + wrong + NUMBER[place + 1 :])


@given(st.integers(0, 10))
def test_any_swap_of_neighbours_is_caught(place: int) -> None:
    swapped = NUMBER[:place] + NUMBER[place + 1] + NUMBER[place] + NUMBER[place + 2 :]
    assert swapped == NUMBER or not is_valid(swapped)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(NUMBER, id="bare"),
        pytest.param(f"{A} {B} {C}", id="in groups"),
        pytest.param(f"where is {A}-{B}-{C}?", id="hyphens, inside a sentence"),
        pytest.param(f"n°{A}.{B}.{C}", id="dots, after n°"),
        pytest.param(f"#{NUMBER}", id="after #"),
        pytest.param(f"ما هو مصير الشكاية رقم \u200e{A} {B} {C}", id="direction mark"),
        pytest.param(f"\u2067{A}\u00a0{B}\u00a0{C}\u2069", id="isolates and no-break spaces"),
        pytest.param(ARABIC_INDIC, id="Arabic-Indic digits"),
        pytest.param(FULL_WIDTH, id="full-width digits"),
        pytest.param(" ".join(NUMBER), id="digit by digit"),
        pytest.param(f"0612345678 {A} {B} {C}", id="after a phone number"),
        pytest.param(f"{A} {B} {C} 20000", id="before a postal code"),
        pytest.param(f"{A}\n{B}\n{C}", id="over three lines"),
    ],
)
def test_a_number_is_found(text: str) -> None:
    assert find(text) == (NUMBER,)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("rien", id="words"),
        pytest.param("0612345678", id="a phone number"),
        pytest.param("+212 6 12 34 56 78, le 12/03/2026 à 10:30", id="a phone number and a date"),
        pytest.param("7" + NUMBER, id="one digit too many"),
        pytest.param(NUMBER[:-1], id="one digit missing"),
        pytest.param(NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10), id="a wrong check digit"),
        pytest.param("²" * 12, id="superscripts"),
    ],
)
def test_nothing_is_found_where_no_number_is(text: str) -> None:
    assert find(text) == ()


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    assert all(is_valid(number) for number in find(text))


WRONG = "264831592784"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (WRONG, (WRONG,)),
        ("où en est le 2648 3159 2784 ?", (WRONG,)),
        ("٢٦٤٨ ٣١٥٩ ٢٧٨٤", (WRONG,)),
        ("0612345678 2648 3159 2784", (WRONG,)),
        (" ".join(WRONG), (WRONG,)),
        (f"{NUMBER} et {WRONG}", (WRONG,)),
        (NUMBER, ()),
        ("212612345678", ()),
        ("+212 6 12 34 56 78", ()),
        ("0612345678", ()),
        ("le 12/03/2026 1030", ()),
        ("000000000000", ()),
        ("26483159278", ("26483159278",)),
        ("٢٦٤٨ ٣١٥٩ ٢٧", ("2648315927",)),
        ("2648-3159-27830", ("2648315927830",)),
        ("26 48315 92784", ("264831592784",)),
        ("264831592", ()),
        ("64831592783", ()),
        ("21261234567", ()),
        ("compteur 26483159278", ()),
        ("RIB 011780000012345678901234", ()),
    ],
)
def test_a_number_with_a_wrong_digit_is_told_as_such(text: str, near: tuple[str, ...]) -> None:
    assert scan(text)[1] == near


@given(st.lists(st.sampled_from(["0", "26", "2648", "3159", "2783", "264831592783", "x", "٢٦٤٨"])))
def test_a_near_miss_never_overlaps_a_valid_number(parts: list[str]) -> None:
    numbers, near = scan(" ".join(parts))
    assert not set(numbers) & set(near)
    assert not any(is_valid(number) for number in near)
    digits = "".join(part for part in parts if part.isdecimal())
    assert 12 * (len(numbers) + len(near)) <= max(12 * len(parts), len(digits))


def test_a_field_takes_one_number_however_it_is_grouped() -> None:
    assert parse(f" {A} {B}-{C} ") == NUMBER
    assert parse("hello") is None
    assert spaced(NUMBER) == f"{A} {B} {C}"
