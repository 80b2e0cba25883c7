"""Writes down, in one statement, what a provider took and what it calls each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    FromClause,
    Text,
    Update,
    bindparam,
    case,
    column,
    exists,
    func,
    select,
    update,
)

from gateway.models import OutboundRow, ReportRow
from gateway.store import Store


def write_down(store: Store, ids: Mapping[str, int], now: datetime) -> Sequence[int]:
    """Keep that these rows were sent, by the provider's ids. Returns those of which a report came
    before we knew the id that it speaks of."""
    pairs: dict[str, Any] = {"rows": [*ids.values()], "providers": [*ids]}
    if store.is_sqlite:
        pairs = {"pairs": json.dumps([*ids.items()])}
    with store.at_once() as connection:
        rows = connection.execute(_statement(store.is_sqlite), {**pairs, "now": now}).all()
    return [row for row, reported in rows if reported]


@cache
def _statement(is_sqlite: bool) -> Update:
    """Built once: its making costs more than its sending. It is the same for one row and for
    many, so that the database keeps its plan."""
    told = _told_to_sqlite() if is_sqlite else _told()
    reported = exists(
        select(ReportRow.id).where(
            ReportRow.channel == OutboundRow.channel,
            ReportRow.provider_id == OutboundRow.provider_id,
        )
    )
    return (
        update(OutboundRow)
        .where(OutboundRow.id == told.c.row)
        .values(
            provider_id=told.c.provider,
            error=None,
            sent_at=bindparam("now"),
            # A report may have moved a row on already that was sent twice.
            state=case((OutboundRow.state == "queued", "sent"), else_=OutboundRow.state),
        )
        .returning(OutboundRow.id, reported)
    )


def _told() -> FromClause:
    rows = bindparam("rows", type_=ARRAY(BigInteger))
    providers = bindparam("providers", type_=ARRAY(Text))
    names = (column("row", BigInteger), column("provider", Text))
    return func.unnest(rows, providers).table_valued(*names, name="told").render_derived()


def _told_to_sqlite() -> FromClause:
    pair = func.json_each(bindparam("pairs", type_=Text)).table_valued("value", name="pair")
    return select(
        func.json_extract(pair.c.value, "$[1]").label("row"),
        func.json_extract(pair.c.value, "$[0]").label("provider"),
    ).subquery("told")
