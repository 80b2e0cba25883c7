"""Messages a second over Telegram's side-by-side road: ``python -m benchmarks.telegram``.

A stand-in for the Bot API on loopback takes its time over each message, as a network does, and
refuses with 429 whoever sends faster than Telegram documents. Three rounds: at the pace that
Guichet keeps by itself, where nothing may be refused; without a pace, to see what one worker can
do; and one by one, to see what side by side is worth. Needs the repository's tests; SQLite.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from channels.base import Outbound
from gateway import clock
from gateway.house import House, build
from gateway.logs import configure
from gateway.models import AddressRow, Contact, OutboundRow
from gateway.notices import Way
from gateway.settings import load
from tests.fakes.server import Answer, Asked, Trouble
from tests.fakes.telegram import FakeTelegram

#: Seconds that an answer takes: about what Telegram's servers need from North Africa.
LATENCY = 0.15
MESSAGES, CHATS, ONE_BY_ONE = 300, 100, 30


class Distant(FakeTelegram):
    """A Bot API that is some way off."""

    def take(self, asked: Asked) -> Answer | Trouble:
        time.sleep(LATENCY)
        return super().take(asked)


def main() -> None:
    configure("warning")
    print(f"{MESSAGES} messages to {CHATS} chats, an answer takes {LATENCY * 1000:.0f} ms")
    _round("at our pace", rates=True)
    _round("without a pace", rates=False, TELEGRAM_PER_SECOND="1000", TELEGRAM_CHAT_PER_SECOND="50")
    _one_by_one()


def _round(label: str, *, rates: bool, **environ: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Distant(rates=rates) as telegram:
        house = _house(Path(folder), telegram, **environ)
        _queue(house, telegram)
        began = time.perf_counter()
        while len(telegram.sent) < MESSAGES:
            if not house.pipeline.deliver("telegram"):
                time.sleep(0.02)
        seconds = time.perf_counter() - began
        refused = len(telegram.asked) - len(telegram.sent)
        house.close()
    order = "kept" if _in_order(telegram) else "BROKEN"
    print(f"{label}: {MESSAGES / seconds:.1f} a second, {refused} refused, order {order}")


def _one_by_one() -> None:
    with tempfile.TemporaryDirectory() as folder, Distant(rates=False) as telegram:
        house = _house(Path(folder), telegram)
        telegram.chats.add(1)
        began = time.perf_counter()
        for number in range(ONE_BY_ONE):
            house.channels["telegram"].send(Outbound(number, "1", "Bonjour.", "fr"))
        seconds = time.perf_counter() - began
        house.close()
    print(f"one by one: {ONE_BY_ONE / seconds:.1f} a second")


def _house(folder: Path, telegram: FakeTelegram, **environ: str) -> House:
    house = build(
        load(
            {
                "DATABASE_URL": f"sqlite:///{folder}/guichet.db",
                "ATTACHMENTS_URL": f"file:{folder}/attachments",
                "SECRET_KEY": "for the benchmark only",
                **telegram.environ,
                **environ,
            }
        )
    )
    house.store.migrate()
    return house


def _queue(house: House, telegram: FakeTelegram) -> None:
    """The chats take turns, so that each gets its next message some seconds after its last."""
    now = clock.now()
    telegram.chats = set(range(1, CHATS + 1))
    with house.store.write() as session:
        addresses = [
            AddressRow(
                contact=Contact(name=None, created_at=now),
                kind="telegram",
                value=str(chat),
                created_at=now,
            )
            for chat in telegram.chats
        ]
        session.add_all(addresses)
        session.flush()
        for number in range(MESSAGES):
            way = Way(addresses[number % CHATS], "telegram")
            notices, cause = house.pipeline.parts.notices, f"benchmark:{number}"
            drafts = notices.drafts(session, way, "help", {}, "fr", cause, now)
            row: OutboundRow = notices.queue(session, drafts)
            row.text = f"{number // CHATS}"


def _in_order(telegram: FakeTelegram) -> bool:
    said: Counter[int] = Counter()
    for sent in telegram.sent:
        if sent.text != str(said[sent.chat]):
            return False
        said[sent.chat] += 1
    return True


if __name__ == "__main__":
    main()
