"""Which answers go out in the turn that registers what they answer, and which wait for theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from channels.base import AddressKind, Channel, Outbound, Rate, SendFailed
from channels.sms.several import Several
from gateway import clock
from gateway.house import House
from gateway.models import OutboundRow
from gateway.pipeline.at_hand import _waiting
from gateway.pipeline.deliver import deliver, hand_over
from gateway.pipeline.fairness import claim_fairly
from gateway.pipeline.pace import pause
from gateway.pipeline.parts import Parts
from gateway.pipeline.process import BATCH, process, settle
from gateway.queue import DELIVER, RedisBell
from tests.conftest import MakeHouse
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, rows, sms, take
from tests.gateway.test_taken import ENOUGH, repeated, scanned
from tests.servers.redis import RedisServer


class Neighbour(Several):
    """A provider next door. ``refusals`` are what the first ones hear."""

    name = "sms"
    addresses: AddressKind = "tel"
    near = True

    def __init__(self) -> None:
        self.took: list[tuple[str, str]] = []
        self.refusals: Iterator[SendFailed] = iter(())

    def is_near(self) -> bool:
        return self.near

    def send(self, message: Outbound) -> str:
        for refusal in self.refusals:
            raise refusal
        self.took.append((message.to, message.text))
        return f"SM{message.id}"

    def check(self) -> str:
        raise NotImplementedError


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def house(make_house: MakeHouse, redis_server: RedisServer) -> House:
    """Whose work is done by workers."""
    return make_house(REDIS_URL=redis_server.url)


@pytest.fixture
def parts(house: House, neighbour: Neighbour) -> Parts:
    """A worker's."""
    channels: dict[str, Channel] = {**house.channels, "sms": neighbour}
    return replace(house.pipeline.parts, channels=channels)


def registered(parts: Parts) -> list[OutboundRow]:
    """Process what waits, as a worker that dies before it hands over what it has at hand."""
    return settle(parts, claim_fairly(parts, BATCH), near=frozenset({"sms"}))


def rung(parts: Parts) -> list[tuple[str, str]]:
    """Process a batch; whom it rings for."""
    assert isinstance(parts.bell, RedisBell)
    with parts.bell.keeping() as waiting:
        process(parts)
        return [*waiting]


def test_new_citizens_are_answered_in_the_turn_that_registers_them(
    house: House, parts: Parts, neighbour: Neighbour
) -> None:
    phones = [f"+2126{n:08d}" for n in range(30)]
    for phone in phones:
        house.pipeline.accept("sms", sms(FRENCH, phone))
    assert (DELIVER, "sms") not in rung(parts)
    assert sorted(to for to, _ in neighbour.took) == phones
    for row in rows(house, OutboundRow):
        assert (row.state, row.tries, row.provider_id) == ("sent", 1, f"SM{row.id}")
        assert (row.address.value, row.text) in neighbour.took


