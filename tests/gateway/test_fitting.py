"""A text costs as few SMS as its language allows, and none is too long to send."""

from __future__ import annotations

import pytest

from gateway.fitting import LONGEST_CHAT, MOST, fit, is_chat, split
from gateway.segments import measure

FOLDED = {
    "French signs and accents": (
        "fr",
        "L’eau « potable » est coupée – à Fès… ça a été réglé, œuvre reçue",
        'L\'eau " potable " est coupée - à Fès... ca a été réglé, oeuvre recue',
    ),
    "Spanish accents": ("es", "¿Está aquí? «Sí», mañana", '¿Esta aqui? "Si", mañana'),
    "English quotes": ("en", "It’s “fixed” — we checked", 'It\'s "fixed" - we checked'),
    "Darija with a French word": ("ary-Latn", "l’hôpital dyalna", "l'hopital dyalna"),
    "a no-break space": ("fr", "20\u00a0% ?\u202f!", "20 % ? !"),
    "Tamazight's letters are not others": ("zgh-Latn", "aḍu n tɣarmt", "aḍu n tɣarmt"),
    "Tamazight's signs are folded": ("zgh-Latn", "azul – tanemmirt", "azul - tanemmirt"),
    "an emoji needs UCS-2 anyhow": ("fr", "Réglé ☺ ç", "Réglé ☺ ç"),
    "Arabic is left alone": ("ar", "«تم»… إصلاحه", "«تم»… إصلاحه"),
    "nothing to do": ("fr", "C'est réparé.", "C'est réparé."),
}


@pytest.mark.parametrize(("language", "text", "expected"), FOLDED.values(), ids=FOLDED)
def test_signs_that_cost_more_than_they_say_are_folded(
    language: str, text: str, expected: str
) -> None:
    assert fit(text, language) == expected


def test_a_folded_text_is_billed_as_less() -> None:
    text = "L’eau est coupée, ça dure. " * 6
    assert (measure(text).segments, measure(fit(text, "fr")).segments) == (3, 2)


SENTENCE = "Nous avons regardé votre rue et réparé la conduite. "
LONG = {
    "sentences": SENTENCE * 80,
    "words": "mot " * 1000,
    "no space at all": "x" * 4000,
    "Arabic": "تم إصلاح العطب في حيكم. " * 160,
    "emoji": "😀" * 2000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_becomes_several_numbered_messages(text: str) -> None:
    texts = split(text)
    assert len(texts) > 1
    assert all(measure(one).segments <= MOST for one in texts)
    assert [one.split(" ")[0] for one in texts] == [
        f"{n}/{len(texts)}" for n in range(1, len(texts) + 1)
    ]
    told = "".join(one.partition(" ")[2] for one in texts)
    assert told.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_chat_takes_so_many_characters_whatever_they_are(text: str) -> None:
    texts = split(text, is_chat)
    assert max(map(len, texts)) <= LONGEST_CHAT
    assert len(texts) <= len(text) / LONGEST_CHAT + 2


def test_it_is_cut_behind_a_sentence() -> None:
    assert all(one.endswith("conduite.") for one in split(SENTENCE * 80))


def test_a_text_that_fits_stays_one() -> None:
    assert split(SENTENCE) == [SENTENCE]
