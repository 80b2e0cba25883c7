"""Messages that wait for a person: those that could not be processed, and those taken for spam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, select, update

from gateway import audit
from gateway.files import Files
from gateway.models import Case, Message
from gateway.queue import PROCESS, Bell
from gateway.roles import StaffView
from gateway.store import Store, written_out

PAGE = 100
_EXCERPT = 300


@dataclass(frozen=True, slots=True)
class ShuntedView:
    """A message that waits. ``why`` is what went wrong, without anybody's words."""

    id: int
    channel: str
    received_at: datetime
    sender: str
    text: str
    tries: int
    why: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Shunted:
    """What was set aside."""

    store: Store
    files: Files
    bell: Bell

    def look(self, which: Literal["shunted", "spam"]) -> list[ShuntedView]:
        """The latest of them."""
        with self.store.read() as session:
            rows = session.execute(self.statement(which)).all()
        return [
            ShuntedView(
                one.id,
                one.channel,
                one.received_at,
                one.sender,
                one.text[:_EXCERPT],
                one.tries,
                one.error,
                number,
            )
            for one, number in rows
        ]

    def statement(self, which: Literal["shunted", "spam"]) -> Select[Message, str]:
        """The query behind ``look``."""
        column = Message.state if which == "shunted" else Message.intent
        return (
            select(Message, Case.number)
            .outerjoin(Case, Case.id == Message.case_id)
            .where(column == written_out(which))
            .order_by(Message.id.desc())
            .limit(PAGE)
        )

    def count(self) -> int:
        """How many messages are set aside, counted up to a page."""
        waiting = select(Message.id).where(Message.state == written_out("shunted")).limit(PAGE)
        with self.store.read() as session:
            return len(session.scalars(waiting).all())

    def raw(self, message_id: int, who: StaffView) -> tuple[str, bytes] | None:
        """A message byte for byte as its channel carried it, with the channel's name; only of one
        that is set aside or taken for spam. Looking at it is noted."""
        with self.store.write() as session:
            message = session.get(Message, message_id)
            if message is None or not (message.state == "shunted" or message.intent == "spam"):
                return None
            audit.note(session, who, "download", message.case_id, message=message_id)
            raw = message.raw
            channel, sha256 = message.channel, message.raw_sha256
        return channel, self.files.read(sha256) if raw is None else raw

    def retry(self, message_ids: list[int], who: StaffView, now: datetime) -> int:
        """Process these again; how many will be."""
        with self.store.write() as session:
            changed = session.scalars(
                update(Message)
                .where(Message.id.in_(message_ids), Message.state == "shunted")
                .values(state="new", tries=0, due_at=now, error=None)
                .returning(Message.id)
            ).all()
            audit.note(session, who, "retry", None, messages=list(changed))
        self.bell.ring(PROCESS)
        return len(changed)
