"""What kind of message it is: a complaint, suggestion, remark or question, a word about an earlier
one, or an advert."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Literal, get_args

from normalizer.intent import kind_of, wish_of
from normalizer.memo import Memo
from normalizer.text import FOLDED, any_of, fold, words_in
from routing.directory import Directory
from routing.entries import Phrases
from routing.model import Model, softmax
from routing.words import skeleton, stem

Sort = Literal["complaint", "suggestion", "remark", "question", "status_query", "spam"]
SORTS: tuple[Sort, ...] = get_args(Sort)
#: What asks nothing of an administration: it is kept, and routed nowhere.
NOT_ROUTED: tuple[Sort, ...] = ("status_query", "spam")

#: A message that names somebody's matter is only taken for an advert or an enquiry when it is
#: surely one: to take a complaint for one would leave its author unheard.
_SURE, _NAMED = 0.7, 1.2
#: Longer texts are judged by so many words at each end, where people greet, ask and conclude.
_ENDS = 30

#: Stands for every word of the matter.
_TOPIC = "*"
_WORD = re.compile(r"[^\W_]+|[?؟]|%")
_LINK = re.compile(r"https?://|www\.|\b(?:bit\.ly|wa\.me|t\.me)/")
_MONEY = re.compile(r"\d\s*(?:dh|dirham|euro|dollar|€|\$|درهم|اورو|دولار)", re.IGNORECASE)
_PERCENT = re.compile(r"\d\s*%|%\s*\d")


@dataclass(frozen=True, slots=True)
class Matter:
    """What of a text is an administration's matter: log-odds by the lexicon, and its words."""

    weight: float
    words: frozenset[str] = frozenset()


def sort_named(name: str) -> Sort:
    """The kind of that name. Raises ValueError."""
    for sort in SORTS:
        if sort == name:
            return sort
    raise ValueError(f"no kind is called {name!r}")


class Turns:
    """The turns of phrase by which kinds are known, ready to be looked for."""

    def __init__(self, phrases: Mapping[str, Phrases]) -> None:
        self._phrases = {
            kind: re.compile(rf"\b(?:{any_of(map(_pattern, those))})")
            for kind, those in phrases.items()
        }
        longest = {kind: [*filter(None, map(_longest, those))] for kind, those in phrases.items()}
        self._words = {kind: re.compile(any_of(those)) for kind, those in longest.items()}
        self._word = re.compile(any_of(chain.from_iterable(longest.values())))
        #: The kinds that each word hints at: few belong to a phrase.
        self._hinted = Memo(self._hints)
        #: Asked to tell the kind of a message, and once more whether anything stands against it.
        self.inside = lru_cache(maxsize=128)(self._inside)

    def _inside(self, text: str) -> list[str]:
        """The kinds that a text has a turn of."""
        hinted = set(chain.from_iterable(self._hinted.each(words_in(text))))
        return [
            kind
            for kind, phrases in self._phrases.items()
            if kind in hinted and phrases.search(fold(text))
        ]

    def _hints(self, word: str) -> list[str]:
        if not self._word.fullmatch(word):
            return []
        return [kind for kind, words in self._words.items() if words.fullmatch(word)]


@lru_cache(maxsize=8)
def turns_of(directory: Directory) -> Turns:
    """The turns of phrase of a directory."""
    return Turns(directory.turns)


def _pattern(phrase: str) -> str:
    """A star stands for any ending; words may stand apart by anything that is no letter."""
    words = _WORD.findall(fold(phrase))
    spelt = r"\W+".join(re.escape(word) for word in words)
    return spelt if phrase.endswith("*") else rf"{spelt}\b"


def _longest(phrase: str) -> str:
    """A pattern for its longest word, without which a text does not hold a phrase."""
    words = _WORD.findall(fold(phrase))
    longest = max(words, key=len, default="")
    ending = r"\w*" if phrase.endswith("*") and longest == words[-1] else ""
    return re.escape(longest) + ending


def parts(text: str, matter: Matter, turns: Turns) -> list[str]:
    """The features of a text, as often as it has each.

    The words of its matter count as one and the same word: that trains were praised in the
    examples says nothing of the next message about a train.
    """
    words = [*chain.from_iterable(_WORDS.each(text.split()))]
    if len(words) > 2 * _ENDS:
        words = words[:_ENDS] + words[-_ENDS:]
    words = [_TOPIC if word in matter.words else word for word in words]
    return [*_said(words), *_marks(text, words, matter.weight, turns)]


def vector(parts: Collection[str]) -> dict[str, float]:
    """The same as what a model is fitted to, of unit length."""
    value = 1 / math.sqrt(len(parts))
    found: dict[str, float] = {}
    for part in parts:
        found[part] = found.get(part, 0.0) + value
    return found


def _said(words: Iterable[str]) -> list[str]:
    found: list[str] = []
    before = "<"
    for word in words:
        root, own = _own[word]
        found += own
        found.append(f"{before} {root}")
        before = root
    return found


@Memo
def _own(word: str) -> tuple[str, tuple[str, ...]]:
    """The stem of a word, and what it is known by alone."""
    if word == _TOPIC:
        return word, ()
    root, sounds = stem(word), skeleton(word)
    return root, ("=" + root, "~" + sounds) if len(sounds) >= 3 else ("=" + root,)


#: The words between two blanks, and what tells of a question or a share.
_WORDS = Memo(lambda part: _WORD.findall(FOLDED[part]))


def _marks(text: str, words: list[str], matter: float, turns: Turns) -> list[str]:
    """What is known of a text beside its words; doubled, for it is worth more than one of them."""
    marks = [
        f"=rule {kind_of(text)}",
        f"=matter {min(int(matter), 4)}",
        f"=length {min(len(words).bit_length(), 6)}",
    ]
    if words and words[-1] in "?؟":
        marks.append("=asked")
    marks += [f"=turn {kind}" for kind in turns.inside(text)]
    marks.append(f"=wish {wish_of(text)}")
    for pattern, name in ((_LINK, "link"), (_MONEY, "money"), (_PERCENT, "percent")):
        if pattern.search(text):
            marks.append(f"={name}")
    return 2 * marks


def sort_of(text: str, matter: Matter, turns: Turns, model: Model | None) -> Sort:
    """The kind of a message by its wording; without a model by rules alone."""
    if model is None:
        return kind_of(text)
    chances = softmax(model.odds(parts(text, matter, turns)))
    least = _SURE if matter.weight >= _NAMED else 0.0
    ranked = sorted(SORTS, key=lambda sort: -chances.get(sort, 0.0))
    return next(
        sort for sort in ranked if sort not in NOT_ROUTED or chances.get(sort, 0.0) >= least
    )
