"""langdetect with its built-in profiles, for languages that we have no model of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from langdetect import PROFILES_DIRECTORY, DetectorFactory, LangDetectException

#: Written in Latin letters. All 55 profiles in one table take 60 MB; a table for these and one
#: for the rest take a third of it, and most installations never need the second.
_LATIN = frozenset(
    """af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr
    vi""".split()
)


@cache
def _factory(latin: bool) -> DetectorFactory:
    """Reading the profiles takes a tenth of a second or two: once, and only when first needed."""
    factory = DetectorFactory()
    files = sorted(p for p in Path(PROFILES_DIRECTORY).iterdir() if (p.name in _LATIN) is latin)
    factory.load_json_profile([path.read_text("utf-8") for path in files])
    # langdetect draws at random; the same text is to give the same answer.
    factory.seed = 0
    return factory


def guess(text: str, latin: bool) -> tuple[str, float]:
    """The likeliest ISO 639-1 code with its probability; ``und`` and 0 when there is none.

    ``latin`` tells whether to look among the languages written in Latin letters or the others.
    """
    detector = _factory(latin).create()
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except LangDetectException:
        return "und", 0.0
    # zh-cn and zh-tw are not ISO 639-1, and say more than we need.
    return (best[0].lang.partition("-")[0], float(best[0].prob)) if best else ("und", 0.0)
