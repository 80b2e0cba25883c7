"""The words that people say to us, by language: what the files in ``words/`` hold, ready to match.

Each file has these parts. All are compared folded (``normalizer.text.fold``), so that case, accents
and vowel marks do not matter.

========= =========================================================================================
small     words that change nothing of what is asked
polite    … nor do these; ``greeting`` and ``courtesy`` too, unless nothing else is said
case      what a complaint is called, ``answer`` what comes back; a ``*`` stands for any ending
code      what the four digits are called that open a case on a shared phone
says      by intent, what a message may say and nothing else; ``(word)`` may be left out
asks      what asks how a case stands, in a message that also names a case
begins    how an addition begins
behalf    what somebody says who writes for another; ``{kin}`` is any word of ``kin``
ordinals  by digit, how one of several choices is named; 0 is none of them
rating    ``nouns`` that announce a score, words beside one; 1 to 5: words that are one
reach     what ``says`` that they want to be answered at another address, and words beside it
sighs     what somebody says before they begin, and means nothing
still     what says that a trouble goes on, or is back
settled   what says that it is over; not where one of the words that ``deny`` stands beside it
scene     what any complaint may name: places, times, people; two that share it need not be alike
shorthand how people shorten words, and what they mean
========= =========================================================================================
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, product
from pathlib import Path
from typing import Any, Literal

from normalizer.memo import Memo
from normalizer.text import any_of, fold, words_in

_FILES = Path(__file__).parent / "words"
#: The Arabic article with what is written together with it: الرد, والرد, بالرد, للرد.
_ARTICLE = re.compile("^(?:[وفبك]?ال|لل)(?=\\w{2})")
#: A shorter word has too many neighbours to be recognised misspelt.
_LONG = 5
_SHORT = 300

Bag = frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A text with its first words as they are compared, ``spelt`` with the misspelt ones put
    right; ``strange`` where one of them stands in no book, so that it is more than a word to us. A
    text that is not ``short`` is a story, whatever words it holds. What is heard again is the same
    object, so that what it says is found out once."""

    text: str
    words: tuple[str, ...]
    spelt: tuple[str, ...]
    strange: bool

    @property
    def short(self) -> bool:
        return len(self.text) <= _SHORT


@dataclass(frozen=True, slots=True)
class Book:
    """One language's words. A ``Bag`` is the words of a phrase in any order, the small ones left
    out; ``exact`` are whole messages, word by word; ``by_word`` are the phrases of several words,
    each under its longest one."""

    small: Bag
    beside: Bag
    greeting: Bag
    courtesy: Bag
    sighs: Bag
    label: re.Pattern[str]
    about: re.Pattern[str]
    exact: Mapping[tuple[str, ...], str]
    says: Mapping[Bag, str]
    by_word: Mapping[str, tuple[tuple[Bag, str], ...]]
    asks: tuple[str, ...]
    begins: tuple[str, ...]
    ordinals: Mapping[tuple[str, ...], int]
    articles: Bag
    scores: Mapping[tuple[str, ...], int]
    nouns: Bag
    rating: Bag
    opinion: Bag
    praise: Bag
    codes: Bag
    reach: tuple[str, ...]
    means: Bag
    still: tuple[str, ...]
    settled: tuple[str, ...]
    denies: Bag
    usual: Bag
    lexicon: Bag


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text for comparing: folded, written out, without the Arabic article."""
    return tuple(chain.from_iterable(_meant.each(words_in(text))))


@Memo
def _meant(word: str) -> list[str]:
    bare = _ARTICLE.sub("", word)
    return _shorthand().get(bare, bare).split()


@cache
def _shorthand() -> Mapping[str, str]:
    """What every language's shortened words mean: « pr » is « pour », "pls" is "please"."""
    found: dict[str, str] = {}
    for path in sorted(_FILES.glob("*.toml")):
        found |= tomllib.loads(path.read_text("utf-8")).get("shorthand", {})
    return {fold(short): fold(meant) for short, meant in found.items()}


