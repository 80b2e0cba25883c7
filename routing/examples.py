"""Labelled messages: those that ship with a directory, and files of them to measure on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from channels.base import Inbound
from normalizer.complaint import Complaint, normalize
from routing.kinds import Sort, sort_named

_WHEN = datetime(1970, 1, 1, tzinfo=UTC)
#: Titles of mails stand before their text, as mail programs print them.
_SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Example:
    """A message with the slug it belongs to (``none``: nobody's), its language and its kind."""

    slug: str
    language: str
    text: str
    subject: str | None = None
    city: str | None = None
    kind: Sort = "complaint"

    def complaint(self) -> Complaint:
        """The message as it would have come in."""
        return complaint(self.text, self.language, self.subject)


def complaint(text: str, language: str | None = None, subject: str | None = None) -> Complaint:
    """A complaint with nothing but its words."""
    inbound = Inbound(
        external_id="example",
        account="example",
        sender="",
        text=text,
        raw=b"",
        received_at=_WHEN,
        subject=subject,
        hints={"language": language} if language else {},
    )
    return normalize(inbound, channel="example", addresses="other")


def shipped(folder: Path) -> Iterator[Example]:
    """The examples beside a directory's data: a file per slug, lines
    ``language<TAB>kind<TAB>text``.

    In a text ``\\n`` stands for a line break.
    """
    for file in sorted((folder / "examples").glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            language, kind, text = line.split("\t", 2)
            text = text.replace("\\n", "\n")
            subject = None
            if text.startswith(_SUBJECT):
                subject, _, text = text.removeprefix(_SUBJECT).partition("\n")
            yield Example(file.stem, language, text, subject, kind=sort_named(kind))


def judged(file: Path) -> Iterator[Example]:
    """Examples from JSON lines ``{text, lang, destination, kind?, subject?, city?}``."""
    for line in file.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        yield Example(
            slug=data["destination"],
            language=data["lang"],
            text=data["text"],
            subject=data.get("subject"),
            city=data.get("city"),
            kind=sort_named(data.get("kind", "complaint")),
        )
