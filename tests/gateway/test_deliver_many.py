"""Side by side: many chats at once, each chat's messages in their order, none said thrice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.base import Done, Outbound, Outcome, Rate
from gateway import clock
from gateway.house import House
from gateway.models import AddressRow, Case, CaseAddress, Contact, OutboundRow, PaceRow
from gateway.notices import Way
from gateway.pipeline.deliver import deliver
from gateway.pipeline.pace import chat_turns, free_at
from tests.conftest import MakeHouse
from tests.fakes.server import Answer, Asked
from tests.fakes.telegram import FakeTelegram
from tests.gateway.messages_in import rows

CHAT, GROUP = 5512345678, -4099887766


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A provider without rates: what is tested here is how we keep them."""
    with FakeTelegram(rates=False) as provider:
        provider.chats |= {CHAT, *range(1, 60)}
        yield provider


@pytest.fixture
def house(make_house: MakeHouse, telegram: FakeTelegram) -> House:
    """A house whose chats go to that provider, faster than a real one lets them."""
    return make_house(
        **telegram.environ, TELEGRAM_PER_SECOND="1000", TELEGRAM_CHAT_PER_SECOND="1000"
    )


def queue(house: House, *texts: str, chat: int = CHAT) -> None:
    """Let these texts wait to be said to a chat."""
    now = clock.now()
    with house.store.write() as session:
        address = session.scalar(select(AddressRow).where(AddressRow.value == str(chat)))
        if address is None:
            address = AddressRow(
                contact=Contact(name=None, created_at=now),
                kind="telegram",
                value=str(chat),
                created_at=now,
            )
            session.add(address)
            session.flush()
        for text in texts:
            notices, way = house.pipeline.parts.notices, Way(address, "telegram")
            cause = f"test:{chat}:{text}"
            drafts = notices.drafts(session, way, "help", {}, "fr", cause, now)
            row = notices.queue(session, drafts)
            row.text = text


def drain(house: House, *, ahead: bool = False) -> None:
    """Deliver until nothing is due; ``ahead`` lets what waits for later be due first."""
    if ahead:
        with house.store.write() as session:
            session.execute(
                update(OutboundRow).where(OutboundRow.state == "queued").values(due_at=clock.now())
            )
            session.execute(update(PaceRow).values(next_at=clock.now()))
    while house.pipeline.deliver("telegram"):
        pass


def states(house: House) -> dict[str, str]:
    """What became of each text."""
    return {row.text: row.state for row in rows(house, OutboundRow)}


def test_a_batch_to_many_chats_is_sent_and_every_id_kept(
    house: House, telegram: FakeTelegram
) -> None:
    for chat in range(1, 51):
        queue(house, f"n° {chat}", chat=chat)
    drain(house)
    assert sorted(sent.chat for sent in telegram.sent) == list(range(1, 51))
    ids = {f"{sent.chat}:{sent.number}" for sent in telegram.sent}
    assert {row.provider_id for row in rows(house, OutboundRow)} == ids


def test_the_messages_to_a_chat_keep_their_order(house: House, telegram: FakeTelegram) -> None:
    texts = [f"n° {number}" for number in range(8)]
    queue(house, *texts)
    drain(house)
    assert [sent.text for sent in telegram.sent] == texts


def test_a_message_that_must_wait_is_not_overtaken_in_its_chat_and_holds_up_no_other_chat(
    house: House, telegram: FakeTelegram
) -> None:
    queue(house, "first", "second")
    queue(house, "elsewhere", chat=7)
    telegram.flooded[CHAT] = 30
    drain(house)
    queue(house, "third")
    drain(house)
    assert [sent.text for sent in telegram.sent] == ["elsewhere"]
    telegram.flooded.clear()
    drain(house, ahead=True)
    assert [sent.text for sent in telegram.sent[1:]] == ["first", "second", "third"]


def test_another_worker_does_not_overtake_one_that_is_at_work(
    house: House, telegram: FakeTelegram
) -> None:
    queue(house, "first", "second")
    parts = house.pipeline.parts
    mine = parts.store.claim(OutboundRow, clock.now(), parts.lease, 1, channel="telegram")
    assert [row.text for row in mine] == ["first"]
    drain(house)
    assert telegram.sent == []


