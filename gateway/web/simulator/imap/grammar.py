"""The grammar of IMAP4rev1 commands (RFC 3501, section 9): bytes in, words and lists out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

#: A word is an atom or string as bytes, or a parenthesised list of words.
Word = bytes | list["Word"]

#: Ends a line that announces that many bytes to follow; ``+`` means without waiting (RFC 7888).
LITERAL = re.compile(rb"\{(\d{1,9})(\+?)\}$")

_LITERAL = re.compile(rb"\{(\d{1,9})\+?\}\r\n")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
#: An atom may carry a section in brackets, which may hold spaces: ``BODY[HEADER.FIELDS (A)]``.
_ATOM = re.compile(rb"(?:[^\s()\"{\[]|\[[^\]]*\])+")


class Malformed(Exception):
    """What the client sent is no command that this server knows."""


def words(line: bytes) -> list[Word]:
    """Split a command with its literals into words. Raises Malformed."""
    found, at = _list(line, 0, nested=False)
    if at != len(line):
        raise Malformed("unexpected closing parenthesis")
    return found


def _list(line: bytes, at: int, *, nested: bool) -> tuple[list[Word], int]:
    found: list[Word] = []
    while at < len(line):
        byte = line[at : at + 1]
        if byte.isspace():
            at += 1
        elif byte == b"(":
            inner, at = _list(line, at + 1, nested=True)
            found.append(inner)
        elif byte == b")":
            return found, at + 1 if nested else at
        else:
            word, at = _word(line, at)
            found.append(word)
    if nested:
        raise Malformed("a parenthesis is not closed")
    return found, at


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    if quoted := _QUOTED.match(line, at):
        return re.sub(rb"\\(.)", rb"\1", quoted[1]), quoted.end()
    if literal := _LITERAL.match(line, at):
        end = literal.end() + int(literal[1])
        return line[literal.end() : end], end
    if atom := _ATOM.match(line, at):
        return atom[0], atom.end()
    raise Malformed("a word is cut off")


def atom(word: Word) -> bytes:
    """The word itself, where no list may stand. Raises Malformed."""
    if isinstance(word, list):
        raise Malformed("a list stands where a word should")
    return word


def quoted(text: str) -> bytes:
    """A string as a server says it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return b'"' + escaped.encode() + b'"'


def literal(content: bytes) -> bytes:
    """Bytes of any kind as a server says them."""
    return b"{%d}\r\n%s" % (len(content), content)


def within(sequence_set: bytes, highest: int) -> Callable[[int], bool]:
    """Whether a number is in ``1,3:5,7:*``. Raises Malformed.

    ``*`` is the highest number in use, and a range may be written backwards, so ``n:*`` always
    holds the last message, even when it is older than n (RFC 3501, section 6.4.8).
    """
    ranges = list(_ranges(sequence_set, highest))
    return lambda number: any(low <= number <= high for low, high in ranges)


def _ranges(sequence_set: bytes, highest: int) -> Iterator[tuple[int, int]]:
    for part in sequence_set.split(b","):
        first, _, last = part.partition(b":")
        try:
            ends = [highest if end == b"*" else int(end) for end in (first, last or first)]
        except ValueError:
            raise Malformed("that is no sequence set") from None
        yield min(ends), max(ends)
