"""The MIME tree: which parts are the text, which are files, each as the sender's bytes."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from typing import Literal

from channels.base import Attachment
from channels.email import headers, smime, tnef, uuencode
from channels.email.charset import decode
from channels.email.limits import MAX_DEPTH, SEALED, CappedPolicy

_NAME_LENGTH = 200
#: A signature counts as so many levels, for each is parsed anew.
_WRAPPING = 25
_PATH = re.compile(r"[\\/]+")
#: A text/html part's own word on its charset, for parts whose header has none.
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)
#: Texts that a reader shows in place; every other text type is a file.
_READABLE = {"text/plain": "plain", "text/html": "html", "text/enriched": "plain",
             "text/richtext": "plain", "text/markdown": "plain", "text/x-amp-html": "html",
             "text": "plain"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """A readable text. ``spare`` says that it only repeats another one, should there be one."""

    kind: Literal["plain", "html"]
    text: str
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What a mail carries: its text, and its files in their order."""

    body: Body
    attachments: tuple[Attachment, ...]


def read(message: Message) -> Contents:
    """The text and the files of a parsed mail."""
    bodies, files = _read(message, 0, is_root=True)
    body = _one(bodies)
    if body.kind == "plain":
        text, inline = uuencode.split(body.text)
        return Contents(Body("plain", text), tuple(files) + inline)
    return Contents(body, tuple(files))


def content_type(part: Message) -> str:
    """The part's type in lower case, whether sealed or not."""
    return part.get_content_type().removeprefix(SEALED)


def report_type(message: Message) -> str:
    """What kind of report a ``multipart/report`` is (RFC 6522), in lower case; else nothing."""
    if content_type(message) != "multipart/report":
        return ""
    return _parameter(message, "report-type").strip().lower()


