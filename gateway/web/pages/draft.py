"""What a citizen typed into the form: read, checked, and made into a request for the adapter."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self, get_args

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request

from channels.base import Attachment, WireRequest
from normalizer.contact import canonical
from normalizer.intent import Kind
from routing.directory import Directory

FIELDS = ("submission", "message", "kind", "city", "administration", "phone", "email", "name")
KINDS: tuple[str, ...] = get_args(Kind)
MOST_FILES = 10


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

    def errors(self, region: str) -> dict[str, str]:
        """What keeps the form from being sent: field → ``missing``, ``wrong`` or ``too-many``."""
        found: dict[str, str] = {}
        if not self["message"]:
            found["message"] = "missing"
        if len(self.files) > MOST_FILES:
            found["files"] = "too-many"
        phone = canonical("tel", self["phone"], region)
        if self["phone"] and (phone is None or phone.kind != "tel"):
            found["phone"] = "wrong"
        if self["email"] and canonical("mail", self["email"], region) is None:
            found["email"] = "wrong"
        return found

    def wire(self, language: str, url: str, directory: Directory, now: datetime) -> WireRequest:
        """The request that the adapter reads. ``raw`` keeps what was typed, the form only what
        the pages offer: a made-up city or administration is nobody's choice."""
        offered = {
            "kind": KINDS,
            "city": {city.slug for city in directory.cities},
            "administration": {one.slug for one in directory.administrations},
        }
        typed = {**self.fields, "language": language}
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


def _attachment(file: FileStorage) -> Attachment | None:
    """None for the empty part that browsers send when no file was chosen."""
    content = file.read()
    if not content and not file.filename:
        return None
    return Attachment(file.filename or None, file.mimetype or None, content)
