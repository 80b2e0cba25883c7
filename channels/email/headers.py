"""What a mail's headers say: decoded texts, mailboxes and message ids, from any mailer's bytes."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.message import Message
from weakref import WeakKeyDictionary

from channels.email.charset import decode
from channels.email.limits import MAX_ADDRESSES

_FOLD = re.compile(r"\r?\n(?=[ \t])|\r(?=[ \t])|[\r\n]+")
_BLANKS = re.compile(r"\s+")
#: RFC 2047, but taken as mailers write it: spaces in the text, a language after the charset.
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,480})>")
_MAILBOX = re.compile(r"[^\s<>()\[\]:;,@\"\\]{1,128}@[^\s<>()\[\]:;,@\"\\]{1,255}")
_LOCAL = re.compile(r"[\w.+=-]+")
#: RFC 5321, 4.5.3.1: 64 for the local part, 255 for the domain.
_ADDRESS_LENGTH = 320
_QUOTED = re.compile(r"\\(.)")
#: One address list read from left to right; a comma counts only outside quotes and brackets.
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|<[^<>]*>|\((?:[^()\\]|\\.|\([^()]*\))*\)|[,;]|[^",;<>()]+|.', re.DOTALL
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: Of every message that somebody still holds; it is read, and never changed.
_listed: WeakKeyDictionary[Message, dict[str, list[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name beside it, empty when there is none."""

    address: str
    name: str = ""


def raw(message: Message, name: str) -> str | None:
    """A header's first value as it stands, with bytes above 127 as surrogates; None if absent."""
    return next(raws(message, name), None)


def raws(message: Message, name: str) -> Iterator[str]:
    """Every value of a header that may be repeated."""
    for value in _fields(message).get(name.lower(), ()):
        yield _FOLD.sub("", value)


def names(message: Message) -> Collection[str]:
    """The headers that there are, in lower case."""
    return _fields(message)


def _fields(message: Message) -> dict[str, list[str]]:
    """Their values by name. They are listed once: a mail is asked for some hundred names."""
    fields = _listed.get(message)
    if fields is None:
        fields = _listed[message] = {}
        # ``raw_items`` passes by compat32's own repairs, which lose what the bytes were.
        for key, value in message.raw_items():
            fields.setdefault(key.lower(), []).append(str(value))
    return fields


def text(message: Message, name: str) -> str | None:
    """A header's first value, decoded, on one line; None if absent."""
    value = raw(message, name)
    return None if value is None else plain(value)


def plain(value: str) -> str:
    """A raw header value for reading: encoded words decoded, one line, nothing unprintable."""
    return _BLANKS.sub(" ", scrub(_decoded(value))).strip()


def scrub(said: str) -> str:
    """Without the characters that no database takes: NUL, control characters, lone surrogates."""
    return _UNPRINTABLE.sub("", said)


def mailboxes(message: Message, name: str) -> tuple[Mailbox, ...]:
    """The addresses of every header of that name, at most MAX_ADDRESSES."""
    found: list[Mailbox] = []
    for value in raws(message, name):
        for piece in _split(value):
            if mailbox := _mailbox(piece):
                found.append(mailbox)
            if len(found) >= MAX_ADDRESSES:
                return tuple(found)
    return tuple(found)


def message_ids(message: Message, name: str) -> tuple[str, ...]:
    """The ids in a header, with their angle brackets, each once."""
    found = (
        f"<{scrub(identifier)}>"
        for value in raws(message, name)
        for identifier in _MESSAGE_ID.findall(value)
    )
    return tuple(dict.fromkeys(found))


def to_bytes(value: str) -> bytes:
    """The bytes behind a value or payload that the parser has read as ASCII with surrogates."""
    try:
        return value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def _said(value: str) -> str:
    """What the sender's bytes say that the parser has read as ASCII with surrogates."""
    return value if value.isascii() and value.isprintable() else decode(to_bytes(value))


def _decoded(value: str) -> str:
    if "=?" not in value:
        return _said(value)
    pieces: list[str] = []
    words: list[tuple[str, bytes]] = []
    end = 0
    for word in _ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        if between.strip() or not words:
            pieces += [_join(words), _said(between)]
            words = []
        words.append((word[1].lower().split("*")[0], _word_bytes(word[2], word[3])))
        end = word.end()
    return "".join([*pieces, _join(words), _said(value[end:])])


def _join(words: list[tuple[str, bytes]]) -> str:
    """Neighbouring words of one charset are joined as bytes: mailers cut inside a character."""
    joined: list[tuple[str, bytes]] = []
    for charset, data in words:
        if joined and joined[-1][0] == charset:
            joined[-1] = (charset, joined[-1][1] + data)
        else:
            joined.append((charset, data))
    return "".join(decode(data, charset) for charset, data in joined)


def _word_bytes(encoding: str, said: str) -> bytes:
    data = to_bytes(said)
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b" ", b"_"), header=True)
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        # One character too many carries no whole byte.
        return base64.b64decode(data[: len(data) // 4 * 4])


def _split(value: str) -> Iterator[list[str]]:
    """The tokens of each address of a list. A group's name and its colon vanish in ``_mailbox``."""
    piece: list[str] = []
    for token in _TOKEN.findall(value):
        if token in (",", ";"):
            yield piece
            piece = []
        else:
            piece.append(token)
    yield piece


def _mailbox(tokens: list[str]) -> Mailbox | None:
    angles = [token[1:-1].strip() for token in tokens if token.startswith("<") and len(token) > 1]
    comments = [token[1:-1] for token in tokens if token.startswith("(") and len(token) > 1]
    words = [token for token in tokens if token[:1] not in ("<", "(") or len(token) == 1]
    if angles:
        address = _address(angles[-1])
        name = "".join(_unquoted(word) for word in words)
    else:
        address = _address("".join(words))
        name = " ".join(comments)
    if not address:
        return None
    return Mailbox(address, plain(name).strip("\"' "))


def _address(said: str) -> str:
    found = _MAILBOX.search(said)
    if found and len(found[0]) <= _ADDRESS_LENGTH:
        return scrub(_said(found[0])).removeprefix("mailto:")
    # ``"quoted local"@host`` and bare local names such as MAILER-DAEMON.
    said = scrub(_said(said[:_ADDRESS_LENGTH])).strip()
    return said if said.startswith('"') or _LOCAL.fullmatch(said) else ""


def _unquoted(word: str) -> str:
    return _QUOTED.sub(r"\1", word[1:-1]) if len(word) > 1 and word[0] == word[-1] == '"' else word