def content(part: Message) -> bytes:
    """The part's bytes with the transfer encoding taken off, as far as it can be."""
    if part.is_multipart():
        # A container that the parser took apart although it stands where a file belongs.
        children = (child for child in part.get_payload() if isinstance(child, Message))
        return b"\n".join(child.as_bytes() for child in children)
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def leaves(message: Message) -> Iterator[Message]:
    """Every part that holds no other, depth first."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if children := _children(part):
            waiting += reversed(children)
        else:
            yield part


def _children(part: Message) -> list[Message]:
    # Asked for a text's payload, the stdlib decodes it, and trips over charsets.
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return [child for child in part.get_payload() if isinstance(child, Message)]
    return []


def _read(part: Message, depth: int, *, is_root: bool) -> tuple[list[Body], list[Attachment]]:
    children = _children(part)
    if not children and depth <= MAX_DEPTH:
        return _leaf(part, depth, is_root=is_root)
    if depth > MAX_DEPTH:
        return [], [_attachment(leaf) for leaf in leaves(part)]
    bodies: list[list[Body]] = []
    files: list[Attachment] = []
    for child in children:
        child_bodies, child_files = _read(child, depth + 1, is_root=False)
        bodies.append(child_bodies)
        files += child_files
    if content_type(part) == "multipart/alternative":
        return _best(bodies), files
    return [body for found in bodies for body in found], files


def _best(choices: list[list[Body]]) -> list[Body]:
    """Of several forms of one text the plain one, unless there is nothing in it."""
    filled = [choice for choice in choices if any(body.text.strip() for body in choice)]
    plain = [choice for choice in filled if all(body.kind == "plain" for body in choice)]
    return (plain or filled[-1:] or [[]])[0]


def _one(bodies: list[Body]) -> Body:
    """Texts that follow one another in one: the footer of a list, lines between two pictures."""
    filled = [body for body in bodies if body.text.strip()]
    filled = [body for body in filled if not body.spare] or filled
    if all(body.kind == "plain" for body in filled):
        return Body("plain", "\n".join(body.text for body in filled))
    return Body("html", "\n".join(body.text if body.kind == "html" else _as_html(body.text)
                                  for body in filled))  # fmt: skip


def _as_html(text: str) -> str:
    return "<div>" + html.escape(text).replace("\n", "<br>") + "</div>"


def _leaf(part: Message, depth: int, *, is_root: bool) -> tuple[list[Body], list[Attachment]]:
    kind = content_type(part)
    if _is_body(part, kind, is_root=is_root):
        return [_body(part, kind)], []
    if part.get_content_maintype() == "multipart" and not content(part).strip():
        return [], []
    if kind in smime.TYPES:
        return _signed(part, depth)
    if kind in tnef.TYPES or (filename(part) or "").lower() == "winmail.dat":
        try:
            inside = tnef.unpack(content(part))
        except tnef.NotTnef:
            return [], [_attachment(part)]
        plain = bool(inside.text.strip())
        text = headers.scrub(inside.text if plain else inside.html)
        body = Body("plain" if plain else "html", text, spare=True)
        return [body], [_named(file) for file in inside.attachments]
    return [], [_attachment(part)]


def _signed(part: Message, depth: int) -> tuple[list[Body], list[Attachment]]:
    """What an opaque signature holds, and the signature itself, which proves it."""
    itself = _attachment(part)
    try:
        inside = BytesParser(policy=CappedPolicy()).parsebytes(smime.content(itself.content or b""))
    except smime.NotSigned:
        return [], [itself]
    bodies, files = _read(inside, depth + _WRAPPING, is_root=True)
    return bodies, [*files, itself]


def _is_body(part: Message, kind: str, *, is_root: bool) -> bool:
    if kind not in _READABLE:
        return False
    if disposition(part) == "attachment":
        return is_root and not filename(part)
    return is_root or not filename(part)


def _body(part: Message, kind: str) -> Body:
    data = content(part)
    charset = _charset(part)
    if kind == "text/html" and not charset and (meta := _META_CHARSET.search(data[:4096])):
        charset = meta[1].decode("ascii", "replace")
    text = headers.scrub(decode(data, charset).replace("\r\n", "\n").replace("\r", "\n"))
    return Body("html" if _READABLE[kind] == "html" else "plain", text)


def disposition(part: Message) -> str:
    """``attachment``, ``inline`` or nothing."""
    value = headers.raw(part, "content-disposition") or ""
    return value.partition(";")[0].strip().lower()


def filename(part: Message) -> str | None:
    """The sender's name for the part: decoded, without any path, one line; None if it has none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        if name := safe_name(_parameter(part, parameter, header)):
            return name
    return None


def safe_name(said: str | None) -> str | None:
    """A file's name without a path or control characters, at most 200 characters."""
    name = posixpath.basename(_PATH.sub("/", headers.plain(said or "")).rstrip("/"))
    if len(name) > _NAME_LENGTH:
        stem, suffix = posixpath.splitext(name)
        name = stem[: _NAME_LENGTH - len(suffix[:20])] + suffix[:20]
    return name if name.strip(". ") else None


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    """A header's parameter, RFC 2231 put together; empty when absent or beyond repair."""
    raw = headers.raw(part, header)
    if raw is None:
        return ""
    bare = Message()
    # Bytes above 127 would make the stdlib answer with a Header object; Latin-1 carries them over.
    bare["content-type"] = headers.to_bytes(raw).decode("latin-1")
    try:
        value = bare.get_param(name, failobj="")
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        return ""
    if isinstance(value, tuple):
        charset, _, text = value
        return decode(_latin_bytes(text), charset)
    return _surrogates(str(value))


def _latin_bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _surrogates(text: str) -> str:
    """Latin-1 carried bytes back in the form that ``headers.plain`` decodes."""
    return _latin_bytes(text).decode("ascii", "surrogateescape")


def _charset(part: Message) -> str:
    return _parameter(part, "charset").strip()


def _attachment(part: Message) -> Attachment:
    kind = content_type(part)
    return Attachment(filename=filename(part), content_type=kind, content=content(part))


def _named(file: Attachment) -> Attachment:
    return replace(file, filename=safe_name(file.filename))
