"""The words of an RTF text: all that some Outlooks put into a winmail.dat (MS-OXRTFCP)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from channels.email.charset import decode

_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_MAX_BYTES = 8 * 1024 * 1024
#: MS-OXRTFCP 2.1.2.1: what the sliding window holds at the beginning.
_WINDOW = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_SIZE = 4096

_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"row": "\n", b"cell": "\t",
           b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
           b"rdblquote": "”", b"bullet": "•"}  # fmt: skip
#: Groups that hold no words of the writer's.
_SILENT = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"header",
                     b"footer", b"object", b"listtable", b"generator"})  # fmt: skip


def unpack(data: bytes) -> bytes:
    """RTF out of its compressed form; nothing when it is none. Breaks off where the data does."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<I", data, 4)[0], data[8:12]
    if kind == _PLAIN:
        return data[16 : 16 + size]
    return _inflated(data, min(size, _MAX_BYTES)) if kind == _COMPRESSED else b""


def _inflated(data: bytes, size: int) -> bytes:
    window = bytearray(_WINDOW.ljust(_SIZE, b"\0"))
    write, at = len(_WINDOW), 16
    out = bytearray()

    def put(byte: int) -> None:
        nonlocal write
        out.append(byte)
        window[write] = byte
        write = (write + 1) % _SIZE

    while at < len(data) and len(out) < size:
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                put(data[at])
                at += 1
                continue
            word, at = int.from_bytes(data[at : at + 2], "big"), at + 2
            offset, length = word >> 4, (word & 15) + 2
            if offset == write:
                return bytes(out)
            for step in range(length):
                put(window[(offset + step) % _SIZE])
    return bytes(out)


@dataclass(slots=True)
class _State:
    """Where the reading stands. ``silent`` is the depth of the group that is passed over."""

    charset: str = "cp1252"
    depth: int = 0
    silent: int | None = None
    skip: int = 0
    uc: int = 1
    text: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    def flush(self) -> None:
        if self.raw:
            self.text.append(decode(bytes(self.raw), self.charset))
            self.raw.clear()

    def say(self, text: str) -> None:
        self.flush()
        if self.silent is None:
            self.text.append(text)

    def say_bytes(self, data: bytes) -> None:
        # What stands after a Unicode character for programs that know none.
        passed = min(self.skip, len(data))
        self.skip -= passed
        if self.silent is None:
            self.raw += data[passed:]


def text(data: bytes) -> str:
    """The words, with their line breaks. Total: it raises for no input."""
    state = _State()
    for token in _TOKEN.finditer(data[:_MAX_BYTES]):
        code, word, number, sign, brace, plain = token.groups()
        if brace:
            _brace(state, brace)
        elif word:
            _word(state, word, int(number) if number else None)
        elif code:
            state.say_bytes(bytes.fromhex(code.decode()))
        elif sign:
            _sign(state, sign)
        elif plain:
            state.say_bytes(plain)
    state.flush()
    return "".join(state.text).replace("\0", "")


def _brace(state: _State, brace: bytes) -> None:
    state.flush()
    state.skip = 0
    state.depth += 1 if brace == b"{" else -1
    if state.silent is not None and state.depth < state.silent:
        state.silent = None


def _word(state: _State, word: bytes, number: int | None) -> None:
    if word in _SILENT and state.silent is None:
        state.silent = state.depth
    elif word in _BREAKS:
        state.say(_BREAKS[word])
    elif word == b"ansicpg" and number:
        state.charset = f"cp{number}"
    elif word == b"uc" and number is not None:
        state.uc = max(0, number)
    elif word == b"u" and number is not None:
        state.say(_character(number))
        state.skip = state.uc


def _character(number: int) -> str:
    """Numbers above 32767 are written negative; halves of a pair are joined by nobody here."""
    code = number % 65536
    return "" if 0xD800 <= code < 0xE000 else chr(code)


def _sign(state: _State, sign: bytes) -> None:
    if sign == b"*":
        if state.silent is None:
            state.silent = state.depth
    elif sign == b"~":
        state.say(" ")
    elif sign in b"\\{}":
        state.say_bytes(sign)
    elif sign in b"\r\n":
        state.say("\n")
