"""What understood messages change in the database: cases, their history, an answer to each.

Many are registered together, so that the database is asked once for all of them; but each is
placed as if it were alone. Those that concern one another follow one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from gateway.conversation import NONE, Sender, Situation, pasts, place
from gateway.dialects import is_sqlite, one_of, update_rows
from gateway.models import Case, Message
from gateway.pipeline.acts import NO_PAYLOAD, act
from gateway.pipeline.answering import give
from gateway.pipeline.at_hand import AtHand
from gateway.pipeline.loops import said_lately
from gateway.pipeline.opening import acknowledged, open_cases
from gateway.pipeline.parts import Parts
from gateway.pipeline.senders import Senders
from gateway.pipeline.task import Answer, Task, Understood
from gateway.pipeline.waves import waves
from gateway.queue import DELIVER, PROCESS

log = structlog.get_logger(__name__)

#: A kind of work that waits, and the channel.
Ring = tuple[str, str]
#: What was done with a message: the case that it is about, and what to answer.
_Done = tuple[Task, Case | None, Answer | None]


def register(
    parts: Parts,
    session: Session,
    understood: Sequence[Understood],
    now: datetime,
    at_hand: AtHand,
    *,
    spoken: bool = False,
) -> set[Ring]:
    """Place messages, change what they change, and queue the one answer each gets; what waits then
    for others.

    ``spoken``: the channel itself says the acknowledgement, in its HTTP answer. A message that does
    not wait any more was finished by another worker while ours was late: nothing is left to do.
    """
    waiting = _waiting(session, understood)
    understood = [one for one in understood if one.message.id in waiting]
    senders = Senders(session, [one.complaint for one in understood], now)
    rings: set[Ring] = set()
    for wave in waves([(one, _keys(senders, one)) for one in understood]):
        tasks = _tasks(parts, session, senders, wave, now, spoken)
        done = list(_done(session, tasks))
        _finish(session, done)
        answers = [(task, answer) for task, _, answer in done if answer and _is_answered(task)]
        rings |= {(DELIVER, channel) for channel in give(session, answers, at_hand)}
        if any(task.placement.action == "anew" for task in tasks):
            # What was held until now is due.
            rings.add((PROCESS, ""))
    return rings


def _waiting(session: Session, understood: Sequence[Understood]) -> set[int]:
    """Those that nobody else has finished, nor can while we do."""
    ids = [one.message.id for one in understood]
    return set(session.scalars(_locked(sqlite=is_sqlite(session)), {"messages": ids}))


@cache
def _locked(*, sqlite: bool) -> Select[int]:
    messages = Message.__table__.c
    theirs = one_of(messages.id, "messages", sqlite=sqlite)
    waiting = select(messages.id).where(theirs, messages.state == "new")
    return waiting.order_by(messages.id).with_for_update()


def _keys(senders: Senders, one: Understood) -> Iterator[object]:
    """Whom and what a message may concern: its sender and who they are said to be, a case."""
    for row in senders.of(one.complaint):
        yield row.contact
    yield from one.complaint.in_reply_to
    if one.complaint.thread:
        yield one.complaint.thread


def _tasks(
    parts: Parts,
    session: Session,
    senders: Senders,
    wave: Sequence[Understood],
    now: datetime,
    spoken: bool,
) -> list[Task]:
    """Each message with its place."""
    own = [senders.of(one.complaint) for one in wave]
    known = [row for rows in own for row in rows if senders.knows(row)]
    for one in wave:
        senders.heard(one.complaint, now)
        senders.met(one.complaint)
    senders.write()
    past = pasts(session, known, now, [one.message.received_at for one in wave])
    said = said_lately(session, known, now)
    tasks = []
    for one, rows in zip(wave, own, strict=True):
        sender = Sender(rows[0], past.get(rows[0].id, NONE)) if one.complaint.sender else None
        placement = place(
            Situation(
                session,
                one.message,
                one.complaint,
                one.route,
                sender,
                parts.directory,
                parts.settings,
                now,
            )
        )
        log.info(
            "placed",
            trace=one.message.trace_id,
            message=one.message.id,
            rule=placement.rule,
            action=placement.action,
        )
        tasks.append(Task(parts, session, one, now, rows, placement, spoken, said))
    return tasks


def _done(session: Session, tasks: Sequence[Task]) -> Iterator[_Done]:
    """Do what each placement says; all new cases are written at once."""
    new = [task for task in tasks if task.is_new]
    cases = dict(zip([task.message.id for task in new], open_cases(session, new), strict=True))
    for task in tasks:
        if case := cases.get(task.message.id):
            yield task, case, acknowledged(task, case)
        else:
            yield task, task.placement.case, act(task)


def _is_answered(task: Task) -> bool:
    """A machine's mail is registered like any other, but never answered (RFC 3834)."""
    complaint = task.complaint
    return not (complaint.auto or complaint.answered or task.placement.silent)


def _finish(session: Session, done: Sequence[_Done]) -> None:
    session.flush()
    rows = [
        {
            "row": task.message.id,
            "state": "held" if task.placement.action == "which_case" else "done",
            "error": None,
            "case_id": case.id if case else None,
            "intent": task.placement.wish,
            "language": task.complaint.language.tag,
        }
        for task, case, _ in done
    ]
    update_rows(session, Message, rows)
    for task, case, _ in done:
        if task.complaint.pin or task.complaint.event == "pin":
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
        update(Message)
        .where(Message.id == task.message.id)
        .values({"hints": hints, "text": text, **NO_PAYLOAD})
    )