def test_what_fails_for_too_long_holds_up_its_chat_no_more(
    house: House, telegram: FakeTelegram
) -> None:
    queue(house, "never", "later")
    telegram.flooded[CHAT] = 30
    for _ in range(5):
        drain(house, ahead=True)
    telegram.flooded.clear()
    with house.store.write() as session:
        session.execute(
            update(OutboundRow).where(OutboundRow.text == "later").values(due_at=clock.now())
        )
    drain(house)
    assert [sent.text for sent in telegram.sent] == ["later"]


class Forgetful(FakeTelegram):
    """Takes messages and loses its answers on the way."""

    losing = True

    def take(self, asked: Asked) -> Answer | str:  # type: ignore[override]  # one of its words
        answer = super().take(asked)
        return "reset" if self.losing and asked.path.endswith("/sendMessage") else answer


def test_what_may_have_arrived_is_said_at_most_once_more(make_house: MakeHouse) -> None:
    """And then nobody says it another way: the case's history shows it instead."""
    with Forgetful(rates=False) as telegram:
        telegram.chats.add(CHAT)
        house = make_house(**telegram.environ)
        queue(house, "only once, please")
        for _ in range(5):
            drain(house, ahead=True)
        assert [sent.text for sent in telegram.sent] == ["only once, please"] * 2
        (row,) = rows(house, OutboundRow)
        assert (row.state, row.doubtful, row.tries) == ("failed", True, 2)


def test_what_may_have_arrived_and_does_the_second_time_is_sent(make_house: MakeHouse) -> None:
    with Forgetful(rates=False) as telegram:
        telegram.chats.add(CHAT)
        house = make_house(**telegram.environ)
        queue(house, "hello")
        drain(house)
        telegram.losing = False
        drain(house, ahead=True)
        assert len(telegram.sent) == 2
        assert states(house) == {"hello": "sent"}


def test_a_group_that_moved_is_followed(house: House, telegram: FakeTelegram) -> None:
    queue(house, "first", "second", chat=GROUP)
    telegram.migrated[GROUP] = -1001234567890
    telegram.chats.add(-1001234567890)
    drain(house)
    assert [(sent.chat, sent.text) for sent in telegram.sent] == [
        (-1001234567890, "first"),
        (-1001234567890, "second"),
    ]
    assert [address.value for address in rows(house, AddressRow)] == ["-1001234567890"]


def test_a_group_that_was_heard_of_under_its_new_id_has_one_address_left(
    house: House, telegram: FakeTelegram
) -> None:
    queue(house, "to the old id", chat=GROUP)
    queue(house, "to the new id", chat=-1001234567890)
    telegram.migrated[GROUP] = -1001234567890
    telegram.chats.add(-1001234567890)
    old, new = rows(house, AddressRow)
    with house.store.write() as session:
        case = Case(
            number="264831592783",
            status="routed",
            kind="complaint",
            text="x",
            language="fr",
            confidence=1.0,
            candidates=[],
            reasons=[],
            channel="telegram",
            account="",
            created_at=clock.now(),
            due_at=clock.now(),
            address_id=old.id,
            contact_id=old.contact_id,
        )
        session.add(case)
        session.flush()
        session.add(CaseAddress(case_id=case.id, address_id=old.id))
    drain(house)
    assert {sent.chat for sent in telegram.sent} == {-1001234567890}
    (case,) = rows(house, Case)
    assert (case.address_id, case.contact_id) == (new.id, new.contact_id)
    with house.store.read() as session:
        assert session.scalars(select(CaseAddress.address_id)).all() == [new.id]


def test_who_blocked_the_bot_is_stopped_and_hears_nothing_more(
    house: House, telegram: FakeTelegram
) -> None:
    telegram.blocked.add(CHAT)
    queue(house, "first", "second")
    drain(house)
    assert states(house) == {"first": "failed", "second": "failed"}
    assert rows(house, AddressRow)[0].stopped_at is not None
    assert len([asked for asked in telegram.asked if "sendMessage" in asked.path]) == 1


