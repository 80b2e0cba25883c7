"""Text as people type it becomes safe to store and comparable, and stays what they said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.text import _fold, clean, fold, one_line, storable

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "a\ufffdb"),
        ("e\u0301", "é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a   b \n\n\n\n c", "a b\n\nc"),
        ("\x1b[31mred", "[31mred"),
        ("👩🏽\u200d🚒", "👩🏽\u200d🚒"),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(ANY_TEXT)
def test_what_is_cleaned_or_storable_can_be_stored(text: str) -> None:
    for kept in (clean(text), storable(text), one_line(text)):
        kept.encode("utf-8")
        assert "\x00" not in kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الإنارة", "الاناره"),
        ("شَكْوَى", "شكوي"),
        ("بزااااف", "بزاف"),
        ("DÉCHETS", "dechets"),
        ("٢٠٢٦", "2026"),
        ("l’eau", "l'eau"),
        ("porte-à-porte", "porte a porte"),
    ],
)
def test_spellings_of_one_word_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(ANY_TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_a_text_folds_word_by_word_as_it_does_as_a_whole(text: str) -> None:
    assert fold(text) == _fold(text)
