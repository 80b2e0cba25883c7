"""Messages as adapters hand them over, for tests of the road behind the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import inspect, select

from channels.base import Inbound
from gateway.house import House
from gateway.models import Base

PHONE = "+212612345678"
STRANGER = "+212699999999"
WHEN = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

ARABIC = "الماء مقطوع عن حينا في فاس منذ يومين ولم يخبرنا أحد"
FRENCH = "Bonjour, les ordures débordent dans notre rue à Casablanca depuis une semaine"

_ids = count(1)


def sms(text: str, sender: str = PHONE, external_id: str = "", **more: Any) -> Inbound:
    """A text message."""
    return Inbound(
        external_id=external_id or f"SM{next(_ids):032x}",
        account=more.pop("account", "AC1"),
        sender=sender,
        text=text,
        raw=more.pop("raw", text.encode("utf-8", "replace")),
        received_at=more.pop("received_at", WHEN),
        **more,
    )


def take(house: House, *items: Inbound, channel: str = "sms") -> list[int]:
    """Accept messages and process them; their ids."""
    receipts = [house.pipeline.accept(channel, item) for item in items]
    if channel in ("voice", "webform"):
        for receipt in receipts:
            house.pipeline.settle_now(receipt)
    while house.pipeline.process():
        pass
    return [receipt.message_id for receipt in receipts]


def rows(house: House, table: type[Base], **where: Any) -> list[Any]:
    """The rows of a table, oldest first."""
    with house.store.read() as session:
        found: Iterable[Any] = session.scalars(
            select(table).filter_by(**where).order_by(*inspect(table).primary_key)
        ).unique()
        return list(found)
