"""Answers that are claimed when they are written: who registered them hands them over at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from channels.base import NextDoor
from gateway import clock
from gateway.dialects import insert_rows, is_sqlite, one_of
from gateway.models import AddressRow, OutboundRow
from gateway.pipeline.pace import is_paused
from gateway.pipeline.parts import Parts
from gateway.store import written_out

#: An answer's columns, and the address that it goes to.
Draft = tuple[AddressRow, dict[str, Any]]


def within_reach(parts: Parts, channels: Collection[str]) -> frozenset[str]:
    """Those of some channels over which a worker hands over what it answers in the same turn: their
    providers answer at once, and as often as they are asked.

    None in the one-process install, whose channels have threads of their own, so that no provider
    holds up what others write. A worker would take such a channel's turn next in any case.
    """
    if parts.settings.embedded:
        return frozenset()
    return frozenset(name for name in channels if _is_within_reach(parts, name))


def _is_within_reach(parts: Parts, channel: str) -> bool:
    adapter = parts.channels.get(channel)
    if adapter is None or not isinstance(adapter, NextDoor):
        return False
    return adapter.is_near() and adapter.rate is None and not is_paused(parts, channel)


class AtHand:
    """The answers of one transaction. Those over the channels ``near`` are born claimed, and kept
    in ``rows`` with all that it takes to send them: a claim would change each of them once more,
    and read it.

    When the process dies before they are sent, their lease runs out as that of any claim does, and
    the next claim finds them.
    """

    def __init__(self, parts: Parts, near: frozenset[str]) -> None:
        self._parts = parts
        self._near = near
        self.rows: list[OutboundRow] = []

    def write(self, session: Session, drafts: Sequence[Draft]) -> set[str]:
        """Queue answers. Returns the channels of those that wait to be claimed."""
        claimed = {"tries": 1, "due_at": clock.now() + self._parts.lease}
        own: list[Draft] = []
        others: list[dict[str, Any]] = []
        # One at a time, and none before what waits for the same address already.
        held = self._held(session, drafts)
        for address, draft in drafts:
            way = draft["channel"], address.id
            if draft["channel"] in self._near and way not in held:
                held.add(way)
                own.append((address, draft | claimed))
            else:
                others.append(draft)
        # They come first: what follows to the same address has a later id.
        columns = [draft for _, draft in own]
        ids = insert_rows(session, OutboundRow, columns, unless_taken=OutboundRow.cause)
        # A second row of one cause is an error, here as below.
        self.rows += [_row(ids[draft["cause"]], address, draft) for address, draft in own]
        insert_rows(session, OutboundRow, others)
        return {draft["channel"] for draft in others}

    def _held(self, session: Session, drafts: Sequence[Draft]) -> set[tuple[str, int]]:
        """The channels and addresses for which something waits."""
        near = [(a.id, draft["channel"]) for a, draft in drafts if draft["channel"] in self._near]
        if not near:
            return set()
        addresses, channels = zip(*near, strict=True)
        asked = {"addresses": [*addresses], "channels": [*channels]}
        found = session.execute(_waiting(sqlite=is_sqlite(session)), asked)
        return {(channel, address) for channel, address in found}


def _row(id_: int, address: AddressRow, columns: dict[str, Any]) -> OutboundRow:
    """As a claim would bring it: nothing of it is still to be written, so no books are kept."""
    row = OutboundRow()
    vars(row).update(columns, id=id_, address=address)
    return row


@cache
def _waiting(*, sqlite: bool) -> Select[str, int]:
    """Built once: its making costs more than its sending."""
    its, waits = OutboundRow, OutboundRow.state == written_out("queued")
    if sqlite:
        channel = one_of(its.channel, "channels", sqlite=sqlite)
        address = one_of(its.address_id, "addresses", sqlite=sqlite)
        return select(its.channel, its.address_id).where(waits, channel, address)
    channels = bindparam("channels", type_=ARRAY(Text))
    addresses = bindparam("addresses", type_=ARRAY(BigInteger))
    names = column("channel", Text), column("address", BigInteger)
    each = func.unnest(channels, addresses).table_valued(*names, name="each").render_derived()
    earlier = (
        select(its.id)
        .where(waits, its.channel == each.c.channel, its.address_id == each.c.address)
        .correlate(each)
        # Asked address by address, by the index that is in this order. PostgreSQL would rather
        # read all that waits.
        .order_by(its.id)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return select(each.c.channel, each.c.address).where(earlier.is_not(None))
