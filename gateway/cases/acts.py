"""The cases, for those who handle them and those who ask about their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from channels.base import Attachment
from gateway import audit, clock
from gateway.cases import changing, joining
from gateway.cases.dossier import Dossier, dossier_of
from gateway.cases.errors import CaseError, Conflict, UnknownCase
from gateway.cases.preview import Preview, preview
from gateway.cases.rules import check_change, check_extension, check_open, check_words
from gateway.cases.view import CaseView, view_of
from gateway.cases.work import By, Kept, Work
from gateway.deadlines import longest_extension
from gateway.files import Files, content_type
from gateway.labels import note_confirmed
from gateway.models import Case, User
from gateway.notices import Notices
from gateway.queue import DELIVER, Bell
from gateway.scanner import Infected, NotScanned, Scanner
from gateway.store import Store
from routing.directory import Directory

_CHANGED = "somebody else changed this case meanwhile; look again"
KINDS = ("complaint", "suggestion", "remark", "question")


@dataclass(frozen=True, slots=True)
class Cases:
    """Looks cases up and does to them what people ask.

    Every act takes the case's number and ``by`` whom it is done. It raises UnknownCase, Conflict
    when the case is not any more what they saw, and CaseError for what makes no sense.
    """

    store: Store
    files: Files
    directory: Directory
    bell: Bell
    notices: Notices
    scanner: Scanner | None = None

    def view(self, number: str, *, staff: bool = False) -> CaseView | None:
        """A case by its number alone: for staff, and for citizens whose link we signed."""
        with self.store.read() as session:
            case = session.scalar(select(Case).where(Case.number == number))
            return view_of(session, case, staff=staff) if case else None

    def dossier(self, number: str) -> Dossier | None:
        """A case with everything that hangs on it, for staff."""
        with self.store.read() as session:
            case = session.scalar(select(Case).where(Case.number == number))
            return dossier_of(session, case) if case else None

    def preview(self, number: str, what: str, message: str) -> Preview:
        """An answer as it would go out. Raises UnknownCase, and KeyError for no kind of answer."""
        with self.store.read() as session:
            case = session.scalar(select(Case).where(Case.number == number))
            if case is None:
                raise UnknownCase(f"no case has the number {number}")
            return preview(session, self.notices, case, what, message)

    def latest(self, limit: int) -> list[CaseView]:
        """The newest cases, newest first."""
        with self.store.read() as session:
            rows = session.scalars(select(Case).order_by(Case.id.desc()).limit(limit))
            return [view_of(session, case) for case in rows.all()]

    def change(
        self,
        number: str,
        *,
        status: str,
        message: str | None = None,
        administration: str | None = None,
        ground: str | None = None,
        actor: str | By,
        attachments: Sequence[Attachment] = (),
    ) -> CaseView:
        """Give a case a new status, write it into its history, and tell the citizen.

        ``message`` is for the citizen; with ``routed`` it is the reason, for whoever gets the case.
        ``attachments`` go along with the message, on channels that carry files.
        """
        message = _stripped(message)
        files = self.keep(attachments)

        def act(work: Work) -> None:
            check_change(work.case, status, message, administration, ground, self.directory)
            if administration:
                changing.transfer(work, administration, message, self.directory)
            else:
                changing.change(work, status, message, ground, self.directory, files)

        return self._do(number, By(actor) if isinstance(actor, str) else actor, act)

    def send_back(self, number: str, reason: str, by: By) -> CaseView:
        """Give a case that is not ours back to triage."""
        because = _stripped(reason)

        def act(work: Work) -> None:
            check_open(work.case)
            if work.case.administration is None:
                raise CaseError("the case is in triage already")
            if not because:
                raise CaseError("say why it is not yours, for whoever gets the case", "reason")
            changing.transfer(work, None, because, self.directory)

        return self._do(number, by, act)

    def accept(self, number: str, by: By) -> CaseView:
        """Take up what was routed here; that also confirms to the router that it was right."""

        def act(work: Work) -> None:
            case = work.case
            check_open(case)
            if case.administration is None:
                raise CaseError("the case is in triage: route it first")
            if case.accepted_at is not None:
                raise CaseError("the case is accepted already", "accepted")
            note_confirmed(work.session, case, self.directory, work.now)
            case.accepted_at = work.now
            if case.status in ("routed", "reopened"):
                case.status = "in_progress"
            work.write("accepted", administration=case.administration)

        return self._do(number, by, act)

    def assign(self, number: str, user_id: int | None, by: By) -> CaseView:
        """Put a case into somebody's hands, or out of everybody's."""

        def act(work: Work) -> None:
            check_open(work.case)
            name = None
            if user_id is not None:
                user = work.session.get(User, user_id)
                if user is None or user.disabled_at is not None:
                    raise CaseError("nobody at the desk has that name")
                if user.administration not in (None, work.case.administration):
                    raise CaseError("they work for another administration")
                name = user.name
            work.case.assignee_id = user_id
            work.write("assigned", user=user_id, name=name)

        return self._do(number, by, act)

    def say(
        self, number: str, message: str, by: By, attachments: Sequence[Attachment] = ()
    ) -> CaseView:
        """Tell the citizen something that changes no status."""
        words, files = _stripped(message), self.keep(attachments)

        def act(work: Work) -> None:
            check_open(work.case)
            check_words(words)
            if not words:
                raise CaseError("there is nothing to say yet", "words")
            work.touch()
            event = work.write("said", message=words)
            work.tell("told", event, words, files=files)

        return self._do(number, by, act)

    def note(self, number: str, text: str, by: By) -> CaseView:
        """Write something down for colleagues; citizens never see it."""
        words = _stripped(text)

        def act(work: Work) -> None:
            check_words(words)
            if not words:
                raise CaseError("there is nothing to note yet", "words")
            work.write("note", text=words)

        # Notes take nothing from one another, so none is refused for what changed meanwhile.
        return self._do(number, replace(by, version=None), act)

    def extend(self, number: str, until: datetime, reason: str, by: By) -> CaseView:
        """Tell the citizen why the answer takes longer, and until when."""
        because = _stripped(reason)

        def act(work: Work) -> None:
            check_open(work.case)
            check_words(because)
            if not because:
                raise CaseError("the citizen must know why it takes longer", "words")
            latest = longest_extension(work.case, work.now, self.directory, self.notices.settings)
            check_extension(work.case, until, work.now, latest)
            changing.extend(work, until, because, self.notices.settings.extensions)

        return self._do(number, by, act)

    def merge(self, number: str, into: str, by: By) -> CaseView:
        """Treat a double together with the case it repeats."""

        def act(work: Work) -> None:
            target = work.session.scalar(select(Case).where(Case.number == into))
            if target is None:
                raise UnknownCase(f"no case has the number {into}")
            joining.merge(work, target)

        return self._do(number, by, act, also=into)

    def sort(
        self, number: str, by: By, *, kind: str | None = None, language: str | None = None
    ) -> CaseView:
        """Correct what the machine took a case for."""

        def act(work: Work) -> None:
            if kind is not None:
                if kind not in KINDS:
                    raise CaseError(f"a case is one of {', '.join(KINDS)}")
                work.case.kind = kind
            if language is not None:
                work.case.language = language
            work.write("sorted", kind=kind, language=language)

        return self._do(number, by, act)

    def keep(self, attachments: Sequence[Attachment]) -> list[Kept]:
        """Store an agent's files. Before anything else: a row must never point at bytes that a
        crash took away."""
        for attachment in attachments:
            self._scan(attachment.content or b"")
        return [_kept(self.files, attachment) for attachment in attachments]

    def _scan(self, content: bytes) -> None:
        if self.scanner is None:
            return
        try:
            self.scanner.scan(content)
        except (Infected, NotScanned) as trouble:
            raise CaseError(f"the file was not taken: {trouble}", "file") from None

    def _do(
        self, number: str, by: By, act: Callable[[Work], None], *, also: str | None = None
    ) -> CaseView:
        """Do something to a case under its lock, once per form, and ring for what it queued.
        ``also`` is another case that the act changes."""
        channels: set[str] = set()
        try:
            with self.store.write() as session:
                case = _locked(session, number, also)
                if case is None:
                    raise UnknownCase(f"no case has the number {number}")
                work = Work(session, case, by, clock.now(), self.notices, channels)
                if not work.is_done():
                    if by.version is not None and by.version != case.version:
                        raise Conflict(_CHANGED)
                    act(work)
                    session.flush()
                if by.trail:
                    audit.note(session, by.who or by.actor, by.trail, case.id)
                view = view_of(session, case, staff=True)
        except StaleDataError:
            raise Conflict(_CHANGED) from None
        for channel in channels:
            self.bell.ring(DELIVER, channel)
        return view


def _locked(session: Session, number: str, also: str | None) -> Case | None:
    """The case of that number. Two are locked in one order everywhere, so that whoever joins them
    the other way round waits for us and not we for them."""
    wanted = select(Case).where(Case.number.in_({number, also or number}))
    cases = session.scalars(wanted.order_by(Case.id).with_for_update()).all()
    return next((case for case in cases if case.number == number), None)


def _stripped(words: str | None) -> str | None:
    return (words or "").strip() or None


def _kept(files: Files, attachment: Attachment) -> Kept:
    content = attachment.content or b""
    declared = content_type(content, attachment.content_type)
    return [files.keep(content), attachment.filename, declared]
