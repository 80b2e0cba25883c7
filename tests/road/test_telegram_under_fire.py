"""Telegram by webhook and by polling, while Guichet is killed between one update and the next."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from sqlalchemy import select

from gateway.models import Case, Message, OutboundRow
from gateway.store import Store
from normalizer.tracking import find
from tests.fakes.telegram import FakeTelegram
from tests.road.running import Processes, eventually

PUBLIC_URL = "https://guichet.example"
#: People, and what each writes; all of it goes on with their first words.
CHATS = range(5_512_345_001, 5_512_345_007)
WORDS = (
    "Bonjour, les ordures débordent dans notre rue à Casablanca depuis une semaine",
    "C'est devant l'école Ibn Sina, au coin",
    "Et cela sent très mauvais",
)


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A Bot API that counts no rates: what is tried here is whether anything is lost."""
    with FakeTelegram(rates=False) as fake:
        yield fake


@pytest.fixture(params=["webhook", "polling"])
def guichet(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, telegram: FakeTelegram
) -> Iterator[Processes]:
    """A one-process Guichet on SQLite."""
    shutil.copy(sqlite_template, tmp_path / "guichet.db")
    environ = {
        **telegram.environ,
        "TELEGRAM_MODE": request.param,
        "TELEGRAM_CHAT_PER_SECOND": "1000",
        "DATABASE_URL": f"sqlite:///{tmp_path}/guichet.db",
        "PUBLIC_URL": PUBLIC_URL,
        "POLL_SECONDS": "1",
        "SWEEP_SECONDS": "0.5",
        "LEASE_SECONDS": "5",
    }
    with Processes(tmp_path, environ, "python -m gateway serve") as processes:
        yield processes


def test_nothing_is_lost_and_nothing_done_twice(guichet: Processes, telegram: FakeTelegram) -> None:
    """Each update comes twice; after each round the process is killed at whatever it is doing."""
    updates: list[dict[str, Any]] = []
    for words in WORDS:
        for chat in CHATS:
            update = telegram.message(chat, text=words)
            updates.append(update)
            _bring(guichet, telegram, update)
        guichet.kill()
        guichet.start()
    if guichet.environ["TELEGRAM_MODE"] == "webhook":
        for update in updates:
            _bring(guichet, telegram, update)
    else:
        eventually(lambda: telegram.waiting == [], "every update to be confirmed")
    eventually(lambda: _is_done(guichet), "everything to be done")

    store = Store(guichet.environ["DATABASE_URL"])
    with store.read() as session:
        stored = Counter(session.scalars(select(Message.external_id)))
        cases = {case.id: case.number for case in session.scalars(select(Case))}
        told = session.execute(select(OutboundRow.cause, OutboundRow.case_id)).all()
    store.close()
    assert stored == Counter(str(update["update_id"]) for update in updates)
    assert len(cases) == len(CHATS)
    assert len({cause for cause, _ in told}) == len(told)
    for chat in CHATS:
        texts = [sent.text for sent in telegram.sent if sent.chat == chat]
        assert {number for text in texts for number in find(text)} <= set(cases.values())
        assert len({number for text in texts for number in find(text)}) == 1
        # A death inside a call says that message again, and each of the three says one at most.
        assert max(Counter(texts).values()) <= 1 + len(WORDS)
    hidden = telegram.environ["TELEGRAM_BOT_TOKEN"].partition(":")[2]
    assert hidden not in guichet.log


def _bring(guichet: Processes, telegram: FakeTelegram, update: dict[str, Any]) -> None:
    """Hand an update over as Telegram does: pushed until it is taken, or kept until asked for."""
    if guichet.environ["TELEGRAM_MODE"] == "polling":
        telegram.queue(update)
        return

    def taken() -> bool:
        try:
            return telegram.push(update, f"{guichet.url}/hooks/telegram")[0] == 200
        except URLError:
            return False

    eventually(taken, "an update to be taken")


def _is_done(guichet: Processes) -> bool:
    store = Store(guichet.environ["DATABASE_URL"])
    with store.read() as session:
        waiting = session.scalar(select(Message.id).where(Message.state != "done").limit(1))
        unsaid = session.scalar(select(OutboundRow.id).where(OutboundRow.state != "sent").limit(1))
        heard = session.scalar(select(OutboundRow.id).limit(1))
    store.close()
    return waiting is None and unsaid is None and heard is not None
