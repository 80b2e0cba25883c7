"""A clock that was hours ahead is put right: nothing stays put off for as long as it was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update

from channels.base import Attachment
from gateway import clock, guesses, proofs
from gateway.asking import give_up
from gateway.house import House
from gateway.models import AddressRow, AttachmentRow, Message, OutboundRow
from gateway.pipeline.loops import said_lately
from gateway.pipeline.pace import free_at
from gateway.pipeline.transcribe import LEASE
from gateway.questions import LIFETIMES, ask
from gateway.reconcile import reconcile_by_clock
from gateway.rounds import mend_clock
from normalizer.contact import Address
from tests.conftest import MakeHouse
from tests.fakes.server import Answer, in_json
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FROM, SID, FakeTwilio
from tests.gateway.messages_in import FRENCH, PHONE, STRANGER, rows, sms, take

CHAT = "5512345678"


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as provider:
        provider.chats.add(int(CHAT))
        yield provider


@pytest.fixture
def house(make_house: MakeHouse, twilio: FakeTwilio, telegram: FakeTelegram) -> House:
    """With a pace to be kept over both channels."""
    pace = {"SMS_PER_SECOND": "100", "TELEGRAM_CHAT_PER_SECOND": "0.01"}
    return make_house(**twilio.environ, **telegram.environ, **pace)


@contextmanager
def ahead(by: timedelta = timedelta(hours=2)) -> Iterator[None]:
    """The clock is wrong, and put right at the end."""
    clock.pass_time(by)
    try:
        yield
    finally:
        clock.pass_time(-by)


def texts(house: House) -> None:
    take(house, sms(FRENCH))
    house.pipeline.deliver("sms")
    take(house, sms(FRENCH, sender=STRANGER))


def chats(house: House) -> None:
    """A chat gets three at once."""
    for _ in range(4):
        take(house, sms("SUIVI", sender=CHAT), channel="telegram")
        house.pipeline.deliver("telegram")


@pytest.mark.parametrize(("write", "channel"), [(texts, "sms"), (chats, "telegram")])
def test_a_channel_and_a_chat_that_kept_their_pace_go_on(
    house: House, write: Callable[[House], None], channel: str
) -> None:
    """What was sent in the future holds up nothing: not the channel's line, not the same chat."""
    with ahead():
        write(house)
    mend_clock(house, clock.now())
    while house.pipeline.deliver(channel):
        pass
    assert {row.state for row in rows(house, OutboundRow)} == {"sent"}


def test_a_provider_that_asks_for_hours_is_asked_again_after_minutes(
    house: House, twilio: FakeTwilio
) -> None:
    """So that what lies further ahead is a wrong clock's."""
    take(house, sms(FRENCH))
    twilio.plan(in_json(429, {"code": 20429}, Retry_After="7200"))
    house.pipeline.deliver("sms")
    free = free_at(house.pipeline.parts, "sms")
    assert free is not None
    mend_clock(house, clock.now())
    assert free_at(house.pipeline.parts, "sms") == free


@pytest.mark.parametrize("state", ["claimed", "failed"])
def test_what_waits_is_due(house: House, twilio: FakeTwilio, state: str) -> None:
    """A failure waits for hours at most, so that a day is too long for it too."""
    take(house, sms(FRENCH))
    with ahead(timedelta(days=1)):
        if state == "failed":
            twilio.plan(Answer(500))
            house.pipeline.deliver("sms")
        else:
            lease = house.pipeline.parts.lease
            assert house.store.claim(OutboundRow, clock.now(), lease, 1)
    mend_clock(house, clock.now())
    assert house.pipeline.deliver("sms") == 1
    assert rows(house, OutboundRow)[0].state == "sent"


def test_a_failure_waits_as_long_as_failures_do(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH))
    twilio.plan(Answer(500))
    house.pipeline.deliver("sms")
    mend_clock(house, clock.now())
    assert house.pipeline.deliver("sms") == 0


def test_what_a_lost_webhook_left_out_is_still_looked_for(house: House, twilio: FakeTwilio) -> None:
    with ahead():
        reconcile_by_clock(house, clock.now())
    form = {"MessageSid": "SM1", "AccountSid": SID, "From": PHONE, "To": FROM, "Body": FRENCH}
    twilio.keep(form | {"NumMedia": "0"}, clock.now() - timedelta(minutes=30))
    reconcile_by_clock(house, clock.now())
    assert len(rows(house, Message)) == 1


def test_nobody_is_slowed_down_for_what_they_guessed_in_the_future(house: House) -> None:
    with ahead(), house.store.write() as session:
        for _ in range(house.settings.guesses_per_sender):
            guesses.note_guess(session, "address:1", clock.now())
    with house.store.write() as session:
        now = clock.now()
        assert not guesses.too_many(session, "address:1", now, house.settings)
        guesses.note_guess(session, "address:1", now)
        for _ in range(house.settings.guesses_per_sender):
            guesses.note_guess(session, "address:1", now)
        assert guesses.too_many(session, "address:1", now, house.settings)


def test_who_asked_for_codes_in_the_future_gets_another(house: House) -> None:
    take(house, sms(FRENCH))

    def begun() -> bool:
        with house.store.write() as session:
            asker = session.get_one(AddressRow, 1)
            mail = Address("mail", "fatima@example.ma")
            notices = house.pipeline.parts.notices
            return proofs.begin(session, notices, asker, mail, clock.now()) is not None

    with ahead():
        assert [begun() for _ in range(proofs.MOST_CODES + 1)] == [*[True] * 3, False]
    assert begun()


def test_a_message_is_held_no_longer_than_its_question_usually_waits(house: House) -> None:
    (message_id,) = take(house, sms(FRENCH))
    with ahead(), house.store.write() as session:
        address, message = session.get_one(AddressRow, 1), session.get_one(Message, message_id)
        ask(session, address, "sms", "", "which_case", ["1"], clock.now(), message=message)
        message.state = "held"
    now = clock.now()
    mend_clock(house, now)
    give_up(house.pipeline.parts, now)
    assert rows(house, Message)[0].state == "held"
    give_up(house.pipeline.parts, now + LIFETIMES["which_case"])
    assert rows(house, Message)[0].state == "new"


def test_a_long_texts_piece_does_not_wait_for_hours_for_the_others(house: House) -> None:
    with ahead():
        take(house, sms(FRENCH, hints={"part": "42/2/1"}, received_at=clock.now()))
    mend_clock(house, clock.now())
    assert house.pipeline.process() == 1
    assert rows(house, Message)[0].state == "done"


def test_a_recording_is_written_down_and_not_put_off(house: House) -> None:
    sound = Attachment("RE1.mp3", "audio/mpeg", content=b"ID3")
    take(house, sms("", attachments=(sound,)), channel="voice")
    with ahead(), house.store.write() as session:
        session.execute(update(AttachmentRow).values(hear_at=clock.now() + LEASE))
    now = clock.now()
    mend_clock(house, now)
    assert [file.hear_at for file in rows(house, AttachmentRow)] == [now]


def test_answers_from_the_future_do_not_look_like_two_machines_that_talk(house: House) -> None:
    with ahead():
        take(house, sms(FRENCH))
    with house.store.read() as session:
        address = session.get_one(AddressRow, 1)
        assert said_lately(session, [address], clock.now() + timedelta(hours=2))
        assert not said_lately(session, [address], clock.now())
