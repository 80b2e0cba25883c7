"""A text is counted in SMS as the networks count it (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import pytest

from gateway.segments import GSM7, GSM7_EXTENSION, Length, measure

LENGTHS = {
    "nothing is still one message": ("", Length("gsm7", 0, 1)),
    "160 plain letters fit": ("a" * 160, Length("gsm7", 160, 1)),
    "161 make two parts of 153": ("a" * 161, Length("gsm7", 161, 2)),
    "306 fill two parts": ("a" * 306, Length("gsm7", 306, 2)),
    "307 need a third": ("a" * 307, Length("gsm7", 307, 3)),
    "French letters of the alphabet": ("é è à ù É Ç", Length("gsm7", 11, 1)),
    "Spanish signs of the alphabet": ("¿ñÑ¡ü?", Length("gsm7", 6, 1)),
    "a line break is a letter": ("a\nb", Length("gsm7", 3, 1)),
    "the extension counts double": ("[€]", Length("gsm7", 6, 1)),
    "80 euro signs fit": ("€" * 80, Length("gsm7", 160, 1)),
    "an escape is not cut off its sign": ("a" * 152 + "€" + "a" * 152, Length("gsm7", 306, 3)),
    "c cedilla needs UCS-2": ("reçu", Length("ucs2", 4, 1)),
    "a circumflex needs UCS-2": ("être", Length("ucs2", 4, 1)),
    "an acute i needs UCS-2": ("aquí", Length("ucs2", 4, 1)),
    "a curly apostrophe needs UCS-2": ("l’eau", Length("ucs2", 5, 1)),
    "a no-break space needs UCS-2": ("a\u00a0b", Length("ucs2", 3, 1)),
    "a bracket is single in UCS-2": ("[ê]", Length("ucs2", 3, 1)),
    "70 Arabic letters fit": ("م" * 70, Length("ucs2", 70, 1)),
    "71 make two parts of 67": ("م" * 71, Length("ucs2", 71, 2)),
    "135 Tifinagh letters need three": ("ⴰ" * 135, Length("ucs2", 135, 3)),
    "a direction mark takes a unit": ("\u200e" + "م" * 70, Length("ucs2", 71, 2)),
    "an emoji takes two units": ("😀", Length("ucs2", 2, 1)),
    "an emoji is not cut in two": ("م" * 66 + "😀" + "م" * 66, Length("ucs2", 134, 3)),
}


@pytest.mark.parametrize(("text", "expected"), LENGTHS.values(), ids=LENGTHS)
def test_a_text_is_counted_as_the_networks_do(text: str, expected: Length) -> None:
    assert measure(text) == expected


def test_the_alphabet_has_its_127_letters_and_the_10_of_its_extension() -> None:
    assert len(GSM7) == 127
    assert len(GSM7_EXTENSION) == 10
    assert not GSM7 & GSM7_EXTENSION
