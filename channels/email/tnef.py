"""The files and the text inside Outlook's winmail.dat (MS-OXTNEF), read with bounds on every count.

Written here because the library for it loops as often as a file tells it to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.base import Attachment
from channels.email import rtf
from channels.email.charset import decode

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_SIGNATURE = 0x223E9F78
_MAX_ATTRIBUTES = 5000
_MAX_PROPERTIES = 2000
_MAX_VALUES = 200

# MS-OXTNEF 2.1.3.3: attribute ids.
_ATTACHMENT_BEGINS = 0x9002
_ATTACHMENT_TITLE = 0x8010
_ATTACHMENT_DATA = 0x800F
_ATTACHMENT_PROPERTIES = 0x9005
_MESSAGE_PROPERTIES = 0x9003
_MESSAGE_BODY = 0x800C
_CODE_PAGE = 0x9007

# MS-OXPROPS: property ids.
_BODY = 0x1000
_HTML = 0x1013
_RTF = 0x1009
_LONG_NAME = 0x3707
_MIME_TYPE = 0x370E
_DATA = 0x3701

#: MS-OXCDATA 2.11.1: how many bytes a value of fixed size takes, padded to four.
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8,
          0x40: 8, 0x48: 16}  # fmt: skip
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MANY = 0x1000
#: An embedded object starts with the id of its interface.
_INTERFACE_LENGTH = 16


class NotTnef(Exception):
    """The bytes are not TNEF, or break off."""


@dataclass(slots=True)
class _File:
    title: str | None = None
    content_type: str | None = None
    data: bytes = b""


@dataclass(slots=True)
class _Reading:
    charset: str = "cp1252"
    body: str = ""
    html: str = ""
    rtf: str = ""
    files: list[_File] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was inside: plain text, HTML (each may be empty) and the files."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]


def unpack(data: bytes) -> Contents:
    """Read a winmail.dat. Raises NotTnef when it is none; what breaks off is kept up to there."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise NotTnef
    reading = _Reading()
    for identifier, value in _attributes(data):
        _take(reading, identifier, value)
    files = tuple(
        Attachment(filename=file.title, content_type=file.content_type, content=file.data)
        for file in reading.files
    )
    # RTF is the poorest of the three: it counts where there is nothing else.
    text = reading.body or ("" if reading.html else reading.rtf)
    return Contents(text, reading.html, files)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 6
    for _ in range(_MAX_ATTRIBUTES):
        if offset + 9 > len(data):
            return
        identifier, _kind, length = struct.unpack_from("<HHI", data, offset + 1)
        yield identifier, data[offset + 9 : offset + 9 + length]
        # Level (1), id and type (4), length (4), value, checksum (2).
        offset += length + 11


def _take(reading: _Reading, identifier: int, value: bytes) -> None:
    if identifier == _CODE_PAGE and len(value) >= 4:
        reading.charset = f"cp{struct.unpack_from('<I', value)[0]}"
    elif identifier == _MESSAGE_BODY:
        reading.body = _text(value, reading.charset)
    elif identifier == _MESSAGE_PROPERTIES:
        for name, found in _properties(value, reading.charset):
            if name == _BODY and not reading.body:
                reading.body = _as_text(found, reading.charset)
            elif name == _HTML:
                reading.html = _as_text(found, reading.charset)
            elif name == _RTF and isinstance(found, bytes):
                reading.rtf = rtf.text(rtf.unpack(found))
    elif identifier == _ATTACHMENT_BEGINS:
        reading.files.append(_File())
    elif reading.files:
        _take_file(reading.files[-1], identifier, value, reading.charset)


def _take_file(file: _File, identifier: int, value: bytes, charset: str) -> None:
    if identifier == _ATTACHMENT_TITLE:
        file.title = file.title or _text(value, charset)
    elif identifier == _ATTACHMENT_DATA:
        file.data = value
    elif identifier == _ATTACHMENT_PROPERTIES:
        for name, found in _properties(value, charset):
            if name == _LONG_NAME:
                file.title = _as_text(found, charset)
            elif name == _MIME_TYPE:
                file.content_type = _as_text(found, charset)
            elif name == _DATA and isinstance(found, bytes) and not file.data:
                file.data = found[_INTERFACE_LENGTH:]


def _properties(data: bytes, charset: str) -> Iterator[tuple[int, str | bytes]]:
    """The text and binary properties of a block; it ends where the block breaks off."""
    try:
        (count,) = struct.unpack_from("<I", data)
        offset = 4
        for _ in range(min(count, _MAX_PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, offset)
            offset = _after_name(data, offset + 4, name)
            values, offset = _values(data, offset, kind)
            for value in values:
                if kind & ~_MANY == _UNICODE:
                    yield name, value.decode("utf-16-le", "replace").rstrip("\0")
                elif kind & ~_MANY == _STRING:
                    yield name, _text(value, charset)
                else:
                    yield name, value
    except struct.error:
        return


def _after_name(data: bytes, offset: int, name: int) -> int:
    """Where the value starts: names above 0x8000 carry a GUID and a number or a text."""
    if name < 0x8000:
        return offset
    kind, length = struct.unpack_from("<II", data, offset + 16)
    return offset + 24 + (_padded(length) if kind else 0)


def _values(data: bytes, offset: int, kind: int) -> tuple[list[bytes], int]:
    many, kind = bool(kind & _MANY), kind & ~_MANY
    count = 1
    if many or kind in (_STRING, _UNICODE, _OBJECT, _BINARY):
        (count,) = struct.unpack_from("<I", data, offset)
        offset += 4
    if count > _MAX_VALUES:
        raise struct.error("more values than any mailer writes")
    if kind in _FIXED:
        return [], offset + _FIXED[kind] * count
    if kind not in (_STRING, _UNICODE, _OBJECT, _BINARY):
        raise struct.error("a type that does not exist")
    values = []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, offset)
        values.append(data[offset + 4 : offset + 4 + length])
        offset += 4 + _padded(length)
    return values, offset


def _padded(length: int) -> int:
    return length + -length % 4


def _text(value: bytes, charset: str) -> str:
    return decode(value.rstrip(b"\0"), charset)


def _as_text(value: str | bytes, charset: str) -> str:
    return value if isinstance(value, str) else _text(value, charset)
