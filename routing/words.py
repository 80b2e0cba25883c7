"""Words made comparable across spellings: stems per script, and one skeleton for both scripts of
Darija."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, count, repeat

from normalizer.memo import Memo
from normalizer.text import WORDS, words_in

_ARABIC = re.compile("[\u0600-\u06ff]")
_PUNCTUATION = ".,;:!?…«»“”\"'()[]*-–—؟،؛"

#: Words that stand between the parts of a name ("carte d'identité", "do dyal zan9a") or open any
#: sentence: they say nothing of the matter, and phrases match across them.
STOPWORDS = frozenset(
    "de du des d la le les l un une et a au aux en dans sur pour par the of an to in on at for and "
    "el los las del y un una con por dyal dial diali dyali dyalna f fi b w o u 3la mn m3a had ana "
    "ديال د في ف من على علي الى الي عن و ب مع هذا هذه هاد ان".split()
)

#: Clitics before an Arabic noun (and, in, with, to, like, the), longest first.
_PREFIXES = tuple("وبال وفال وكال فال بال كال وال ولل لل ال".split())
_LETTERS = "وفبل"
#: Possessives, feminine and plural endings of an Arabic noun, longest first.
_SUFFIXES = tuple("تنا تها تهم تكم اتي تي تك ته هم كم نا ها ات ين ون يه ه ي ك".split())
#: Those of them that tell short words apart (طلب request, طلبة students): kept on these.
_TELLING = frozenset("ات ين ون يه ه ي ك".split())

#: How the letters of both scripts sound alike to people who write Darija. ``3`` (ع) is kept, for
#: it is rarely left out; ``e`` is written or not as one likes.
_ARABIC_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("ءهؤئ", ""),
        **dict.fromkeys("ثتط", "t"),
        **dict.fromkeys("دذضظ", "d"),
        **dict.fromkeys("سص", "s"),
        **dict.fromkeys("قك", "k"),
        **dict(zip("اىويبجحخرزشعغفلمن", "aauibjhxrzS3Gflmn", strict=True)),
    }
)
_DIGRAPHS = (
    ("kh", "x"), ("gh", "G"), ("ch", "S"), ("sh", "S"), ("th", "t"), ("dh", "d"), ("ph", "f"),
    ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("ou", "u"),
)  # fmt: skip
_LATIN_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("e2", ""),
        **dict.fromkeys("kqcg9", "k"),
        "o": "u", "w": "u", "y": "i",
        "5": "x", "7": "h", "6": "t", "p": "b", "v": "f", "8": "G",
    }
)  # fmt: skip
_VOWELS = str.maketrans("", "", "aiu")
_DOUBLES = re.compile(r"(.)\1+")
_FINAL_H = re.compile("h$")
#: From so many consonants on, they tell words apart without the vowels.
_ENOUGH = 4
#: Up to so many letters a Darija word in Latin letters is likely another language's too.
_SHORT = 3
#: The article in Latin letters: l, or the sun letter that it becomes (lma, ddo, zzbel).
_ARTICLE = "ldsztnrc"


def split(text: str) -> list[str]:
    """The folded words of a text that carry meaning, in order. Numbers are left out."""
    return [*filter(_tells, words_in(text))]


def _tells(word: str) -> bool:
    return word not in STOPWORDS and not word.isdigit()


def as_written(text: str, spans: Iterable[tuple[int, int]]) -> list[str]:
    """What the writer wrote where the words of ``split(text)`` from start up to end stand."""
    tokens = text.split()
    place = [*chain.from_iterable(map(repeat, count(), _MEANINGFUL.each(tokens)))]
    return [
        " ".join(tokens[place[start] : place[end - 1] + 1]).strip(_PUNCTUATION)
        for start, end in spans
        if end <= len(place)
    ]


#: How many words that carry meaning are written between two blanks.
_MEANINGFUL = Memo(lambda token: sum(map(_tells, WORDS[token])))


def is_arabic(word: str) -> bool:
    """Whether a folded word is written in Arabic script."""
    return bool(_ARABIC.match(word))


@Memo
def stem(word: str) -> str:
    """The folded word without the endings (and, in Arabic, the article) that grammar gives it."""
    return _arabic_stem(bare(word)) if is_arabic(word) else _latin_stem(word)


def bare(word: str) -> str:
    """An Arabic word without article and the clitics joined to it; any other as it is."""
    if word.startswith(_PREFIXES):
        for prefix in _PREFIXES:
            # A shorter rest is another word: الما is water, ما is not.
            if word.startswith(prefix) and len(word) - len(prefix) >= 3:
                return word[len(prefix) :]
    return word


def _arabic_stem(word: str) -> str:
    for suffix in _SUFFIXES:
        shortest = 4 if suffix in _TELLING else 3
        if word.endswith(suffix) and len(word) - len(suffix) >= shortest:
            return word[: -len(suffix)]
    return word


def _latin_stem(word: str) -> str:
    if len(word) > 4 and word[-1] in "sx":
        word = word[:-1]
    while len(word) > 5 and word[-1] == "e":
        word = word[:-1]
    return word


@Memo
def skeleton(word: str) -> str:
    """The consonants of a folded word as Darija sounds them, equal for both of its scripts.

    ``sbitar``, ``ssbitare`` and ``السبيطار`` are all ``sbtr``. A word with few consonants keeps
    its vowels (``tbib``, طبيب), or it would be too many words at once.
    """
    if is_arabic(word):
        sounds = bare(word).translate(_ARABIC_SOUNDS)
    else:
        sounds = _FINAL_H.sub("", word)
        for pair, sound in _DIGRAPHS:
            sounds = sounds.replace(pair, sound)
        sounds = sounds.translate(_LATIN_SOUNDS)
    sounds = _DOUBLES.sub(r"\1", sounds)
    consonants = _DOUBLES.sub(r"\1", sounds.translate(_VOWELS))
    return consonants if len(consonants) >= _ENOUGH else sounds


def stem_key(word: str, *, darija: bool) -> str:
    """What a word is looked up by. Short Darija words have keys of their own, for *do* and *ma*
    are other words in other languages."""
    return f"z {word}" if darija and len(word) <= _SHORT and word.isascii() else stem(word)


def sound_key(word: str) -> str | None:
    """What a word is looked up by when its spelling is not known, or None if it is too short."""
    sounds = skeleton(word)
    few = sounds.translate(_VOWELS) != sounds
    return "~" + sounds if len(sounds) >= _ENOUGH + few else None


def keys(word: str, *, darija: bool) -> tuple[str, ...]:
    """All that a folded word of a text may be looked up by, sounds last.

    ``darija`` says that the text may be Darija, so that its spelling is anyone's.
    """
    forms = [word]
    if is_arabic(word):
        forms.append(bare(word))
        if word[0] in _LETTERS and len(word) >= 4:
            forms.append(bare(word[1:]))
    elif darija and word[0] in _ARTICLE and len(word) >= 4 and word[1] not in "aeiou":
        forms.append(word[1:])
    found = [stem(form) for form in forms]
    if darija:
        found += [stem_key(form, darija=True) for form in forms]
        found += [sounds for form in forms if (sounds := sound_key(form))]
    return tuple(dict.fromkeys(found))
