"""What answers a question of ours: a digit, an ordinal, a score with a word beside it."""

from __future__ import annotations

import re
from functools import lru_cache

from normalizer.intent.phrasebook import Book, Said, books, words_of
from normalizer.text import plain_digits

#: A run of digits that stands by itself: not in "3afak", not in 12/03.
_DIGITS = re.compile(r"(?<![\w/])\d+(?![\w/])")
# A pattern that begins with the figure itself is found four times as fast as one that first looks
# at what stands before it.
_FIGURE = r"([1-5])(?<![\w/.,].)"
#: A score out of five: 4/5, 4 sur 5, 4 من 5.
_OUT_OF_FIVE = re.compile(
    rf"{_FIGURE}\s*(?:/|sur|out of|sobre|de|3la|3ala|ala|ela|على|من)\s*5(?![\w/])", re.IGNORECASE
)
_SCORE = re.compile(rf"{_FIGURE}(?![\w/])")
#: Nothing else says a score in figures.
_MARK = re.compile(r"[\d①-⑨⭐★🌟]")
_STARS = re.compile(r"(?:[⭐★🌟]\ufe0f?\s*){1,5}")
#: In more words than these a text is a story.
_CHOICE_WORDS, _COMMENT_WORDS = 6, 40
_EDGES = " \t\n.,;:!?/-–—،؛()*"


def choice_of(said: Said) -> int | None:
    """The digit from 0 to 9 that is all a message says: ``2``, ``٢``, « la deuxième », لولة."""
    words = said.words
    if said.strange or len(words) > _CHOICE_WORDS or not said.short:
        return None
    digits = _DIGITS.findall(plain_digits(said.text))
    if not digits:
        return next((n for book in books() if (n := _ordinal(book, words)) is not None), None)
    if len(digits) > 1 or len(digits[0]) > 1:
        return None
    others = [word for word in words if not word.isdigit()]
    chosen = any(all(_is_idle(book, word) for word in others) for book in books())
    return int(digits[0]) if chosen else None


# Asked for itself, and once more to tell the wish.
@lru_cache(maxsize=128)
def rating_of(said: Said) -> tuple[int, str] | None:
    """The score from 1 to 5 that a message gives, and the words beside it. None unless sure: there
    may be a 3 in any complaint."""
    if len(said.words) > _COMMENT_WORDS or not said.short:
        return None
    if not _MARK.search(said.text):
        return None if said.strange else _worded(said.words)
    text = plain_digits(said.text).strip()
    if _STARS.fullmatch(text):
        return sum(text.count(star) for star in "⭐★🌟"), ""
    fraction = _OUT_OF_FIVE.search(text)
    found = fraction or _SCORE.search(text)
    if found is None:
        return None
    before, after = words_of(text[: found.start()]), words_of(text[found.end() :])
    if any(_rates(book, before, after, whole=bool(fraction)) for book in books()):
        return int(found[1]), _comment(text[: found.start()], text[found.end() :])
    return None


def _rates(book: Book, before: tuple[str, ...], after: tuple[str, ...], *, whole: bool) -> bool:
    """Whether a digit between these words is a score. « note 4 » says so itself; else nothing but
    an opinion may stand beside it, and a bare digit says nothing else."""
    announced = any(word in book.nouns for word in before)
    if announced and all(word in book.rating or word in book.small for word in before):
        return True
    others = before + after
    if not all(
        word in book.rating or word in book.opinion or _is_idle(book, word) for word in others
    ):
        return False
    rates = any(word in book.rating or word in book.opinion for word in others)
    return whole or rates or not any(word not in book.beside for word in others)


def _worded(words: tuple[str, ...]) -> tuple[int, str] | None:
    for book in books():
        alone = tuple(word for word in words if word not in book.beside)
        if score := book.scores.get(words) or book.scores.get(alone):
            return score, ""
    return None


def _ordinal(book: Book, words: tuple[str, ...]) -> int | None:
    alone = tuple(word for word in words if word not in book.beside)
    bare = tuple(
        word for word in alone if word not in book.articles and not book.about.fullmatch(word)
    )
    return next(
        (book.ordinals[said] for said in (words, alone, bare) if said in book.ordinals), None
    )


def _is_idle(book: Book, word: str) -> bool:
    """Whether a word changes nothing of what is chosen."""
    return word in book.small or word in book.beside or bool(book.about.fullmatch(word))


def _comment(before: str, after: str) -> str:
    """What was said of the score: behind it, or before it if that is an opinion."""
    if any(letter.isalnum() for letter in after):
        return after.strip(_EDGES)
    words = words_of(before)
    holds = any(word in book.opinion for book in books() for word in words)
    return before.strip(_EDGES) if holds else ""
