"""Processes a message while its sender waits for the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from time import monotonic, sleep

from sqlalchemy import select

from channels.base import Receipt
from gateway.messages import Style, speak
from gateway.models import ANSWERED, Case, Message
from gateway.pipeline.parts import Parts
from gateway.pipeline.process import settle

#: How long the second of two equal requests waits for the first one's number, in seconds.
_DOUBLE_CLICK = 3.0


def settle_now(parts: Parts, receipt: Receipt) -> Receipt:
    """Process one message in line and return its receipt with the number; those of one moment are
    processed together.

    When that fails the message is safe and the worker will have it: the receipt comes back
    without a number, which tells the citizen that it will follow.
    """
    if receipt.duplicate:
        _await_first(parts, receipt)
        return _with_cases(parts, [receipt])[0]
    return parts.in_line.share(receipt, partial(_settle_together, parts))


def _settle_together(parts: Parts, receipts: Sequence[Receipt]) -> Sequence[Receipt]:
    ids = [receipt.message_id for receipt in receipts]
    with parts.store.read() as session:
        new = session.scalars(
            select(Message)
            .where(parts.store.among(Message.id, ids), Message.state == "new")
            .order_by(Message.id)
        ).all()
        session.expunge_all()
    heard = [message for message in new if not message.hints.get("unheard")]
    unheard = [message for message in new if message.hints.get("unheard")]
    for messages, spoken in ((heard, True), (unheard, False)):
        if messages:
            settle(parts, messages, spoken=spoken)
    return _with_cases(parts, receipts)


def _await_first(parts: Parts, receipt: Receipt) -> None:
    """Wait a moment for whoever is processing the same message, as after a double click."""
    until = monotonic() + _DOUBLE_CLICK
    while monotonic() < until:
        with parts.store.read() as session:
            state = session.scalar(select(Message.state).where(Message.id == receipt.message_id))
        if state != "new":
            return
        sleep(0.05)


def _with_cases(parts: Parts, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Each receipt with the number of the case that its message is about, and what to say."""
    ids = [receipt.message_id for receipt in receipts]
    with parts.store.read() as session:
        found = session.execute(
            select(Message.id, Message.channel, Message.intent, Message.language, Case)
            .outerjoin(Case, Case.id == Message.case_id)
            .where(parts.store.among(Message.id, ids))
        )
        about = {id_: (way, wish, tongue, case) for id_, way, wish, tongue, case in found}
        return [_told(parts, receipt, *about[receipt.message_id]) for receipt in receipts]


def _told(
    parts: Parts,
    receipt: Receipt,
    channel: str,
    intent: str | None,
    language: str | None,
    case: Case | None,
) -> Receipt:
    asked = intent == "status"
    if case is None and not asked:
        return receipt
    language = speak(case.language if case else language, parts.settings.default_language)
    style: Style = "voice" if channel == "voice" else "long"
    if case is None:
        text = parts.notices.say("unknown_number", {}, language, style)
        return replace(receipt, language=language, text=text)
    key = "status" if asked else "acknowledged"
    text = parts.notices.say(key, parts.notices.facts(case), language, style)
    over = asked and case.status in ANSWERED
    return replace(receipt, number=case.number, language=language, text=text, over=over)
