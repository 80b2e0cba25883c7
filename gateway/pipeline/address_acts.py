"""What follows where a message is about who wrote it: their language, their addresses."""

from __future__ import annotations

from sqlalchemy import update

from gateway import addresses, proofs
from gateway.messages import LANGUAGE_CHOICES
from gateway.models import CLOSED, Case
from gateway.pipeline.task import Answer, Asks, Task


def language(task: Task) -> Answer:
    """From now on, and in every case that is not over yet, write to them in this one."""
    tag = task.complaint.wanted_language
    if not tag:
        return Answer("language_ask", buttons=LANGUAGE_CHOICES)
    if task.own is not None:
        contact = task.own.contact
        contact.chosen_language = contact.language = tag
        task.session.execute(
            update(Case)
            .where(Case.contact_id == contact.id, Case.status.not_in(CLOSED))
            .values(language=tag)
        )
    return Answer("language_set")


def reach(task: Task) -> Answer:
    """Send a code to where they want to be answered, if it is surely they who ask."""
    wanted, own, case = task.complaint.reach, task.own, task.case
    if wanted is None or own is None:
        return Answer("help")
    if not task.complaint.proves_sender:
        return Answer("reach_by_link", case)
    begun = proofs.begin(
        task.session,
        task.parts.notices,
        own,
        wanted,
        task.now,
        case=case,
        language=case.language,
    )
    if begun is None:
        return Answer("slow_down")
    # About no case: the code is asked for here and nowhere else.
    return Answer("proof_sent", facts={"address": wanted.value}, asks=Asks("proof"))


def stop(task: Task) -> Answer:
    """Write to them no more."""
    if task.own is not None:
        task.own.stopped_at = task.now
    return Answer("stopped")


def start(task: Task) -> Answer:
    """Write to them again."""
    if task.own is not None:
        task.own.stopped_at = None
    return Answer("started")


def blocked(task: Task) -> None:
    """They shut the bot out: the same, unsaid."""
    stop(task)


def unblocked(task: Task) -> None:
    """And let it in again."""
    start(task)


def share(task: Task) -> Answer:
    """Others use it too: from now on nothing is told there unasked, and a code may keep a case."""
    case = task.placement.case
    if task.own is not None and task.complaint.proves_sender:
        task.own.shared = True
    return Answer("pin_ask", case, asks=Asks("pin")) if case else Answer("shared_ask")


def linked(task: Task) -> Answer | None:
    """Telegram vouches for a phone: it is theirs too."""
    tel = task.complaint.own_tel
    if task.own is None or tel is None:
        return None
    proofs.link(task.session, task.own, tel, task.now)
    return Answer("proved", facts={"address": tel.value})


def migrated(task: Task) -> None:
    """A group has a new id: all that hung on the old one follows."""
    if task.own is not None and task.complaint.migrated_to:
        addresses.move(task.session, task.own, task.complaint.migrated_to)
