"""What a lost webhook left out comes in all the same, once; and lost reports are asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from channels.base import Reconciles
from gateway import clock
from gateway.house import House
from gateway.models import AttachmentRow, Case, Message, OutboundRow
from gateway.reconcile import Found, reconcile, reconcile_by_clock
from tests.conftest import MakeHouse
from tests.fakes.twilio import FROM, SID, FakeTwilio, openapi, violations
from tests.gateway.messages_in import FRENCH, PHONE, rows, sms, take

A_WHILE = timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def house(make_house: MakeHouse, twilio: FakeTwilio) -> House:
    return make_house(**twilio.environ)


def text(n: int, body: str = FRENCH, **more: str) -> dict[str, str]:
    """A text as its webhook would have told it."""
    return {
        "MessageSid": f"SMf{n:031x}",
        "AccountSid": SID,
        "From": PHONE,
        "To": FROM,
        "Body": body,
        "NumMedia": "0",
        **more,
    }


def lose(twilio: FakeTwilio, *forms: dict[str, str], ago: timedelta = A_WHILE) -> None:
    for form in forms:
        twilio.keep(form, clock.now() - ago)


def work(house: House) -> None:
    while house.pipeline.process():
        pass


def test_a_text_whose_webhook_was_lost_becomes_a_case(house: House, twilio: FakeTwilio) -> None:
    lose(twilio, text(1))
    assert reconcile(house, clock.now(), DAY) == [Found("sms", messages=1)]
    work(house)
    (message,) = rows(house, Message)
    assert (message.external_id, message.account) == (f"SMf{1:031x}", SID)
    assert (message.sender, message.text) == (PHONE, FRENCH)
    assert message.hints["reconciled"] == "1"
    assert len(rows(house, Case)) == 1


def test_what_we_have_is_left_alone_and_what_comes_after_all_is_a_quiet_duplicate(
    house: House, twilio: FakeTwilio
) -> None:
    lose(twilio, text(1), text(2))
    take(house, sms(FRENCH, external_id=f"SMf{1:031x}", account=SID))
    assert reconcile(house, clock.now(), DAY)[0].messages == 1
    assert reconcile(house, clock.now(), DAY)[0].messages == 0
    # The webhook of the second one was only late.
    late = sms(FRENCH, external_id=f"SMf{2:031x}", account=SID)
    assert house.pipeline.accept("sms", late).duplicate
    assert len(rows(house, Message)) == 2


def test_a_list_of_many_pages_is_read_to_its_end(house: House, twilio: FakeTwilio) -> None:
    twilio.page_size = 7
    lose(twilio, *(text(n, From=f"+2126{n:08d}") for n in range(1, 31)))
    assert reconcile(house, clock.now(), DAY)[0].messages == 30


def test_files_come_along_under_the_addresses_that_a_webhook_names(
    house: House, twilio: FakeTwilio
) -> None:
    media = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    lose(twilio, text(1, NumMedia="1", MediaUrl0=media, MediaContentType0="image/jpeg"))
    reconcile(house, clock.now(), DAY)
    (file,) = rows(house, AttachmentRow)
    assert (file.reference, file.declared_type) == (media, "image/jpeg")


def test_whatsapp_is_looked_at_too(house: House, twilio: FakeTwilio) -> None:
    lose(twilio, text(1, From=f"whatsapp:{PHONE}", To=f"whatsapp:{FROM}"))
    reconcile(house, clock.now(), DAY)
    (message,) = rows(house, Message)
    assert message.account == f"whatsapp:{FROM}"


@pytest.mark.parametrize(
    "ago",
    [
        pytest.param(timedelta(seconds=5), id="its webhook may still be on its way"),
        pytest.param(timedelta(days=3), id="longer ago than was asked for"),
    ],
)
def test_what_is_too_new_or_too_old_is_left(
    house: House, twilio: FakeTwilio, ago: timedelta
) -> None:
    lose(twilio, text(1), ago=ago)
    assert reconcile(house, clock.now(), DAY)[0].messages == 0


def test_each_round_looks_back_to_the_last_one_and_a_second_worker_does_not_repeat_it(
    house: House, twilio: FakeTwilio
) -> None:
    now = clock.now()
    reconcile_by_clock(house, now)
    asked = len(twilio.asked)
    reconcile_by_clock(house, now + timedelta(minutes=1))
    assert len(twilio.asked) == asked
    # Twelve hours later it looks twelve hours back, and a little more.
    lose(twilio, text(1), ago=timedelta(minutes=5))
    reconcile_by_clock(house, now + timedelta(hours=12))
    assert len(rows(house, Message)) == 1


def test_a_provider_that_is_away_is_asked_again_from_where_we_were(
    house: House, twilio: FakeTwilio
) -> None:
    lose(twilio, text(1))
    twilio.plan("reset")
    (found,) = reconcile(house, clock.now())
    assert "cannot be reached" in found.trouble
    assert reconcile(house, clock.now()) == [Found("sms", messages=1)]


def test_a_report_that_never_came_is_asked_for(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH, account=SID))
    house.pipeline.deliver("sms")
    twilio.fates[f"SM{1:032x}"] = ("delivered", None)
    assert reconcile(house, clock.now(), DAY)[0].reports == 0
    later = clock.now() + timedelta(hours=2)
    assert reconcile(house, later, DAY)[0].reports == 1
    assert [row.state for row in rows(house, OutboundRow)] == ["delivered"]


def test_one_that_failed_unheard_is_told_another_way_and_one_without_news_asked_for_again(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH, account=SID), sms(FRENCH, "+212600000001", account=SID))
    while house.pipeline.deliver("sms"):
        pass
    later = clock.now() + timedelta(hours=2)
    twilio.fates[f"SM{1:032x}"] = ("undelivered", 30003)
    reconcile(house, later, DAY)
    (unheard,) = rows(house, OutboundRow, provider_id=f"SM{1:032x}")
    assert (unheard.state, unheard.error) == ("failed", "30003")
    asked = len(twilio.asked)
    reconcile(house, later + timedelta(hours=1), DAY)
    assert not [one for one in twilio.asked[asked:] if "/Messages/" in one.path]
    reconcile(house, later + timedelta(hours=7), DAY)
    assert [one for one in twilio.asked[asked:] if "/Messages/" in one.path]


def test_old_rows_without_a_report_are_let_be(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH, account=SID))
    house.pipeline.deliver("sms")
    with house.store.write() as session:
        session.execute(update(OutboundRow).values(sent_at=clock.now() - timedelta(days=3)))
    reconcile(house, clock.now() + timedelta(hours=2), DAY)
    assert not [one for one in twilio.asked if "/Messages/" in one.path]


def test_our_questions_are_those_of_twilios_own_document(house: House, twilio: FakeTwilio) -> None:
    document = openapi()
    if document is None:
        pytest.skip("needs Twilio's OpenAPI document")
    media = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    lose(twilio, text(1, NumMedia="1", MediaUrl0=media, MediaContentType0="image/jpeg"))
    reconcile(house, clock.now(), DAY)
    adapter: object = house.channels["sms"]
    assert isinstance(adapter, Reconciles)
    adapter.report(f"SMf{1:031x}")
    assert {fault for asked in twilio.asked for fault in violations(asked, document)} == set()
    # And the stand-in tells what the document says that Twilio tells.
    schema = document["components"]["schemas"]["api.v2010.account.message"]["properties"]
    assert set(twilio.told(f"SMf{1:031x}")) <= set(schema)
