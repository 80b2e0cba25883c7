"""Which messages of a folder an IMAP client searches for (RFC 3501, section 6.4.4)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.web.simulator.imap.folder import Message
from gateway.web.simulator.imap.grammar import Malformed, Word, atom, within

#: Says of a message, by its sequence number and itself, whether it is meant.
Test = Callable[[int, Message], bool]

_FLAGS = {b"SEEN", b"ANSWERED", b"FLAGGED", b"DELETED", b"DRAFT"}


def search(keys: list[Word], view: list[Message]) -> list[tuple[int, Message]]:
    """The messages that meet every key, with their sequence numbers. Raises Malformed."""
    if keys and isinstance(keys[0], bytes) and keys[0].upper() == b"CHARSET":
        keys = keys[2:]
    meant = _all(keys, view)
    return [(number, message) for number, message in enumerate(view, 1) if meant(number, message)]


def _all(keys: list[Word], view: list[Message]) -> Test:
    tests: list[Test] = []
    rest = list(keys)
    while rest:
        tests.append(_next(rest, view))
    return lambda number, message: all(test(number, message) for test in tests)


def _next(rest: list[Word], view: list[Message]) -> Test:
    """Take one criterion off the front of the list."""
    try:
        key = rest.pop(0)
        if isinstance(key, list):
            return _all(key, view)
        return _named(key, rest, view)
    except IndexError:
        raise Malformed("a search key lacks its argument") from None


def _named(key: bytes, rest: list[Word], view: list[Message]) -> Test:
    name = key.upper()
    if name == b"ALL":
        return lambda number, message: True
    if name == b"NOT":
        unwanted = _next(rest, view)
        return lambda number, message: not unwanted(number, message)
    if name == b"OR":
        left, right = _next(rest, view), _next(rest, view)
        return lambda number, message: left(number, message) or right(number, message)
    if name == b"UID":
        uids = within(atom(rest.pop(0)), view[-1].uid if view else 0)
        return lambda number, message: uids(message.uid)
    if name == b"HEADER":
        return _header(atom(rest.pop(0)), atom(rest.pop(0)))
    return _flag(name, rest) or _numbered(name, view)


def _flag(name: bytes, rest: list[Word]) -> Test | None:
    if name in (b"KEYWORD", b"UNKEYWORD"):
        flag, wanted = atom(rest.pop(0)), name == b"KEYWORD"
    elif name in _FLAGS or (name.startswith(b"UN") and name[2:] in _FLAGS):
        wanted = name in _FLAGS
        flag = b"\\" + (name if wanted else name[2:]).capitalize()
    else:
        return None
    return lambda number, message: (flag in message.flags) is wanted


def _numbered(sequence_set: bytes, view: list[Message]) -> Test:
    numbers = within(sequence_set, len(view))
    return lambda number, message: numbers(number)


def _header(name: bytes, text: bytes) -> Test:
    start = name.lower() + b":"

    def has(number: int, message: Message) -> bool:
        header = message.raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").lower()
        return any(
            line.startswith(start) and text.lower() in line for line in header.split(b"\r\n")
        )

    return has
