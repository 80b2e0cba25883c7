"""Makes a text fit SMS: signs that cost more than they say are folded, long texts are cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from channels.gsm import is_gsm7
from gateway.segments import measure

#: Segments of one message. Twilio takes 1600 characters and Kannel ten parts, unless it is told
#: otherwise; ten segments are 1530 septets or 670 UCS-2 units, which both take.
MOST = 10
#: Characters of one WhatsApp message through Twilio (error 21617).
LONGEST_CHAT = 1600

#: Signs that every language written in Latin letters may do without, each with what stands for
#: it on a typewriter. One of them alone would turn 160 letters a segment into 70.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘‚‛ʼ′`´", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‹›", "'"),
        **dict.fromkeys("–—―‐‑‒−", "-"),
        **dict.fromkeys("\u00a0\u202f\u2007\u2009\u200a\u2002\u2003", " "),
        # Marks of direction and joining say nothing between Latin letters.
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad", None),
        "…": "...",
        "•": "-",
        "·": "-",
        "×": "x",
        "°": "o",
        "º": "o",
        "ª": "a",
        "№": "No",
    }
)
#: French is read as easily without these accents, as its capitals and its older phones show; the
#: alphabet has é è à ù and É, which stay. The cedilla too: "recu" is misread by nobody.
_FRENCH = str.maketrans(
    {
        **dict(zip("çâêîôûëïÿÀÂÈÊËÎÏÔÙÛ", "caeioueiyAAEEEIIOUU", strict=True)),
        "œ": "oe",
        "Œ": "OE",
    }
)
#: Spanish without the acute on a, i, o, u is how it is texted; é and ñ are in the alphabet.
_SPANISH = str.maketrans(dict(zip("áíóúÁÍÓÚ", "aiouAIOU", strict=True)))
#: Darija in Latin letters borrows French words with French accents. Tamazight has no entry: its
#: ḍ ṭ ṣ ɣ ɛ are letters, and another letter in their place is another word.
_LETTERS: Mapping[str, Mapping[int, str]] = {
    "fr": _FRENCH,
    "ary-Latn": _FRENCH,
    "es": _SPANISH,
    "en": {**_FRENCH, **_SPANISH},
}
_LATIN = (*_LETTERS, "zgh-Latn")

#: Where a long text is best cut: behind a sentence or a line, else between words.
_SENTENCE = re.compile(r"[.!?؟;؛]\s|\n")
_SPACE = re.compile(r"\s")
#: How much of a piece may stay empty for the sake of a good place to cut.
_WASTE = 0.5


def fit(text: str, language: str) -> str:
    """The text in the GSM 7-bit alphabet where its language loses nothing by it.

    A text that would need UCS-2 all the same (an emoji, a name in Arabic) is left as it is.
    """
    if language not in _LATIN or is_gsm7(text):
        return text
    folded = text.translate(_SIGNS).translate(_LETTERS.get(language, {}))
    return folded if is_gsm7(folded) else text


def is_sms(text: str) -> bool:
    """Whether a text goes out as one SMS of at most ``MOST`` segments."""
    return measure(text).segments <= MOST


def is_chat(text: str) -> bool:
    """Whether a text goes out as one chat message."""
    return len(text) <= LONGEST_CHAT


def split(text: str, fits: Callable[[str], bool] = is_sms) -> list[str]:
    """The text as messages that fit, numbered when there are several."""
    if fits(text):
        return [text]
    pieces = []
    while text:
        head = text[: _cut(text, fits)]
        pieces.append(head.strip())
        text = text[len(head) :].lstrip()
    return [f"{n}/{len(pieces)} {piece}" for n, piece in enumerate(pieces, 1)]


def _cut(text: str, fits: Callable[[str], bool]) -> int:
    """How much of a text goes into its next message, in characters."""
    room = _room(text, fits)
    if room == len(text):
        return room
    for place in (_SENTENCE, _SPACE):
        ends = [found.end() for found in place.finditer(text, 0, room)]
        if ends and ends[-1] > room * _WASTE:
            return ends[-1]
    return room


def _room(text: str, fits: Callable[[str], bool]) -> int:
    """The most characters that fit beside their number, found by halving: where a text does not
    fit, no longer one does."""
    least, most = 1, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if fits(f"99/99 {text[:middle]}"):
            least = middle
        else:
            most = middle - 1
    return least
