"""Puts long texts together whose pieces a provider delivers one by one."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from gateway import clock
from gateway.models import Message
from gateway.pipeline.parts import Parts
from gateway.queue import PROCESS

#: How long a text waits for its missing pieces. Then it goes on without them, so that a citizen
#: is heard whatever a network lost.
PATIENCE = timedelta(minutes=2)
#: Phones count their long texts from 0 to 255 and begin again: older pieces are another text's.
_MEMORY = timedelta(minutes=15)
#: What stands where a piece never came.
_GAP = " […] "


def whole(parts: Parts, messages: Sequence[Message]) -> list[tuple[Message, tuple[int, ...]]]:
    """Each message that is complete, with the ids of the others that are pieces of it.

    A long text is carried by its first piece, whose ``text`` becomes the whole; the others are
    done with it. What still waits for a piece is put back and not returned.
    """
    found: list[tuple[Message, tuple[int, ...]]] = []
    batch = frozenset(message.id for message in messages)
    for message in messages:
        if "part" not in message.hints:
            found.append((message, ()))
        elif (carried := _carried(parts, message, batch)) is not None:
            found.append((message, carried))
    return found


def _carried(parts: Parts, message: Message, batch: Container[int]) -> tuple[int, ...] | None:
    """The other pieces, when this one carries them and all are here that will come."""
    _, total, _ = _which(message)
    pieces = list(_pieces(parts, message))
    present = {_which(one)[2]: one for one in reversed(pieces)}
    now, first = clock.now(), min(one.received_at for one in pieces)
    # One from hours ahead came while the clock was wrong: it has waited long enough.
    if len(present) < total and abs(now - first) < PATIENCE:
        _wait(parts, message, first + PATIENCE)
        return None
    carrier = present[min(present)]
    if carrier.id != message.id:
        # Whoever has the carrier finishes this piece too; if that fails it is due again.
        _wait(parts, message, now + parts.lease)
        if carrier.id not in batch:
            _call(parts, carrier, now)
        return None
    places = range(1, total + 1)
    texts = [present[place].text if place in present else _GAP for place in places]
    message.text = "".join(texts).strip()
    return tuple(one.id for one in pieces if one.id != message.id)


def _pieces(parts: Parts, message: Message) -> Iterator[Message]:
    """Every waiting piece of the text that a message is a piece of, oldest first."""
    reference, total, _ = _which(message)
    with parts.store.read() as session:
        near = session.scalars(
            select(Message)
            .where(
                Message.state == "new",
                Message.channel == message.channel,
                Message.account == message.account,
                Message.sender == message.sender,
                Message.received_at > message.received_at - _MEMORY,
            )
            .order_by(Message.id)
        ).all()
    for one in near:
        if "part" in one.hints and _which(one)[:2] == (reference, total):
            yield one


def _which(message: Message) -> tuple[str, int, int]:
    reference, total, position = message.hints["part"].rsplit("/", 2)
    return reference, int(total), int(position)


def _call(parts: Parts, carrier: Message, now: datetime) -> None:
    """Let the piece that carries the others go on at once: it waits for nothing any more."""
    with parts.store.write() as session:
        session.execute(
            update(Message)
            .where(Message.id == carrier.id, Message.state == "new")
            .values(due_at=now)
        )
    parts.bell.ring(PROCESS)


def _wait(parts: Parts, message: Message, until: datetime) -> None:
    """Put a piece back without counting a try."""
    with parts.store.write() as session:
        session.execute(
            update(Message)
            .where(Message.id == message.id, Message.state == "new")
            .values(due_at=until, tries=Message.tries - 1)
        )
