"""A case as its citizen reads it: what happened, line by line, with the words of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.models import ANSWERED, AttachmentRow, Case, Event, Message, OutboundRow
from normalizer.mail_text import visible
from normalizer.text import clean, one_line
from routing import reasons
from routing.reasons import Reason

#: What of a case's history is its citizen's business; how a notice travelled is the desk's.
_TOLD = frozenset("received added routed accepted status said extended merged rated moved".split())
#: Of these the words are the citizen's own.
_OWN = ("received", "added")
#: A file's name is told up to here; whoever sent it knows it by its beginning.
_NAME = 80


@dataclass(frozen=True, slots=True)
class File:
    """A file that went along, by name; ``kind`` is ``image``, ``audio``, ``video`` or other."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``words`` were said then: by the citizen when ``own``."""

    at: datetime
    kind: str
    status: str | None = None
    administration: str | None = None
    #: It came from another administration.
    passed_on: bool = False
    words: str = ""
    own: bool = False
    files: tuple[File, ...] = ()
    score: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What the page of a case shows."""

    number: str
    status: str
    kind: str
    language: str
    administration: str | None
    #: Why it is with that administration; none where a person decided.
    reasons: tuple[Reason, ...]
    decided: bool
    transcribed: bool
    created_at: datetime
    due_at: datetime
    reopened: int
    rating: int | None
    merged: bool
    lines: tuple[Line, ...]

    @property
    def asked(self) -> str:
        """What the administration waits to hear from the citizen, if it does."""
        return self._last_words("awaiting_citizen") if self.status == "awaiting_citizen" else ""

    @property
    def answer(self) -> str:
        """What the administration last answered."""
        return self._last_words(*ANSWERED)

    def _last_words(self, *statuses: str) -> str:
        said = (one.words for one in reversed(self.lines) if one.status in statuses)
        return next((words for words in said if words), "")


def story(session: Session, number: str) -> Story | None:
    """The story of a case, for whoever may see it; None for a number that no case has."""
    case = session.scalar(select(Case).where(Case.number == number))
    if case is None:
        return None
    events = session.scalars(
        select(Event).where(Event.case_id == case.id, Event.kind.in_(_TOLD)).order_by(Event.id)
    ).all()
    read = _Read(case, *_messages(session, events), _sent_along(session, case))
    lines = tuple(line for event in events if (line := read.line(event)) is not None)
    return Story(
        number=case.number,
        status=case.status,
        kind=case.kind,
        language=case.language,
        administration=case.administration,
        reasons=tuple(found for code in case.reasons if (found := reasons.read(code))),
        decided=any(line.passed_on for line in lines),
        transcribed=case.transcribed,
        created_at=case.created_at,
        due_at=case.due_at,
        reopened=case.reopened,
        rating=case.rating,
        merged=case.merged_into is not None,
        lines=lines,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """Everything that the lines of one case are made of."""

    case: Case
    messages: Mapping[int, Message]
    files: Mapping[int, tuple[File, ...]]
    sent_along: Mapping[int, tuple[File, ...]]

    def line(self, event: Event) -> Line | None:
        """An event as its citizen reads it; None when it is about somebody else's case."""
        data = event.data
        if event.kind == "merged" and "into" not in data:
            return None
        message_id = data.get("message") if event.kind in _OWN else None
        own = event.kind in _OWN or event.actor == "citizen"
        words = self._own_words(event.kind, message_id) if message_id else data.get("message")
        return Line(
            at=event.at,
            kind=event.kind,
            status=data.get("status"),
            administration=data.get("administration"),
            passed_on=event.kind == "status" and bool(data.get("from")),
            words=words if isinstance(words, str) else "",
            own=own,
            files=(self.files if message_id else self.sent_along).get(message_id or event.id, ()),
            score=data.get("score"),
            until=datetime.fromisoformat(data["due"]) if "due" in data else None,
        )

    def _own_words(self, kind: str, message_id: int) -> str:
        """What the citizen wrote then. What came in the same breath stands in the case's text."""
        if kind == "received":
            return self.case.text
        message = self.messages.get(message_id)
        if message is None:
            return ""
        said = _words(message)
        return "" if said in self.case.text.split("\n") or said == self.case.text else said


def _messages(
    session: Session, events: Iterable[Event]
) -> tuple[dict[int, Message], dict[int, tuple[File, ...]]]:
    """The citizen's messages that the events are about, and the files that came with them."""
    ids = [event.data["message"] for event in events if event.kind in _OWN]
    messages = session.scalars(select(Message).where(Message.id.in_(ids)))
    files: dict[int, tuple[File, ...]] = {}
    for row in session.scalars(
        select(AttachmentRow).where(AttachmentRow.message_id.in_(ids)).order_by(AttachmentRow.id)
    ):
        one = _file(row.filename, row.content_type or row.declared_type)
        files[row.message_id] = (*files.get(row.message_id, ()), one)
    return {message.id: message for message in messages}, files


def _sent_along(session: Session, case: Case) -> dict[int, tuple[File, ...]]:
    """The administration's files by the event with which they went."""
    found: dict[int, tuple[File, ...]] = {}
    for cause, files in session.execute(
        select(OutboundRow.cause, OutboundRow.files).where(OutboundRow.case_id == case.id)
    ):
        what, _, event = cause.partition("/")[0].partition("#")[0].partition(":")
        if files and what == "event" and event.isdecimal():
            found[int(event)] = tuple(_file(name, kind) for _sha256, name, kind in files)
    return found


def _file(name: str | None, content_type: str | None) -> File:
    kind = (content_type or "").partition("/")[0]
    return File(
        one_line(name or "")[:_NAME], kind if kind in ("image", "audio", "video") else "file"
    )


def _words(message: Message) -> str:
    """What a message newly says, without the mails that it quotes."""
    form = message.hints.get("text_format")
    return clean(message.text if form is None else visible(message.text, html=form == "html")[0])