def test_two_chats_refused_at_once_pause_the_channel_for_as_long_as_telegram_says(
    house: House, telegram: FakeTelegram
) -> None:
    """Nothing is asked meanwhile, and what was not begun counts no try."""
    telegram.flooded = dict.fromkeys(range(1, 41), 60)
    for chat in range(1, 41):
        queue(house, f"n° {chat}", chat=chat)
    drain(house)
    asked = len(telegram.asked)
    free = free_at(house.pipeline.parts, "telegram")
    assert free is not None
    assert free > clock.now() + timedelta(seconds=30)
    assert house.pipeline.deliver("telegram") == 0
    assert len(telegram.asked) == asked
    assert sum(row.tries for row in rows(house, OutboundRow)) == asked
    telegram.flooded.clear()
    telegram.chats |= set(range(1, 41))
    drain(house, ahead=True)
    assert set(states(house).values()) == {"sent"}


def test_while_telegram_is_away_hardly_anything_counts_a_try(make_house: MakeHouse) -> None:
    house = make_house(TELEGRAM_API_URL="http://127.0.0.1:9")
    for chat in range(1, 41):
        queue(house, f"n° {chat}", chat=chat)
    drain(house)
    tried = [row for row in rows(house, OutboundRow) if row.tries]
    assert 1 <= len(tried) <= 8
    assert all(not row.doubtful for row in tried)


class Broken:
    """An adapter that falls over after the first message."""

    name = "telegram"
    addresses = "telegram"
    rate: Rate | None = Rate(1000, 1.0)

    def rate_to(self, address: str) -> Rate | None:
        return self.rate

    def send_many(
        self, messages: Sequence[Outbound], done: Done, waits: Sequence[float] = ()
    ) -> None:
        done([Outcome(messages[0], "1:1", 0.0)])
        raise ZeroDivisionError

    def send(self, message: Outbound) -> str:
        raise NotImplementedError

    def check(self) -> str:
        raise NotImplementedError


def test_an_adapters_fault_loses_no_message(house: House) -> None:
    for chat in (1, 2, 3):
        queue(house, f"n° {chat}", chat=chat)
    parts = replace(house.pipeline.parts, channels={"telegram": Broken()})  # type: ignore[dict-item]  # its kind of address is a plain word
    deliver(parts, "telegram")
    first, *others = rows(house, OutboundRow)
    assert first.state == "sent"
    assert [(row.state, row.error) for row in others] == [
        ("queued", "our own fault (ZeroDivisionError)")
    ] * 2


@pytest.mark.parametrize(
    ("rate", "ago", "wait"),
    [
        pytest.param(Rate(3, 3.0), [], 0, id="nothing was sent"),
        pytest.param(Rate(3, 3.0), [2, 1], 0, id="a short burst"),
        pytest.param(Rate(3, 3.0), [2, 1, 0], 1, id="a burst that is over"),
        pytest.param(Rate(3, 3.0), [9, 8, 7, 6, 5], 0, id="long ago"),
        pytest.param(Rate(2, 60.0), [50, 20, 10], 40, id="a group's minute"),
    ],
)
def test_a_chat_gets_no_more_than_telegram_lets_it(
    house: House, rate: Rate, ago: list[int], wait: int
) -> None:
    now = clock.now()
    queue(house, *(f"n° {number}" for number in range(len(ago) + 1)))
    *earlier, last = rows(house, OutboundRow)
    with house.store.write() as session:
        for row, seconds in zip(earlier, ago, strict=True):
            sent_at = now - timedelta(seconds=seconds)
            session.execute(
                update(OutboundRow)
                .where(OutboundRow.id == row.id)
                .values(state="sent", sent_at=sent_at)
            )
    adapter = Broken()
    adapter.rate = rate
    (turn,) = chat_turns(house.pipeline.parts, adapter, [last], now)
    assert turn == now + timedelta(seconds=wait)


def test_who_gets_too_much_at_once_waits_without_a_try(
    make_house: MakeHouse, telegram: FakeTelegram
) -> None:
    house = make_house(**telegram.environ, TELEGRAM_CHAT_PER_SECOND="0.01")
    queue(house, *(f"n° {number}" for number in range(5)))
    drain(house)
    assert [sent.text for sent in telegram.sent] == ["n° 0", "n° 1", "n° 2"]
    fourth = rows(house, OutboundRow)[3]
    assert (fourth.state, fourth.tries, fourth.error) == ("queued", 0, None)
    assert fourth.due_at > clock.now() + timedelta(seconds=200)
