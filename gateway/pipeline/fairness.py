"""Whose message is next: oldest first, but nobody's many messages hold up everybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.models import Message
from gateway.pipeline.parts import PROCESS_LEASE, Parts
from gateway.store import written_out

_WAITING = written_out("new")


def claim_fairly(parts: Parts, limit: int) -> Sequence[Message]:
    """Claim due messages: of each sender so many at a time as SENDER_AT_ONCE says, and beside a
    full batch up to CHANNEL_SHARE that came over channels which it leaves out."""
    now, settings = clock.now(), parts.settings
    turn: dict[str, Any] = {"soon": now + PROCESS_LEASE, "others": settings.sender_at_once - 1}
    claim = partial(parts.store.claim, Message, now, PROCESS_LEASE)
    claimed = [*claim(limit, _in_turn, **turn)]
    others = set(parts.channels) - {message.channel for message in claimed}
    if len(claimed) == limit and others:
        claimed += claim(settings.channel_share, _elsewhere, _in_turn, channels=[*others], **turn)
    return claimed


def _elsewhere() -> ColumnElement[bool]:
    """Whether it came over one of these channels."""
    return Message.channel.in_(bindparam("channels", expanding=True))


def _in_turn() -> ColumnElement[bool]:
    """Whether fewer than so many earlier messages of its sender are due or in work. One that was
    put off for longer, because it failed or is a piece of a text, holds up none."""
    earlier = aliased(Message)
    held_up = (
        select(earlier.id)
        .where(
            earlier.channel == Message.channel,
            earlier.sender == Message.sender,
            earlier.state == _WAITING,
            earlier.id < Message.id,
            earlier.due_at <= bindparam("soon"),
        )
        .correlate(Message)
        .offset(bindparam("others"))
        .limit(1)
        .exists()
    )
    # A form names nobody, so its senders cannot be told apart.
    return or_(Message.sender == "", ~held_up)


def is_full(parts: Parts) -> bool:
    """Whether more messages wait than SPOOL_LIMIT: whoever asks a provider for more stops then."""
    limit = parts.settings.spool_limit
    waiting = select(Message.id).where(Message.state == _WAITING).limit(limit + 1).subquery()
    with parts.store.read() as session:
        return (session.scalar(select(func.count()).select_from(waiting)) or 0) > limit
