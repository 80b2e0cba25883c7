"""Calls that we place: by day, and one for all that there is to say to a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from channels.base import Report
from gateway import clock
from gateway.deadlines import may_call
from gateway.house import House
from gateway.models import Case, OutboundRow
from tests.conftest import MakeHouse
from tests.fakes.twilio import SID, FakeTwilio
from tests.gateway.messages_in import FRENCH, rows, sms, take

LANDLINE = "+212522200000"


@pytest.fixture
def house(make_house: MakeHouse, twilio: FakeTwilio) -> House:
    """A house with a case of somebody who can only be called."""
    house = make_house(**twilio.environ)
    take(house, sms(FRENCH, sender=LANDLINE, account=SID))
    ring(house)
    twilio.calls.clear()
    return house


def ring(house: House, after: timedelta = timedelta()) -> None:
    """Place the calls that are due, when what waits was written so long ago."""
    with house.store.write() as session:
        queued = update(OutboundRow).where(OutboundRow.state == "queued")
        session.execute(queued.values(created_at=clock.now() - after, due_at=clock.now()))
    while house.pipeline.deliver("voice"):
        pass


def change(house: House, *changes: tuple[str, str | None]) -> list[OutboundRow]:
    """What an agent does to the case; the notices of it."""
    (case,) = rows(house, Case)
    before = len(rows(house, OutboundRow))
    for status, message in changes:
        house.cases.change(case.number, status=status, message=message, actor="agent")
    return rows(house, OutboundRow)[before:]


def test_two_changes_that_follow_one_another_are_told_in_one_call(
    house: House, twilio: FakeTwilio
) -> None:
    notices = change(house, ("in_progress", None), ("answered", "Réparé hier."))
    assert [row.channel for row in notices] == ["voice", "voice"]
    ring(house)
    assert twilio.calls == [], "more may follow"
    ring(house, after=timedelta(minutes=3))
    (call,) = twilio.calls
    assert call["Twiml"].count("Réparé hier.") == 2
    assert all(" ".join(row.text.split()) in " ".join(call["Twiml"].split()) for row in notices)
    told = rows(house, OutboundRow)[-2:]
    assert {row.state for row in told} == {"sent"}
    house.pipeline.accept("voice", Report(told[0].provider_id or "", SID, "delivered", b""))
    assert {row.state for row in rows(house, OutboundRow)[-2:]} == {"delivered"}


def test_what_one_call_has_no_room_for_is_told_in_another_one_later(
    house: House, twilio: FakeTwilio
) -> None:
    change(house, ("in_progress", None), ("answered", "Réparé hier. " * 90))
    ring(house, after=timedelta(minutes=3))
    assert len(twilio.calls) == 1
    ring(house, after=timedelta(minutes=6))
    assert len(twilio.calls) == 2
    assert {row.state for row in rows(house, OutboundRow)} == {"sent"}


def test_who_waits_for_an_answer_is_called_at_once(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH, sender="+212522200001", account=SID, external_id="SM2"))
    house.pipeline.deliver("voice")
    assert [call["To"] for call in twilio.calls] == ["+212522200001"]


def test_nobody_is_called_outside_the_hours_for_it(
    make_house: MakeHouse, twilio: FakeTwilio
) -> None:
    later = (clock.now().hour + 2) % 24
    asleep = make_house(**twilio.environ, TIME_ZONE="UTC", CALL_HOURS=f"{later}-{(later + 9) % 24}")
    take(asleep, sms(FRENCH, sender=LANDLINE, account=SID))
    ring(asleep)
    assert twilio.calls == []
    awake = make_house(**twilio.environ)
    ring(awake)
    assert len(twilio.calls) == 1


@pytest.mark.parametrize(
    ("said", "allowed"), [("9-20", [*range(9, 20)]), ("", [*range(24)]), ("22-2", [0, 1, 22, 23])]
)
def test_the_hours_are_those_of_the_place(
    make_house: MakeHouse, said: str, allowed: list[int]
) -> None:
    settings = make_house(CALL_HOURS=said, TIME_ZONE="Africa/Casablanca").settings
    # Morocco is an hour ahead of UTC.
    day = [datetime(2026, 7, 1, hour, 30, tzinfo=UTC) - timedelta(hours=1) for hour in range(24)]
    assert [hour for hour, at in enumerate(day) if may_call(at, settings)] == allowed
