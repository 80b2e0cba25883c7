"""Recordings as pages play them: what a device wrote beside the sound stays behind."""

from __future__ import annotations

from collections.abc import Sequence

#: Boxes of an MP4, M4A or 3GP (ISO 14496-12) that hold titles, places and makers' own notes, and
#: those around them.
_TOLD = (b"udta", b"meta", b"uuid")
_AROUND = (b"moov", b"trak")
_ID3_HEAD, _ID3_OLD = 10, 128


def without_metadata(content: bytes) -> bytes:
    """The same sound without the place, title and maker that MP4 and MP3 files can hold."""
    if content[4:8] == b"ftyp":
        boxes = bytearray(content)
        _clear(boxes, 0, len(boxes), _AROUND)
        return bytes(boxes)
    if content[-_ID3_OLD:].startswith(b"TAG"):
        content = content[:-_ID3_OLD]
    if content.startswith(b"ID3") and len(content) > _ID3_HEAD:
        # Its length is written with seven bits to a byte (id3.org, ID3v2.4.0, 6.2).
        one, two, three, four = content[6:_ID3_HEAD]
        content = content[_ID3_HEAD + (one << 21 | two << 14 | three << 7 | four) :]
    return content


def _clear(boxes: bytearray, at: int, end: int, around: Sequence[bytes]) -> None:
    """Make free space of them: nothing moves, so that the file's own offsets stay right."""
    while at + 8 <= end:
        size, name, head = int.from_bytes(boxes[at : at + 4]), bytes(boxes[at + 4 : at + 8]), 8
        if size == 1:
            size, head = int.from_bytes(boxes[at + 8 : at + 16]), 16
        size = size or end - at
        if size < head or at + size > end:
            return
        if name in _TOLD:
            boxes[at + 4 : at + 8] = b"free"
            boxes[at + head : at + size] = bytes(size - head)
        elif name in around[:1]:
            _clear(boxes, at + head, at + size, around[1:])
        at += size