# A message is heard several times on its way.
@lru_cache(maxsize=128)
def hear(text: str) -> Said:
    """The text with its words."""
    found = words_of(text[:_SHORT])
    spelt = tuple(corrected.each(found))
    return Said(text, found, spelt, not all(_is_known.each(spelt)))


@Memo
def _is_known(word: str) -> bool:
    """Whether any book has a use for a word, or it is a number."""
    return word.isdigit() or word in _vocabulary() or bool(_abouts().fullmatch(word))


@cache
def labels() -> re.Pattern[str]:
    """A word that a complaint is called, in any book."""
    return re.compile("|".join(book.label.pattern for book in books()))


@cache
def _abouts() -> re.Pattern[str]:
    """The same, or what an answer is called."""
    return re.compile("|".join(book.about.pattern for book in books()))


@cache
def _vocabulary() -> Bag:
    """Every word of every book, and what is said of languages."""
    around, names = languages()
    return _spelling()[0].union(
        around,
        names,
        *(b.rating | b.codes | b.means for b in books()),
        *(words for b in books() for words in (*b.ordinals, *b.scores)),
    )


@Memo
def corrected(word: str) -> str:
    """The word of any book that this one is a letter away from, or itself."""
    known, misspelt = _spelling()
    if len(word) < _LONG or word in known:
        return word
    return next((misspelt[one] for one in _shortened(word) if one in misspelt), word)


@cache
def _spelling() -> tuple[Bag, Mapping[str, str]]:
    """All words of all books, and those long enough by what is left of them without a letter."""
    known = Bag().union(
        *(b.lexicon | b.small | b.beside | b.opinion for b in books()),
        *(phrase.split() for b in books() for phrase in b.asks),
    )
    lexicon = sorted({word for book in books() for word in book.lexicon if len(word) >= _LONG})
    return known, {short: word for word in lexicon for short in _shortened(word)}


def _shortened(word: str) -> list[str]:
    """The word, and what is left of it when one letter is missing. Two words that share one of
    these differ by one letter: too many, too few, wrong, or changed with its neighbour."""
    return [word, *(word[:n] + word[n + 1 :] for n in range(len(word)))]


def line_of(words: Iterable[str]) -> str:
    """Words as one string in which a phrase is found whole: a blank before, between and after."""
    return f" {' '.join(words)} "


@cache
def books() -> tuple[Book, ...]:
    """Every language's, read once."""
    paths = sorted(path for path in _FILES.glob("*.toml") if path.stem != "languages")
    return tuple(_book(tomllib.loads(path.read_text("utf-8"))) for path in paths)


@cache
def openings(part: Literal["asks", "begins", "settled"]) -> Bag:
    """The words that phrases of a part begin with, in any book."""
    return Bag(phrase.split()[0] for book in books() for phrase in getattr(book, part))


@cache
def languages() -> tuple[Bag, Mapping[str, str]]:
    """What people say around the name of a language, and each name with its BCP 47 tag."""
    told = tomllib.loads((_FILES / "languages.toml").read_text("utf-8"))
    names = {word: tag for tag, said in told["names"].items() for word in words_of(said)}
    return Bag(words_of(told["around"])), names


