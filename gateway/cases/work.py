"""One case in the hands of one person, inside one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from gateway.cases.errors import CaseError
from gateway.models import Case, Event, OutboundRow
from gateway.notices import FILE_CHANNELS, Notices
from gateway.roles import StaffView

#: An agent's file as an outbound row names it: SHA-256, file name, content type.
Kept = list[str | None]


@dataclass(frozen=True, slots=True)
class By:
    """Who does something to a case: ``version`` is the one they saw, and ``form`` names the sheet
    they filled in, so that the same sheet sent twice is done once. ``trail`` is the act's name in
    the audit trail, where it is kept, and ``who`` the account that does it, where one does."""

    actor: str
    version: int | None = None
    form: str = ""
    trail: str = ""
    who: StaffView | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What an act has in its hands."""

    session: Session
    case: Case
    by: By
    now: datetime
    notices: Notices
    #: Where something waits to be sent once this is committed.
    channels: set[str] = field(default_factory=set)

    def write(self, kind: str, case: Case | None = None, /, **data: Any) -> Event:
        """One more line of the case's history."""
        if self.by.form:
            data["form"] = self.by.form
        event = Event(
            case_id=(case or self.case).id, at=self.now, actor=self.by.actor, kind=kind, data=data
        )
        self.session.add(event)
        self.session.flush()
        return event

    def touch(self) -> None:
        """Count a change of the case, also where none of its own facts changed."""
        flag_modified(self.case, "status")

    def tell(
        self,
        key: str,
        event: Event,
        message: str = "",
        *,
        case: Case | None = None,
        files: Sequence[Kept] = (),
    ) -> None:
        """Queue what the citizen is told. Raises CaseError for files that cannot go along."""
        row = self.notices.tell(
            self.session,
            case or self.case,
            key,
            f"event:{event.id}",
            self.now,
            message=message,
            automatic=False,
        )
        if files:
            _send_along(row, files)
        if row is not None:
            self.channels.add(row.channel)

    def doubles(self) -> Sequence[Case]:
        """The cases that are treated together with this one."""
        return self.session.scalars(
            select(Case).where(Case.merged_into == self.case.id).order_by(Case.id)
        ).all()

    def is_done(self) -> bool:
        """Whether this very form was sent before."""
        if not self.by.form:
            return False
        told = self.session.scalars(
            select(Event.data).where(Event.case_id == self.case.id).order_by(Event.id.desc())
        )
        return any(data.get("form") == self.by.form for data in told)


def same_person(one: Case, other: Case) -> bool:
    """Whether two cases are known to be one person's."""
    return one.contact_id is not None and one.contact_id == other.contact_id


def _send_along(row: OutboundRow | None, files: Sequence[Kept]) -> None:
    if row is None or row.channel not in FILE_CHANNELS:
        reached = f"by {row.channel}, which carries no files" if row else "by no channel"
        raise CaseError(f"this citizen is reached {reached}: say it in the message", "files")
    row.files = list(files)
