"""Reasons are kept as codes, and told in the language of who reads them."""

from __future__ import annotations

import pytest

from routing.directory import Directory
from routing.examples import complaint
from routing.reasons import KEYS, Reason, read, told
from routing.router import decide


@pytest.fixture(scope="module")
def morocco() -> Directory:
    return Directory.load()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", ["ar", "fr", "en"])
def test_every_reason_can_be_told(morocco: Directory, key: str, language: str) -> None:
    sentence = told(f"{key} health: سكانير | x", morocco, language)
    assert sentence != f"{key} health: سكانير | x"
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "“permis de conduire” → National Road Safety Agency (NARSA)."),
        ("fr", "« permis de conduire » → Agence nationale de la sécurité routière (NARSA)."),
        ("ary-Latn", "« permis de conduire » → Agence nationale de la sécurité routière (NARSA)."),
        ("ary-Arab", "«permis de conduire» ← الوكالة الوطنية للسلامة الطرقية (نارسا)."),
    ],
)
def test_a_reason_quotes_what_the_citizen_wrote(
    morocco: Directory, language: str, sentence: str
) -> None:
    route = decide(complaint("Le permis de conduire tarde", "fr"), morocco)
    assert told(route.reasons[0], morocco, language) == sentence


def test_a_quoted_word_is_as_it_was_written(morocco: Directory) -> None:
    route = decide(complaint("À L'HÔPITAL, scanner en panne !", "fr"), morocco)
    assert read(route.reasons[0]) == Reason("words", "health", ("L'HÔPITAL", "scanner"))


def test_a_code_is_read_as_it_was_kept() -> None:
    for reason in (
        Reason("unsure"),
        Reason("last_city", "sale"),
        Reason("words", "x", ("a: b", "c")),
    ):
        assert read(reason.code()) == reason


@pytest.mark.parametrize("text", ["", "An advert.", "words in a sentence", "other: x"])
def test_what_is_no_code_is_told_as_it_is(morocco: Directory, text: str) -> None:
    assert told(text, morocco, "fr") == text
