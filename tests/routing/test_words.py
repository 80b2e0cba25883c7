"""Words are recognised however they are spelt, and not taken for others."""

from __future__ import annotations

import pytest

from routing.words import keys, skeleton, split, stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("المدرسة", "بالمدرسة"),
        ("المدرسة", "مدرستنا"),
        ("المستشفى", "للمستشفى"),
        ("الضو", "فالضو"),
        ("compteurs", "compteur"),
        ("coupée", "coupees"),
        ("lma7kama", "ma7kama"),
    ],
)
def test_forms_of_a_word_share_a_key(one: str, other: str) -> None:
    first, second = split(one)[0], split(other)[0]
    assert set(keys(first, darija=True)) & set(keys(second, darija=True))


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [
        ("السبيطار", "ssbitare"),
        ("المحكمة", "ma7kama"),
        ("القنطرة", "9antra"),
        ("المستعجلات", "mosta3jalat"),
        ("التريسيتي", "trisiti"),
    ],
)
def test_both_scripts_of_darija_sound_alike(arabic: str, latin: str) -> None:
    assert skeleton(split(arabic)[0]) == skeleton(split(latin)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [("الما", "ما"), ("طلب", "طلبة"), ("الولاية", "ولا"), ("port", "porte")],
)
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert stem(split(one)[0]) not in keys(split(other)[0], darija=True)


def test_short_darija_words_are_not_looked_up_in_other_languages() -> None:
    assert keys("do", darija=False) == ("do",)
    assert "z do" in keys("do", darija=True)