@cache
def on_behalf() -> re.Pattern[str]:
    """What says that somebody writes for another, in a folded text."""
    said: list[str] = []
    for path in sorted(_FILES.glob("*.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        kin = fold(told.get("kin", "")).split()
        for phrase in told.get("behalf", ()):
            filled = [phrase.replace("{kin}", one) for one in kin] if "{" in phrase else [phrase]
            said += [re.escape(fold(one)).replace(r"\*", r"\w*") for one in filled]
    return re.compile(rf"\b(?:{any_of(said)})\b")


def _book(told: Mapping[str, Any]) -> Book:
    small = Bag(words_of(told["small"]))
    greeting, courtesy = Bag(words_of(told["greeting"])), Bag(words_of(told["courtesy"]))
    beside = Bag(words_of(told["polite"])) | greeting | courtesy
    says = [
        (words_of(phrase), intent)
        for intent, phrases in told["says"].items()
        for phrase in _spelt_out(phrases)
    ]
    bags = [(Bag(words) - small - beside, words, intent) for words, intent in says]
    ordinals = {
        words_of(phrase): int(digit)
        for digit, phrases in told["ordinals"].items()
        for phrase in phrases
    }
    none = {word for words, digit in ordinals.items() if digit == 0 for word in words}
    rating, reach = told["rating"], told["reach"]
    lexicon = {word for words, _ in says for word in words} | set(
        words_of(f"{told['case']} {told['answer']}".replace("*", ""))
    )
    # One word is a phrase only where it was written so, not where small ones were taken off.
    phrases = {
        bag: intent
        for bag, words, intent in bags
        if len(bag) > 1 or (bag and len(words) == 1 and intent in _ALONE)
    }
    return Book(
        small=small,
        beside=beside,
        greeting=greeting,
        courtesy=courtesy,
        sighs=Bag(words_of(told["sighs"])),
        label=_any_of(told["case"]),
        about=_any_of(f"{told['case']} {told['answer']}"),
        exact=dict(says),
        says=phrases,
        by_word=_by_word(phrases),
        asks=_inside(told["asks"]),
        begins=_inside(told["begins"]),
        ordinals=ordinals,
        articles=small - none,
        scores={words_of(p): n for n in range(1, 6) for p in rating.get(str(n), ())},
        nouns=Bag(words_of(rating["nouns"])),
        rating=Bag(words_of(f"{rating['nouns']} {rating['words']}")),
        opinion=Bag(words_of(f"{rating['praise']} {rating['blame']}")),
        praise=Bag(words_of(rating["praise"])),
        codes=Bag(words_of(told["code"])),
        reach=_inside(reach["says"]),
        means=Bag(words_of(f"{reach['means']} {' '.join(reach['says'])}")),
        still=_inside(told["still"]),
        settled=_inside(told["settled"]),
        denies=Bag(words_of(told["denies"])),
        usual=small
        | beside
        | lexicon
        | Bag(words_of(f"{told['scene']} {told['denies']} {rating['praise']} {rating['blame']}")),
        lexicon=Bag(lexicon),
    )


#: What one word may ask for with small words around it: « je suis insatisfait ».
_ALONE = ("status", "cases", "link", "reopen", "dissatisfied", "human", "yes", "no")


def _by_word(phrases: Mapping[Bag, str]) -> Mapping[str, tuple[tuple[Bag, str], ...]]:
    found: dict[str, list[tuple[Bag, str]]] = {}
    for bag, intent in phrases.items():
        if len(bag) > 1:
            found.setdefault(max(bag, key=lambda word: (len(word), word)), []).append((bag, intent))
    return {word: tuple(those) for word, those in found.items()}


def _inside(phrases: Iterable[str]) -> tuple[str, ...]:
    """The phrases as they stand inside a line of words, see ``line_of``."""
    return tuple(line_of(words_of(phrase)) for phrase in phrases)


def _any_of(said: str) -> re.Pattern[str]:
    # Letters that Arabic and Darija write together with a noun: فالشكاية, وملفي, l3arbiya.
    words = (re.escape(fold(word)).replace(r"\*", r"\w*") for word in said.split())
    return re.compile(rf"[وفبل]?(?:{'|'.join(words)})")


def _spelt_out(phrases: Iterable[str]) -> Iterator[str]:
    """Each phrase with and without the words in brackets."""
    for phrase in phrases:
        parts = re.split(r"\(([^)]*)\)", phrase)
        choices = [(part,) if n % 2 == 0 else (part, "") for n, part in enumerate(parts)]
        for chosen in product(*choices):
            yield "".join(chosen)
