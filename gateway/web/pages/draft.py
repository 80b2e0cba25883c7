"""What a citizen typed into the form: read, checked, and made into a request for the adapter."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, get_args

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request

from channels.base import Attachment, WireRequest
from gateway.files import content_type
from normalizer.contact import canonical
from normalizer.intent import Kind
from routing.directory import Directory

FIELDS = (
    "submission",
    "message",
    "kind",
    "city",
    "latitude",
    "longitude",
    "administration",
    "phone",
    "email",
    "name",
    "national_id",
    "on_behalf",
    "pin",
)
KINDS: tuple[str, ...] = get_args(Kind)
MOST_FILES = 10
#: Some ten pages; longer texts are papers, and go along as files.
_LONGEST = 20_000
#: What somebody else's computer would run when they open it.
_HARMFUL = (
    "text/html",
    "image/svg+xml",
    "application/xhtml+xml",
    "application/javascript",
    "text/javascript",
    "application/x-msdownload",
    "application/x-dosexec",
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-elf",
    "application/x-mach-binary",
    "application/x-msi",
    "application/x-sh",
    "application/java-archive",
    "application/vnd.android.package-archive",
)
_HARMFUL_NAMES = (
    *(".exe", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".jar", ".msi", ".scr", ".apk"),
    *(".lnk", ".hta", ".html", ".htm", ".xhtml", ".svg", ".sh"),
)
_PIN = re.compile(r"\d{4}", re.ASCII)
_NATIONAL_ID = re.compile(r"[^\W_]{4,20}")


@dataclass(frozen=True, slots=True)
class Draft:
    """The form's fields as typed, so that nothing has to be typed twice."""

    fields: Mapping[str, str]
    files: tuple[Attachment, ...] = ()

    @classmethod
    def blank(cls) -> Self:
        """An empty form with an id of its own, by which its being sent twice is noticed."""
        return cls({"submission": str(uuid.uuid4())})

    @classmethod
    def read(cls, request: Request) -> Self:
        """The form of a request. Raises werkzeug's RequestEntityTooLarge."""
        fields = {name: request.form.get(name, "").strip() for name in FIELDS}
        sent = (_attachment(file) for file in request.files.getlist("files"))
        return cls(fields, tuple(file for file in sent if file is not None))

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def reachable(self) -> bool:
        """Whether there is an address that an answer can go to."""
        return bool(self["email"] or self["phone"])

    @property
    def digest(self) -> str:
        """The same for the same words and files, whoever sends them and how often."""
        found = hashlib.sha256(repr(sorted(self.fields.items())).encode("utf-8", "replace"))
        for file in self.files:
            found.update(hashlib.sha256(file.content or b"").digest())
        return found.hexdigest()

    def errors(self, region: str) -> dict[str, str]:
        """What keeps the form from being sent: field → ``missing``, ``long``, ``wrong``,
        ``too-many``, ``harmful`` or ``empty``."""
        found: dict[str, str] = {}
        if not self["message"]:
            found["message"] = "missing"
        elif len(self["message"]) > _LONGEST:
            found["message"] = "long"
        if problem := _problem(self.files):
            found["files"] = problem
        phone = canonical("tel", self["phone"], region)
        if self["phone"] and (phone is None or phone.kind != "tel"):
            found["phone"] = "wrong"
        if self["email"] and canonical("mail", self["email"], region) is None:
            found["email"] = "wrong"
        if self["national_id"] and not _NATIONAL_ID.fullmatch(self["national_id"].replace(" ", "")):
            found["national_id"] = "wrong"
        if self["pin"] and not _PIN.fullmatch(self["pin"]):
            found["pin"] = "wrong"
        return found

    def wire(self, language: str, url: str, directory: Directory, now: datetime) -> WireRequest:
        """The request that the adapter reads. ``raw`` keeps what was typed, the form only what
        the pages offer: a made-up city or administration is nobody's choice."""
        offered = {
            "kind": KINDS,
            "city": {city.slug for city in directory.cities},
            "administration": {one.slug for one in directory.administrations},
            "on_behalf": ("1",),
        }
        typed: dict[str, Any] = {**self.fields, "language": language}
        # Of a code only its HMAC is ever kept, beside its case.
        typed.pop("pin", None)
        chosen = {
            name: value
            for name, value in typed.items()
            if value and (name not in offered or value in offered[name])
        }
        raw = {**typed, "files": [file.filename for file in self.files]}
        return WireRequest(
            method="POST",
            path="",
            url=url,
            headers={},
            query=(),
            form=tuple(chosen.items()),
            body=json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode(),
            received_at=now,
            files=self.files,
        )


def _problem(files: Sequence[Attachment]) -> str | None:
    """What is wrong with the files, by what their bytes look like and how they end."""
    if len(files) > MOST_FILES:
        return "too-many"
    if not all(file.content for file in files):
        return "empty"
    if any(_harmful(file) for file in files):
        return "harmful"
    return None


def _harmful(file: Attachment) -> bool:
    name = (file.filename or "").lower().rstrip(". ")
    found = content_type(file.content or b"", file.content_type)
    return found in _HARMFUL or name.endswith(_HARMFUL_NAMES) or _is_markup(file.content or b"")


def _is_markup(content: bytes) -> bool:
    """Markup has no fixed first bytes, so a browser looks for its tags; so do we."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<script", b"<svg", b"<?xml"))


def _attachment(file: FileStorage) -> Attachment | None:
    """None for the empty part that browsers send when no file was chosen."""
    content = file.read()
    if not content and not file.filename:
        return None
    return Attachment(file.filename or None, file.mimetype or None, content)
