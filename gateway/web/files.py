"""Files of citizens and agents: behind a signature of ten minutes, and never as a page of ours."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask import Blueprint, Response, abort, current_app, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from werkzeug.http import dump_options_header

from gateway import clock
from gateway.files import UNKNOWN
from gateway.models import AttachmentRow, Message, OutboundRow
from gateway.web import recordings
from gateway.web.current import house
from gateway.web.pictures import NotShown, without_metadata

files = Blueprint("files", __name__, url_prefix="/files")

LIFETIME = timedelta(minutes=10)
#: A file that came, one that went, or a message byte for byte.
What = Literal["attachment", "sent", "original"]

#: Recordings that browsers play by themselves.
AUDIO = frozenset(
    {
        "audio/aac",
        "audio/amr",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/opus",
        "audio/wav",
        "audio/webm",
        "audio/x-wav",
    }
)
#: Types that keep their name on the way out; whatever else is nothing but bytes to a browser.
_NAMED = AUDIO | frozenset(
    {"application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"}
)
_POLICY = "default-src 'none'; sandbox"
_UNSAFE = re.compile(r'[\\/:*?"<>|]')
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class _Found:
    """What is behind a token."""

    content: bytes
    content_type: str
    name: str


def file_url(attachment_id: int, *, shown: bool = False) -> str:
    """Where a file that came can be had. ``shown``: as a page shows it, without its metadata."""
    return _url("attachment", attachment_id, int(shown))


def sent_file_url(outbound_id: int, position: int) -> str:
    """Where a file that went along with an answer can be had."""
    return _url("sent", outbound_id, position)


def original_url(message_id: int) -> str:
    """Where a message can be had byte for byte."""
    return _url("original", message_id, 0)


@files.get("/<token>")
def serve(token: str) -> Response:
    """One file. Whatever is wrong with the token, there is nothing here."""
    what, row_id, detail = _opened(token)
    shown = what == "attachment" and detail == 1
    found = _find(what, row_id, detail)
    if found is None:
        abort(404)
    return _shown(found) if shown else _download(found)


def _shown(found: _Found) -> Response:
    if found.content_type in AUDIO:
        sound = recordings.without_metadata(found.content)
        response = _response(sound, found.content_type)
        # Players ask for parts, so that one can listen from the middle.
        response.make_conditional(request, accept_ranges=True, complete_length=len(sound))
        return response
    try:
        content, content_type = without_metadata(found.content)
    except NotShown:
        abort(404)
    return _response(content, content_type)


def _download(found: _Found) -> Response:
    content_type = found.content_type if found.content_type in _NAMED else UNKNOWN
    response = _response(found.content, content_type)
    response.headers["Content-Disposition"] = dump_options_header(
        "attachment", {"filename": found.name}
    )
    return response


def _response(content: bytes, content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _find(what: What, row_id: int, detail: int) -> _Found | None:
    with house().store.read() as session:
        if what == "attachment":
            row = session.get(AttachmentRow, row_id)
            # Only what was fetched, and scanned where files are scanned, is stored.
            if row is None or row.state != "stored" or row.sha256 is None:
                return None
            sha256, name, kind = row.sha256, row.filename, row.content_type
        elif what == "sent":
            sent = session.get(OutboundRow, row_id)
            if sent is None or detail >= len(sent.files):
                return None
            sha256, name, kind = sent.files[detail]
        else:
            return _original(row_id)
    try:
        content = house().files.read(sha256)
    except FileNotFoundError:
        return None
    return _Found(content, kind or UNKNOWN, safe_name(name, f"file-{row_id}"))


def _original(message_id: int) -> _Found | None:
    """A message with all its parts, once nothing in it was found to be harmful."""
    with house().store.read() as session:
        message = session.get(Message, message_id)
        unsafe = session.scalar(
            select(AttachmentRow.id)
            .where(AttachmentRow.message_id == message_id, AttachmentRow.state != "stored")
            .limit(1)
        )
    if message is None or unsafe is not None:
        return None
    content = message.raw if message.raw is not None else house().files.read(message.raw_sha256)
    ending = "eml" if message.channel == "email" else "txt"
    return _Found(content, UNKNOWN, f"message-{message_id}.{ending}")


def safe_name(name: str | None, otherwise: str) -> str:
    """A file's name as its sender gave it, without what could mislead a person or a system."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFC", name or "")
        # Control characters, and marks by which ``gpj.exe`` is read as ``exe.jpg``.
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    plain = _UNSAFE.sub("_", plain.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    # A long name is cut before its ending, by which systems open it.
    short = f"{stem[: _LONGEST - len(ending) - 1]}{dot}{ending}" if dot else plain
    return short[:_LONGEST] or otherwise


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="guichet.files")


def _url(what: What, row_id: int, detail: int) -> str:
    until = int((clock.now() + LIFETIME).timestamp())
    token = _serializer().dumps([what, row_id, detail, until])
    return url_for("files.serve", token=token)


def _opened(token: str) -> tuple[What, int, int]:
    try:
        what, row_id, detail, until = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        abort(404)
    if clock.now().timestamp() > until:
        abort(404)
    return what, row_id, detail
