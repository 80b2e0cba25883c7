"""Which language and script a short message is written in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from normalizer.language import builtin, model, reading
from normalizer.memo import Memo

#: Where a decision came from: the script alone, the model, the caller's hint, or nothing.
Source = Literal["script", "model", "langdetect", "hint", "none"]


@dataclass(frozen=True, slots=True)
class Language:
    """A BCP 47 tag with the confidence in it (0 to 1).

    Tags: ``ar``, ``ary-Arab``, ``ary-Latn``, ``zgh-Tfng``, ``zgh-Latn``, ``fr``, ``en``, ``es``,
    another ISO 639-1 code, or ``und`` when the text does not say. ``also`` is the other language
    of a mixed message.
    """

    tag: str
    confidence: float
    source: Source
    also: str | None = None


_UNKNOWN = Language("und", 0.0, "none")

#: So few words may be a greeting that everybody borrows; a hint knows better.
_FEW = 2
#: Below this the model is unsure and a hint is surer.
_SURE = 0.6
#: A word that is this clearly another language's makes the message a mixed one ...
_CLEAR = 0.9
#: ... if such words hold this share of the message.
_PART = 0.15
#: From this chance on that a message is in none of our languages, langdetect is asked ...
_STRANGE = 0.25
#: ... and must be this certain; a little less will do if our model has no doubt of it.
_CERTAIN = 0.99
_LIKELY = 0.7

#: Words of no language: everybody writes them, whatever they write around them.
_NEUTRAL = frozenset(
    """ok okay okey oki sms mms gps pdf jpg png app web whatsapp watsap facebook fb instagram
    insta tiktok youtube google gmail wifi internet covid test hh hhh hmm mm haha hihi dh mad km
    casablanca casa rabat salé sale fès fes marrakech marrakesh agadir tanger tangier tetouan
    tétouan meknès meknes oujda nador kénitra kenitra laâyoune laayoune dakhla essaouira taza
    larache ouarzazate zagora errachidia khouribga settat mohammedia temara berkane hoceima
    chefchaouen ifrane guelmim tiznit taroudant azrou khenifra""".split()
)

# Letters of Persian and Urdu keyboards that no Arabic one has.
_PERSIAN = re.compile("[یکںےہھٹڈڑژۀۂ]")
_ARABIC_LETTERS = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_TIFINAGH = re.compile("[\u2d30-\u2d7f]")
_LATIN = re.compile("[a-z\u00c0-\u024f\u1e00-\u1eff\u025b\u0263]")
_SCRIPTS = (("Arab", _ARABIC_LETTERS), ("Tfng", _TIFINAGH), ("Latn", _LATIN))


def detect(text: str, hint: str | None = None) -> Language:
    """The language that carries ``text``.

    ``hint`` is a tag that is likely without reading the text: what this person last wrote in, or
    the language of the form. It decides when there are one or two words or the model is unsure,
    unless the script says otherwise.
    """
    words = reading.words(text)
    if not words:
        return Language(hint, 0.5, "hint") if hint else _UNKNOWN
    scripts = [*_script.each(words)]
    by_script = {
        script: [word for word, its in zip(words, scripts, strict=True) if its == script]
        for script in dict.fromkeys(scripts)
    }
    main, *rest = sorted(by_script, key=lambda script: -_letters(by_script[script]))
    found = _decide(main, by_script[main], text, hint)
    if rest and found.also is None and _letters(by_script[rest[0]]) > 1:
        other = _decide(rest[0], by_script[rest[0]], text, None).tag
        also = None if other in {"und", found.tag} else other
        return Language(found.tag, found.confidence, found.source, also)
    return found


@Memo
def _script(word: str) -> str:
    return next((name for name, letters in _SCRIPTS if letters.search(word)), "Zyyy")


def _letters(words: Iterable[str]) -> int:
    return sum(map(len, words))


@cache
def _models() -> Mapping[str, model.Model]:
    return model.load()[1]


def _decide(script: str, words: Sequence[str], text: str, hint: str | None) -> Language:
    if script == "Tfng":
        return Language("zgh-Tfng", 1.0, "script")
    if script == "Zyyy" or (script == "Arab" and len(_PERSIAN.findall(text)) > 1):
        return _outside(text, latin=False, least=_LIKELY) or _UNKNOWN
    if _letters(words) == 1 or _NEUTRAL.issuperset(words):
        return Language(hint, 0.5, "hint") if hint else _UNKNOWN
    judge = _models()[script]
    chances = judge.chances(judge.weigh(words))
    tag, confidence = _best(chances)
    if hint and _fits(hint, script, confidence) and (len(words) <= _FEW or confidence < _SURE):
        return Language(hint, max(0.5, chances.get(hint, 0.0)), "hint")
    strange = chances.get("other", 0.0)
    least = _LIKELY if strange > confidence else _CERTAIN
    if strange > _STRANGE and (found := _outside(text, latin=True, least=least)):
        return found
    if script == "Arab":
        # Darija borrows from standard Arabic what it has no word for: that is no mixture.
        return Language(tag, confidence, "model")
    return Language(tag, confidence, "model", _other(tag, script, words))


@cache
def _clear(script: str) -> Memo[str | None]:
    """The language that a word of this script is clearly in."""
    judge = _models()[script]

    def clear(word: str) -> str | None:
        tag, chance = _best(judge.chances(judge.weigh([word])))
        return tag if chance >= _CLEAR and len(word) > 2 else None

    return Memo(clear)


def _best(chances: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest language of ours."""
    tag = max((tag for tag in chances if tag != "other"), key=chances.__getitem__)
    return tag, chances[tag]


def _fits(hint: str, script: str, confidence: float) -> bool:
    """Nobody writes French in Arabic letters; but any name may stand in Latin ones."""
    _, _, written = hint.partition("-")
    own = written or ("Arab" if hint in {"ar", "fa", "ur"} else "Latn")
    return own == script or (script == "Latn" and confidence < _SURE)


def _other(tag: str, script: str, words: Sequence[str]) -> str | None:
    """The language besides ``tag`` that enough words are clearly in."""
    different = dict.fromkeys(words)
    clear = [*_clear(script).each(different)]
    if {tag, None}.issuperset(clear):
        return None
    shares: dict[str, int] = defaultdict(int)
    for word, other in zip(different, clear, strict=True):
        if other and other != tag:
            shares[other] += len(word)
    most = max(shares, key=shares.__getitem__, default=None)
    return most if most and shares[most] >= _PART * _letters(different) else None


def _outside(text: str, latin: bool, least: float) -> Language | None:
    code, chance = builtin.guess(text[: reading.LONGEST], latin)
    inside = code in {"ar", "fr", "en", "es", "und"}
    return None if inside or chance < least else Language(code, chance, "langdetect")
