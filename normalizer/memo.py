"""What was worked out for a word, kept for the next text: texts share most of their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Found = TypeVar("Found")

#: Words in one of the two halves of a memory.
_MOST = 8192
#: What is longer is hardly another text's too, and its sender would choose how much is kept.
_LONGEST = 40


class Memo(dict[str, Found]):
    """A function of one word with a memory, asked as a table is: ``memo[word]``.

    Its words are put aside when they are too many, and what is asked for again of those before the
    next ones are, is not worked out again.
    """

    def __init__(self, work: Callable[[str], Found]) -> None:
        super().__init__()
        self._work = work
        self._aside: dict[str, Found] = {}

    def __missing__(self, word: str) -> Found:
        aside = self._aside
        found = aside[word] if word in aside else self._work(word)
        if len(word) <= _LONGEST:
            if len(self) >= _MOST:
                self._aside = dict(self)
                self.clear()
            self[word] = found
        return found

    #: ``memo(word)``, for whoever needs a function.
    __call__ = dict.__getitem__

    def each(self, words: Iterable[str]) -> Iterator[Found]:
        """What is known of each word."""
        return map(self.__getitem__, words)
