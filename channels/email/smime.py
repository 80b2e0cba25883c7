"""The mail inside an opaque S/MIME signature (RFC 8551, 3.5): signed, packed, and not encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})

#: 1.2.840.113549.1.7.2, signedData (RFC 5652, 5.1).
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_OID, _OCTETS, _SEQUENCE, _SET, _CONTEXT_0 = 0x06, 0x04, 0x30, 0x31, 0xA0
_CONSTRUCTED = 0x20
_INDEFINITE = 0x80
#: Levels of nesting; mailers need nine.
_MAX_DEPTH = 30


class NotSigned(Exception):
    """The bytes are no signed data with its content inside, or break off."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One BER element: its value's place, and where the next one begins (X.690, 8.1)."""

    tag: int
    start: int
    stop: int
    end: int


def content(data: bytes) -> bytes:
    """The MIME entity that was signed. Raises NotSigned."""
    try:
        return _content(data)
    except IndexError:
        raise NotSigned from None


def _content(data: bytes) -> bytes:
    kind, packed = _first(data, _element(data, 0), _OID, _CONTEXT_0)
    if data[kind.start : kind.stop] != _SIGNED_DATA:
        raise NotSigned
    (signed,) = _first(data, packed, _SEQUENCE)
    # The version and the digests' names come before what they are made of.
    (inside,) = _first(data, signed, _SEQUENCE)
    (wrapped,) = _first(data, inside, _CONTEXT_0)
    return b"".join(_octets(data, _element(data, wrapped.start)))


def _first(data: bytes, parent: _Element, *tags: int) -> list[_Element]:
    """The first child of each kind."""
    found = {child.tag: child for child in reversed(list(_children(data, parent)))}
    if not set(tags) <= set(found):
        raise NotSigned
    return [found[tag] for tag in tags]


def _children(data: bytes, parent: _Element) -> Iterator[_Element]:
    at = parent.start
    while at < parent.stop:
        child = _element(data, at)
        yield child
        at = child.end


def _octets(data: bytes, element: _Element) -> Iterator[bytes]:
    """A string of bytes, which large mails carry in pieces."""
    if element.tag == _OCTETS:
        yield data[element.start : element.stop]
    elif element.tag == _OCTETS | _CONSTRUCTED:
        for child in _children(data, element):
            if child.tag == _OCTETS:
                yield data[child.start : child.stop]
    else:
        raise NotSigned


def _element(data: bytes, at: int, depth: int = 0) -> _Element:
    if depth > _MAX_DEPTH:
        raise NotSigned
    tag, length, start = data[at], data[at + 1], at + 2
    if length == _INDEFINITE:
        stop = start
        while data[stop] or data[stop + 1]:
            stop = _element(data, stop, depth + 1).end
        return _Element(tag, start, stop, stop + 2)
    if length > _INDEFINITE:
        start += length - _INDEFINITE
        length = int.from_bytes(data[at + 2 : start], "big")
    if start + length > len(data):
        raise NotSigned
    return _Element(tag, start, start + length, start + length)