def test_when_the_worker_dies_before_it_hands_over_its_lease_runs_out(
    house: House, parts: Parts, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    assert len(registered(parts)) == 1
    assert deliver(parts, "sms") == 0
    later = clock.now() + parts.lease
    monkeypatch.setattr(clock, "now", lambda: later)
    assert deliver(parts, "sms") == 1
    assert [to for to, _ in neighbour.took] == [PHONE]


def test_what_comes_late_to_its_turn_is_left_to_the_next_claim(
    house: House, parts: Parts, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its lease might run out under it, and two workers would send it."""
    house.pipeline.accept("sms", sms(FRENCH))
    late = registered(parts)
    later = clock.now() + parts.lease / 2
    monkeypatch.setattr(clock, "now", lambda: later)
    hand_over(parts, late)
    assert neighbour.took == []
    assert deliver(parts, "sms") == 1
    (row,) = rows(house, OutboundRow)
    assert (row.state, row.tries) == ("sent", 1)


def test_one_sender_hears_in_order_what_is_answered_to_messages_of_one_batch(
    house: House, parts: Parts, neighbour: Neighbour
) -> None:
    for body, sender in ((FRENCH, PHONE), ("/status", PHONE), (ARABIC, STRANGER)):
        house.pipeline.accept("sms", sms(body, sender))
    assert (DELIVER, "sms") in rung(parts)
    # One to each address goes out at once; the other one waits for it.
    assert sorted(to for to, _ in neighbour.took) == [PHONE, STRANGER]
    while deliver(parts, "sms"):
        pass
    told = [text for to, text in neighbour.took if to == PHONE]
    assert told == [row.text for row in rows(house, OutboundRow) if row.address.value == PHONE]
    assert len(told) == 2


def test_nothing_overtakes_what_waits_to_be_said_to_an_address(
    house: House, parts: Parts, neighbour: Neighbour
) -> None:
    neighbour.refusals = iter([SendFailed("busy", retryable=True)])
    house.pipeline.accept("sms", sms(FRENCH))
    process(parts)
    house.pipeline.accept("sms", sms("/status"))
    house.pipeline.accept("sms", sms(ARABIC, STRANGER))
    process(parts)
    deliver(parts, "sms")
    assert [to for to, _ in neighbour.took] == [STRANGER]


def test_who_says_stop_in_the_same_batch_hears_that_and_nothing_else(
    house: House, parts: Parts, neighbour: Neighbour
) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    house.pipeline.accept("sms", sms("STOP"))
    process(parts)
    while deliver(parts, "sms"):
        pass
    receipt, goodbye = rows(house, OutboundRow)
    assert (receipt.state, goodbye.state) == ("failed", "sent")
    assert [text for _, text in neighbour.took] == [goodbye.text]


def test_when_nobody_gets_through_the_rest_is_given_back_and_counts_no_try(
    house: House, parts: Parts, neighbour: Neighbour
) -> None:
    for n in range(30):
        house.pipeline.accept("sms", sms(FRENCH, f"+2126{n:08d}"))
    neighbour.refusals = iter([SendFailed("slow down", retryable=True, everyone=True)])
    process(parts)
    left = [row for row in rows(house, OutboundRow) if row.state == "queued"]
    assert sum(row.tries for row in left) == 1
    assert len(left) + len(neighbour.took) == 30
    # While the channel pauses, nobody is even asked.
    house.pipeline.accept("sms", sms(FRENCH, STRANGER))
    process(parts)
    assert STRANGER not in [to for to, _ in neighbour.took]


def _far(parts: Parts, neighbour: Neighbour) -> Parts:
    neighbour.near = False
    return parts


def _paced(parts: Parts, neighbour: Neighbour) -> Parts:
    neighbour.rate = Rate(1, 1.0)
    return parts


def _paused(parts: Parts, _: Neighbour) -> Parts:
    pause(parts, "sms", clock.now() + timedelta(minutes=1))
    return parts


def _alone(parts: Parts, _: Neighbour) -> Parts:
    return replace(parts, settings=parts.settings.model_copy(update={"redis_url": None}))


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(_far, id="the provider is slow, and others' messages wait to be registered"),
        pytest.param(_paced, id="the channel keeps a pace"),
        pytest.param(_paused, id="the channel pauses"),
        pytest.param(_alone, id="one process does everything, the channel in a thread of its own"),
    ],
)
def test_an_answer_waits_to_be_claimed_where(
    house: House, parts: Parts, neighbour: Neighbour, how: Callable[[Parts, Neighbour], Parts]
) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    process(how(parts, neighbour))
    assert neighbour.took == []
    (row,) = rows(house, OutboundRow)
    assert (row.state, row.tries) == ("queued", 0)
    assert row.due_at <= clock.now()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_waits_is_looked_up_address_by_address(house: House) -> None:
    """PostgreSQL would rather read all that waits: a hundred thousand notices, for each batch."""
    take(house, sms(FRENCH))
    with house.store.write() as session:
        repeated(session, 300)
    with house.store.write() as session:
        for _ in range(ENOUGH):
            asked = {"channels": ["sms"] * 50, "addresses": [*range(1, 51)]}
            assert session.execute(_waiting(sqlite=False), asked).all() == [("sms", 1)]
        assert scanned(session, "ix_outbound_waiting") == 0
