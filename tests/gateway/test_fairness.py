"""One citizen's thousand texts, or one channel's flood, hold nobody else up."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from rq import Queue, SimpleWorker
from sqlalchemy import text

from gateway import clock, work
from gateway.app import create_app
from gateway.house import House
from gateway.models import Case, Message, OutboundRow
from gateway.pipeline.fairness import _in_turn
from gateway.pipeline.process import BATCH
from gateway.queue import RedisBell
from gateway.settings import load
from gateway.store import _claim
from gateway.web.current import KEY
from tests.conftest import CHANNELS, MakeHouse
from tests.gateway.messages_in import FRENCH, PHONE, rows, sms, take
from tests.gateway.test_taken import scanned
from tests.servers.redis import RedisServer

#: A house, the bell that it rings, and where its jobs wait.
Worked = tuple[House, RedisBell, Queue]
FLOOD = 1000
OTHERS = [f"+21266{n:07d}" for n in range(20)]
SOON = timedelta(minutes=1)
#: Messages of a quiet day, all of which are done.
FINISHED = text(
    "INSERT INTO messages (channel, account, external_id, reference, sender, text, in_reply_to,"
    " hints, raw_sha256, received_at, accepted_at, state, due_at, tries, trace)"
    " SELECT 'sms', 'A', 'S' || n, 'S' || n, '+2126' || n, '', '[]', '{}', '', now(), now(),"
    " 'done', now(), 1, '' FROM generate_series(1, :messages) AS n"
)


def state_of(house: House, sender: str) -> list[str]:
    return [message.state for message in rows(house, Message, sender=sender)]


def test_the_others_are_acknowledged_before_one_phones_thousand_texts_are_done(
    house: House,
) -> None:
    now = clock.now()
    for n in range(FLOOD):
        house.pipeline.accept("sms", sms(f"{FRENCH} ({n})", received_at=now))
    for sender in OTHERS:
        house.pipeline.accept("sms", sms(FRENCH, sender, received_at=now))
    house.pipeline.process()
    assert all(state_of(house, sender) == ["done"] for sender in OTHERS)
    told = {row.address.value for row in rows(house, OutboundRow)}
    assert told >= set(OTHERS)
    assert state_of(house, PHONE).count("new") == FLOOD - house.settings.sender_at_once


def test_what_waits_longer_is_stored_processed_in_order_and_answered_once(house: House) -> None:
    now = clock.now()
    take(house, *(sms(f"{FRENCH} ({n})", received_at=now) for n in range(60)))
    assert state_of(house, PHONE) == ["done"] * 60
    assert len(rows(house, Case)) == 1
    assert len(rows(house, OutboundRow)) == 1
    (case,) = rows(house, Case)
    places = [case.text.find(f"({n})") for n in range(60)]
    assert places == sorted(places)


def test_nobody_gets_more_automatic_answers_than_are_allowed(make_house: MakeHouse) -> None:
    house = make_house(SENDER_ANSWERS="3")
    take(house, sms("HELP"))
    take(house, *(sms("HELP") for _ in range(20)))
    assert state_of(house, PHONE) == ["done"] * 21
    assert len(rows(house, OutboundRow)) == 3


def test_a_flood_of_one_channel_leaves_room_for_the_others(house: House) -> None:
    for n in range(200):
        house.pipeline.accept("email", sms(FRENCH, f"c{n}@exemple.ma"))
    take_one = house.pipeline.accept("sms", sms(FRENCH))
    house.pipeline.process()
    assert state_of(house, PHONE) == ["done"]
    assert take_one.message_id == 201
    assert sum(row.state == "new" for row in rows(house, Message)) == 200 - BATCH


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_surge_after_a_quiet_day_reads_what_is_due_once(house: House) -> None:
    """Who found nobody waiting expects nobody: to PostgreSQL all indexes of what waits cost the
    same then, and it read all that is due once more for each message."""
    with house.store.at_once() as connection:
        connection.execute(FINISHED, {"messages": 5000})
        connection.execute(text("VACUUM ANALYZE messages"))
    now = clock.now()
    for sender in OTHERS:
        house.pipeline.accept("sms", sms(FRENCH, sender, received_at=now))
    wanted = {"due": now + SOON, "until": now + SOON, "most": BATCH, "soon": now + SOON}
    with house.store.write() as session:
        claimed = session.scalars(_claim(Message, (_in_turn,)), wanted | {"others": 3}).all()
        assert len(claimed) == len(OTHERS)
        assert scanned(session, "ix_messages_waiting") == 1


def test_somebody_who_waits_for_an_answer_has_it_before_news_that_nobody_waits_for(
    make_house: MakeHouse,
) -> None:
    house = make_house()
    take(house, *(sms(FRENCH, sender) for sender in OTHERS))
    for case in rows(house, Case):
        house.cases.change(case.number, status="in_progress", actor="agent")
    take(house, sms(FRENCH))
    claimed = house.store.claim(
        OutboundRow, clock.now(), house.pipeline.parts.lease, 21, channel="sms"
    )
    assert {row.key for row in claimed} == {"acknowledged"}
    assert {row.bulk for row in rows(house, OutboundRow)} == {True, False}


def test_a_full_spool_is_told_while_what_a_provider_sends_is_stored_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    app = create_app(
        load(
            {
                **CHANNELS,
                "DATABASE_URL": database_url,
                "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                "SECRET_KEY": "for the tests only",
                "SPOOL_LIMIT": "2",
            }
        )
    )
    house: House = app.extensions[KEY]
    for n in range(4):
        told = app.test_client().get("/readyz")
        assert told.status_code == 200
        assert told.get_json()["spool"] == ("full" if n > 2 else "ok")
        house.pipeline.accept("sms", sms(FRENCH, OTHERS[n]))
    assert len(rows(house, Message)) == 4
    assert b"guichet_spool_limit 2.0" in app.test_client().get("/metrics").data
    house.close()


@pytest.fixture
def worked(make_house: MakeHouse, redis_server: RedisServer) -> Worked:
    """A house whose work waits for workers."""
    redis_server.flush()
    house = make_house(REDIS_URL=redis_server.url)
    assert isinstance(house.bell, RedisBell)
    return house, house.bell, Queue("guichet", connection=house.bell.redis)


def test_an_answer_goes_out_while_a_long_backlog_is_still_being_understood(
    worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker has all the work: it gives each kind a short share in turn."""
    house, bell, queue = worked
    for n in range(FLOOD):
        house.pipeline.accept("sms", sms(FRENCH, f"+2126{n:08d}"))
    bell.close()
    monkeypatch.setattr(work, "_at_work", [(house, threading.Event())])
    while not tried(house):
        bell.close()
        assert queue.count
        SimpleWorker([queue], connection=bell.redis).work(burst=True, max_jobs=1)
    assert rows(house, Message, state="new")


def test_what_a_worker_does_not_come_to_is_left_for_another(
    worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told to stop just when it was called."""
    house, bell, queue = worked
    house.pipeline.accept("sms", sms(FRENCH))
    bell.close()
    stop = threading.Event()
    monkeypatch.setattr(work, "_at_work", [(house, stop)])
    stop.set()
    SimpleWorker([queue], connection=bell.redis).work(burst=True, max_jobs=1)
    bell.close()
    assert state_of(house, PHONE) == ["new"]
    assert queue.count == 1
    stop.clear()
    SimpleWorker([queue], connection=bell.redis).work(burst=True, max_jobs=1)
    assert state_of(house, PHONE) == ["done"]


def tried(house: House) -> bool:
    """Whether any answer was handed to its provider, who is not there to take it."""
    return any(row.error for row in rows(house, OutboundRow))
