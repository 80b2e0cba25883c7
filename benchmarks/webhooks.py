"""5,000 webhooks, a tenth of them twice, all out of order: ``python -m benchmarks.webhooks``.

A thousand phones text four or five times within two minutes each. What must come out: a case for
each phone, acknowledged once. Needs the repository alone; SQLite unless DATABASE_URL says other.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import func, select

from channels.base import Inbound
from gateway.house import House, build
from gateway.models import Case, Message, OutboundRow
from gateway.settings import load

WEBHOOKS, TWICE, PHONES = 5_000, 0.1, 1_000
START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
TEXT = "Les ordures débordent dans notre rue à Casablanca depuis une semaine, message"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = _house(Path(folder))
        texts = _texts()
        began = time.perf_counter()
        for text in texts:
            house.pipeline.accept("sms", text)
        accepted = time.perf_counter()
        while house.pipeline.process():
            pass
        ended = time.perf_counter()
        with house.store.read() as session:
            rows = {
                table.__tablename__: session.scalar(select(func.count()).select_from(table))
                for table in (Message, Case, OutboundRow)
            }
        house.close()
    expected = {"messages": len({text.external_id for text in texts})}
    expected |= {"cases": PHONES, "outbound": PHONES}
    print(f"{len(texts)} webhooks, {len(texts) - expected['messages']} of them for the second time")
    print(f"rows: {rows}, expected: {expected}: {'right' if rows == expected else 'WRONG'}")
    print(f"accepted {len(texts) / (accepted - began):.0f} a second")
    print(f"processed {expected['messages'] / (ended - accepted):.0f} a second")


def _house(folder: Path) -> House:
    house = build(
        load(
            {
                "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{folder}/guichet.db"),
                "ATTACHMENTS_URL": f"file:{folder}/attachments",
                "SECRET_KEY": "for the benchmark only",
                "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
                "TWILIO_AUTH_TOKEN": "for the benchmark only",
                "TWILIO_FROM": "+15005550006",
                "TWILIO_API_URL": "http://127.0.0.1:9",
            }
        )
    )
    house.store.migrate()
    return house


def _texts() -> list[Inbound]:
    chance = random.Random(2026)
    phones = [f"+2126{n:08d}" for n in range(PHONES)]
    once = list(_told(phones, round(WEBHOOKS / (1 + TWICE))))
    again = chance.sample(once, WEBHOOKS - len(once))
    texts = [*once, *again]
    chance.shuffle(texts)
    return texts


def _told(phones: list[str], size: int) -> Iterator[Inbound]:
    """Texts of all phones in turn, those of one phone within two minutes."""
    serial = count(1)
    for turn in range(size // len(phones) + 1):
        for phone in phones:
            if (n := next(serial)) > size:
                return
            at = START + timedelta(seconds=20 * turn)
            text = f"{TEXT} {turn}"
            yield Inbound(f"SM{n:032x}", "AC1", phone, text, text.encode(), at)


if __name__ == "__main__":
    main()
