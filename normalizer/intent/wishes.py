"""What the citizen wants by saying this. What is not surely a word to us is a matter of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Literal, cast

from normalizer.intent.answers import choice_of, rating_of
from normalizer.intent.codes import pin_of
from normalizer.intent.phrasebook import (
    Bag,
    Book,
    Said,
    books,
    hear,
    labels,
    languages,
    line_of,
    on_behalf,
    openings,
)
from normalizer.intent.reach import asks_to_be_reached
from normalizer.memo import Memo
from normalizer.text import fold
from normalizer.tracking import scan, without

Intent = Literal[
    "new",  # a matter of its own; what is not surely anything else
    "addition",  # goes on with something: « j'ajoute », "voici la photo"
    "status",  # asks how a case stands
    "cases",  # asks for the list of their cases
    "link",  # wants the link that opens a case
    "shared",  # others use this phone too
    "pin",  # chooses the four digits that open a case together with its number
    "rating",  # rates how a case was dealt with
    "reopen",
    "dissatisfied",  # the answer does not settle it
    "settled",  # their trouble is over
    "human",  # wants to speak with a person
    "yes",
    "no",
    "choice",  # nothing but a digit or an ordinal: answers a question of ours
    "reach",  # wants to be answered at another address
    "stop",
    "start",
    "help",
    "greeting",
    "language",
    "courtesy",  # a thank-you
    "spam",  # never read here: routing finds it, by what a message says as a whole
]

#: A bot's commands that ask for something at once; any other one gets help.
_COMMANDS: Mapping[str, Intent] = {
    "start": "start",
    "stop": "stop",
    "status": "status",
    "cases": "cases",
    "follow": "link",
    "link": "link",
    "language": "language",
    "lang": "language",
    "human": "human",
    "reopen": "reopen",
    "rate": "rating",
}
_COMMAND = re.compile(r"/([A-Za-z_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_CLAUSE = re.compile(r"\s*[.,;:!?،؛؟\n]+\s*")
#: No command has more words, nor more that count: with those for a case and an answer.
_WORDS, _COUNTING = 12, 6
#: So many words at most in a question about a case, a tracking number not counted.
_ASKING, _ASKING_WITH_NUMBER = 8, 15
#: So many words that we do not know may stand beside a phrase that asks for one of these.
_BESIDE: Mapping[str, int] = {
    "dissatisfied": 2,
    "human": 2,
    "link": 2,
    "reopen": 2,
    "shared": 2,
    "cases": 1,
    "help": 1,
    "status": 1,
    "stop": 1,
}
#: So many words may stand before what begins an addition.
_SIGHS = 6
#: A thank-you for what is settled is short.
_SETTLED = 8


def wish_of(text: str, *, has_files: bool = False) -> Intent:
    """What a message asks of us. Anything not surely a command is new matter, so it is heard."""
    wish = _wish_of(text.strip())
    # Whoever sends a file has something to show.
    return wish if not has_files or wish in ("addition", "dissatisfied", "reopen") else "new"


def language_of(text: str) -> str | None:
    """The language that a whole message asks to be written to in: ``FR``, ``بالعربية``,
    ``/language es``; its BCP 47 tag, or None."""
    if command := _COMMAND.fullmatch(text.strip()):
        text = (command[2] or "") if command[1].lower() in ("language", "lang") else ""
    return _named(hear(text).words)


def _named(words: tuple[str, ...]) -> str | None:
    around, names = languages()
    if len(words) > _WORDS:
        return None
    named = words if len(words) == 1 else tuple(word for word in words if word not in around)
    return names.get(named[0]) if len(named) == 1 else None


def is_on_behalf(text: str) -> bool:
    """Whether they write for somebody else: « pour ma mère », نيابة عن."""
    return bool(on_behalf().search(fold(text)))


def leaning_of(text: str) -> Intent | None:
    """What a message may ask for, given that its sender has reason to: most of its words do, and a
    word or two that we do not know stand beside them."""
    said = hear(text)
    return _nearly(said) if said.short else None


def assent_of(text: str) -> Intent | None:
    """The yes or no that a message begins with, and maybe goes on from. Many a sentence begins
    with a no that denies something else: one must stand by itself."""
    first, *_ = _CLAUSE.split(text.strip(), maxsplit=1)
    for words in (hear(first).words, hear(text).words[:1]):
        wish = _exactly(words)
        if wish == "yes" or (wish == "no" and words == hear(first).words):
            return wish
    return None


# Asked once to understand a message, and once more to tell its kind.
@lru_cache(maxsize=128)
def _wish_of(text: str) -> Intent:
    if command := _COMMAND.fullmatch(text):
        return _commanded(command[1].lower(), command[2] or "")
    said = hear(text)
    if pin_of(said) is not None:
        return "status" if any(scan(text)) else "pin"
    if said.short and (wish := _short(said)):
        return wish
    return "addition" if _adds(said.words) else "new"


def _commanded(name: str, rest: str) -> Intent:
    if name == "start" and scan(rest)[0]:
        return "status"  # the deep link of a case
    if name == "new" and rest:
        return "new"
    return _COMMANDS.get(name, "help")


def _short(said: Said) -> Intent | None:
    """What a text that is short enough to be one asks for, if it is a word to us."""
    if said.text == "?":
        return "help"
    if any(scan(said.text)):
        return _about_a_number(said)
    asked = _OF_ANY if said.strange else _OF_KNOWN
    return next((wish for of in asked if (wish := of(said))), None)


def _unhappy(said: Said) -> Intent | None:
    """Whether they say so first, and then why: « pas satisfait, toujours pas de courant »."""
    if len(said.words) > _WORDS or _unhappy_words().isdisjoint(said.spelt):
        return None
    first, *why = _CLAUSE.split(said.text, maxsplit=1)
    if not why:
        return None
    return "dissatisfied" if _said_alone(hear(first)) == "dissatisfied" else None


@cache
def _unhappy_words() -> Bag:
    says = (pair for book in books() for pair in book.says.items())
    return Bag().union(*(bag for bag, intent in says if intent == "dissatisfied"))


def _about_a_number(said: Said) -> Intent | None:
    """What is asked of the case whose number stands in the text: to see it, if nothing is."""
    rest = hear(without(said.text))
    words = tuple(word for word in rest.words if not word.isdigit())
    if any(all(_is_label(book, word) for word in words) for book in books()):
        return "rating" if rating_of(rest) else "status"
    if rating_of(rest):
        return "rating"
    if wish := _exactly(words) or _said_alone(rest):
        return wish
    if _asks(rest, _ASKING_WITH_NUMBER, named=True):
        return "status"
    return "settled" if _is_settled(rest) else _nearly(rest)


def _praise(words: tuple[str, ...]) -> Intent | None:
    """A thank-you with a word on the work: « merci, bon travail »."""
    thanked = any(
        all(word in book.small or word in book.beside or word in book.praise for word in words)
        and any(word in book.courtesy - book.small for word in words)
        for book in books()
    )
    return "courtesy" if thanked and words else None


def _exactly(words: tuple[str, ...]) -> Intent | None:
    """The intent that these very words ask for, politeness apart."""
    if len(words) <= _WORDS:
        for book in books():
            alone = tuple(word for word in words if word not in book.beside)
            if intent := book.exact.get(words) or book.exact.get(alone):
                return cast(Intent, intent)
    return None


def _said_alone(said: Said) -> Intent | None:
    """The intent whose words are all that is said, in any order and with small ones around."""
    for book, bag in _bags(said):
        short = Bag(word for word in bag if not book.about.fullmatch(word))
        if intent := book.says.get(bag) or book.says.get(short):
            return cast(Intent, intent)
    return None


def _nearly(said: Said) -> Intent | None:
    for book, bag in _bags(said):
        for phrase, intent in (one for word in bag for one in book.by_word.get(word, ())):
            if phrase <= bag and len(bag - phrase) <= _BESIDE.get(intent, -1):
                return cast(Intent, intent)
    return None


def _bags(said: Said) -> Iterator[tuple[Book, Bag]]:
    """The words that count, as each book sees them: as they were written, then as they are spelt;
    nothing where that are too many for a command."""
    if len(said.words) > _WORDS:
        return
    for words in dict.fromkeys((said.words, said.spelt)):
        for book in books():
            bag = Bag(words) - book.beside - book.small
            if len(bag) <= _COUNTING:
                yield book, bag


def _is_settled(said: Said) -> bool:
    """Whether they say that their trouble is over, and nothing against it."""
    words = said.words
    if len(words) > _SETTLED + 1 or openings("settled").isdisjoint(words):
        return False
    if words and _exactly(words[:1]) == "no":
        words = words[1:]
    line = line_of(words)
    return len(words) <= _SETTLED and any(
        any(phrase in line for phrase in book.settled)
        and not any(word in book.denies for word in words)
        for book in books()
    )


def _asks(said: Said, most: int, *, named: bool = False) -> bool:
    """Whether these words ask how a case stands: they name one, or it is named by its number, or
    they ask and say nothing else."""
    words = said.spelt
    if len(words) > most:
        return False
    names = named or any(_names_a_case.each(words))
    if said.strange and not names:
        return False
    line = line_of(words)
    return any(
        phrase in line and (names or _is_idle(book, line.replace(phrase, " ", 1).split()))
        for book in books()
        for phrase in book.asks
    )


@Memo
def _names_a_case(word: str) -> bool:
    return bool(labels().fullmatch(word))


def _is_idle(book: Book, words: Sequence[str]) -> bool:
    return all(word in book.small or word in book.beside for word in words)


def _is_label(book: Book, word: str) -> bool:
    return word in book.small or word in book.beside or bool(book.label.fullmatch(word))


def _polite(words: tuple[str, ...]) -> Intent | None:
    """A greeting or a thank-you that is all there is."""
    for book in books():
        if words and all(word in book.small or word in book.beside for word in words):
            if any(word in book.courtesy - book.greeting - book.small for word in words):
                return "courtesy"
            if any(word in book.greeting for word in words):
                return "greeting"
    return None


def _adds(words: tuple[str, ...]) -> bool:
    if openings("begins").isdisjoint(words[: _SIGHS + 1]):
        return False
    return any(
        line_of(begun).startswith(book.begins) for begun in _spoken(words) for book in books()
    )


def _spoken(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words as they stand, and without each greeting or sigh that they begin with."""
    yield words
    for start, word in enumerate(words[:_SIGHS], 1):
        if not any(word in book.greeting or word in book.sighs for book in books()):
            return
        yield words[start:]


#: What a short text may ask for, in the order in which it is looked for; and whether it may hold
#: words besides that no book knows, as most messages do.
_QUESTIONS: Sequence[tuple[Callable[[Said], Intent | None], bool]] = (
    (lambda said: _exactly(said.words), False),
    (lambda said: _polite(said.words), False),
    (lambda said: "language" if _named(said.words) else None, False),
    (lambda said: None if choice_of(said) is None else "choice", False),
    (lambda said: "rating" if rating_of(said) else None, True),
    (_said_alone, False),
    (_unhappy, True),
    (lambda said: "reach" if asks_to_be_reached(said) else None, True),
    (lambda said: "status" if _asks(said, _ASKING) else None, True),
    (lambda said: "settled" if _is_settled(said) else None, True),
    (lambda said: _praise(said.words), False),
)
_OF_KNOWN = tuple(of for of, _ in _QUESTIONS)
_OF_ANY = tuple(of for of, with_others in _QUESTIONS if with_others)
