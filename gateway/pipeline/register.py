"""What one understood message changes in the database: a case, its history, an answer."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from gateway.conversation import Sender, Situation, place
from gateway.models import Case, Message
from gateway.pipeline.acts import act
from gateway.pipeline.answering import give
from gateway.pipeline.parts import Parts
from gateway.pipeline.senders import senders
from gateway.pipeline.task import Task, Understood
from gateway.queue import DELIVER, PROCESS

log = structlog.get_logger(__name__)


class AlreadyDone(Exception):
    """Another worker finished this message while ours was late: nothing is left to do."""


#: A kind of work that waits, and the channel.
Ring = tuple[str, str]


def register(
    parts: Parts, session: Session, understood: Understood, now: datetime, *, spoken: bool = False
) -> set[Ring]:
    """Place a message, change what it changes, and queue the one answer it gets; what waits then.

    ``spoken``: the channel itself says the acknowledgement, in its HTTP answer. Raises AlreadyDone
    when the message is not waiting any more.
    """
    message, complaint = understood.message, understood.complaint
    addresses, known = senders(session, complaint, now)
    sender = Sender(addresses[0], known) if complaint.sender else None
    placement = place(
        Situation(
            session,
            message,
            complaint,
            understood.route,
            sender,
            parts.directory,
            parts.settings,
            now,
        )
    )
    log.info("placed", message=message.id, rule=placement.rule, action=placement.action)
    task = Task(parts, session, understood, now, addresses, placement, spoken)
    case, answer = act(task)
    _finish(task, case)
    # What was held until now is due.
    rings = {(PROCESS, "")} if placement.action == "anew" else set()
    # A machine's mail is registered like any other, but never answered (RFC 3834).
    if answer is None or complaint.auto or complaint.answered or placement.silent:
        return rings
    if (channel := give(task, answer)) is not None:
        rings.add((DELIVER, channel))
    return rings


def _finish(task: Task, case: Case | None) -> None:
    session, message, complaint = task.session, task.message, task.complaint
    session.flush()
    changed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == "new")
        .values(
            state="held" if task.placement.action == "which_case" else "done",
            error=None,
            case_id=case.id if case else None,
            intent=complaint.intent,
            language=complaint.language.tag,
        )
    )
    if not isinstance(changed, CursorResult) or changed.rowcount != 1:
        raise AlreadyDone
    if complaint.pin or complaint.event == "pin":
        _forget_code(task)
    if task.understood.pieces:
        session.execute(
            update(Message)
            .where(Message.id.in_(task.understood.pieces))
            .values(state="done", error=None, case_id=case.id if case else None)
        )


def _forget_code(task: Task) -> None:
    """Of a caller's code only its HMAC is kept."""
    hints = {key: value for key, value in task.message.hints.items() if key != "pin"}
    text = "" if task.complaint.event == "pin" else task.message.text
    task.session.execute(
        update(Message).where(Message.id == task.message.id).values(hints=hints, text=text)
    )
