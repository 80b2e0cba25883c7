"""An answer reaches its provider, is tried again when it must be, and is never silently lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update

from channels.base import Attachment, Rate, Report
from gateway import clock
from gateway.cases import CaseError
from gateway.house import House
from gateway.models import AddressRow, AttachmentRow, Case, Event, OutboundRow, PaceRow
from gateway.pipeline.pace import together, turn
from tests.conftest import MakeHouse
from tests.fakes.server import Answer, Trouble, in_json
from tests.fakes.twilio import FROM, SID, FakeTwilio, refusal
from tests.gateway.messages_in import FRENCH, PHONE, rows, sms, take
from tests.servers.smtp import SmtpSink


@pytest.fixture
def house(make_house: MakeHouse, twilio: FakeTwilio) -> House:
    """A house whose SMS and calls go to that provider."""
    return make_house(**twilio.environ)


def make_due(house: House) -> None:
    """Let all that waits be due."""
    with house.store.write() as session:
        session.execute(
            update(OutboundRow).where(OutboundRow.state == "queued").values(due_at=clock.now())
        )
        session.execute(update(PaceRow).values(next_at=clock.now()))


def drain(house: House, channel: str = "sms") -> None:
    """Deliver until nothing is due: a batch holds one message to each address."""
    while house.pipeline.deliver(channel):
        pass


def test_an_acknowledgement_is_handed_over_and_the_providers_id_kept(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH, account=SID))
    assert house.pipeline.deliver("sms") == 1
    (row,) = rows(house, OutboundRow)
    assert (row.state, row.provider_id, row.error) == ("sent", f"SM{1:032x}", None)
    (sent,) = twilio.messages
    assert (sent["To"], sent["Body"]) == (PHONE, row.text)
    assert sent["StatusCallback"] == "https://guichet.example/hooks/sms/status"
    assert house.pipeline.deliver("sms") == 0


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refusal(20429), id="throttled"),
        pytest.param(in_json(500, {}), id="server error"),
        pytest.param("reset", id="connection reset"),
        pytest.param(refusal(20003), id="our token is wrong"),
    ],
)
def test_what_may_pass_later_waits_and_goes_out_then(
    house: House, twilio: FakeTwilio, trouble: Answer | Trouble
) -> None:
    take(house, sms(FRENCH))
    twilio.plan(trouble)
    house.pipeline.deliver("sms")
    (row,) = rows(house, OutboundRow)
    assert row.state == "queued"
    assert row.due_at > clock.now()
    assert row.error
    assert PHONE not in row.error
    make_due(house)
    house.pipeline.deliver("sms")
    assert rows(house, OutboundRow)[0].state == "sent"
    assert len(twilio.messages) == 1


def test_the_providers_own_wait_is_obeyed(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH))
    twilio.plan(in_json(429, {"code": 20429, "message": "Too Many Requests"}, Retry_After="3000"))
    house.pipeline.deliver("sms")
    assert rows(house, OutboundRow)[0].due_at > clock.now() + timedelta(seconds=2900)


def test_a_refusal_for_good_is_told_in_the_case_and_another_way_is_tried(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH))
    twilio.plan(refusal(21614, PHONE))
    house.pipeline.deliver("sms")
    first, second = rows(house, OutboundRow)
    assert first.state == "failed"
    assert (second.channel, second.state, second.key) == ("voice", "queued", "acknowledged")
    failure = rows(house, Event)[-1]
    assert failure.kind == "notice_failed"
    assert PHONE not in str(failure.data)
    house.pipeline.deliver("voice")
    assert len(twilio.calls) == 1


def test_giving_up_after_many_tries_is_a_failure_that_people_see(
    make_house: MakeHouse, twilio: FakeTwilio
) -> None:
    house = make_house(**twilio.environ, DELIVER_TRIES="2")
    take(house, sms(FRENCH))
    for _ in range(2):
        twilio.plan(in_json(503, {}))
        make_due(house)
        house.pipeline.deliver("sms")
    assert rows(house, OutboundRow)[0].state == "failed"
    assert rows(house, Event)[-1].kind == "notice_failed"


def test_who_opted_out_at_the_provider_is_not_written_to_again(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH))
    twilio.plan(refusal(21610, PHONE))
    house.pipeline.deliver("sms")
    assert rows(house, AddressRow)[0].stopped_at is not None
    take(house, sms(FRENCH))
    house.pipeline.deliver("sms")
    assert twilio.messages == []


def test_a_notice_queued_before_stop_is_not_sent_after_it(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH), sms("STOP"))
    drain(house)
    assert len(twilio.messages) == 1
    assert [row.state for row in rows(house, OutboundRow)] == ["failed", "sent"]


def test_a_channel_that_is_not_set_up_keeps_its_messages(
    make_house: MakeHouse, house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH))
    bare = make_house(**dict.fromkeys(twilio.environ, ""))
    bare.pipeline.deliver("sms")
    (row,) = rows(house, OutboundRow)
    assert row.state == "queued"
    assert "not set up" in row.error


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["sent"], "sent"),
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["sent", "failed"], "failed"),
        (["failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
@pytest.mark.parametrize("early", [False, True], ids=["after we know the id", "before"])
def test_delivery_reports_end_right_whatever_their_order(
    house: House, statuses: list[str], state: str, early: bool
) -> None:
    take(house, sms(FRENCH))
    if not early:
        house.pipeline.deliver("sms")
    for status in statuses:
        report = Report(f"SM{1:032x}", SID, status, status.encode(), code="30003")  # type: ignore[arg-type]  # from the table above
        house.pipeline.accept("sms", report)
        house.pipeline.accept("sms", report)
    if early:
        house.pipeline.deliver("sms")
    first, *others = rows(house, OutboundRow)
    assert first.state == state
    told_of_arrival = "delivered" in (statuses if early else statuses[:1])
    assert len(others) == ("failed" in statuses and not told_of_arrival)


def test_a_recording_is_fetched_and_kept(house: House, twilio: FakeTwilio) -> None:
    path = f"/2010-04-01/Accounts/{SID}/Recordings/RE1.mp3"
    twilio.media[path] = Answer(200, b"ID3" + b"\0" * 64, "audio/mpeg")
    take(house, sms("", attachments=(Attachment(None, "audio/mpeg", reference=twilio.url + path),)))
    assert house.pipeline.fetch() == 1
    (row,) = rows(house, AttachmentRow)
    assert row.state == "stored"
    assert house.files.read(row.sha256).startswith(b"ID3")


def test_a_file_that_cannot_be_had_is_told_in_the_case(house: House, twilio: FakeTwilio) -> None:
    elsewhere = Attachment(None, "image/png", reference="http://169.254.169.254/latest/meta-data")
    take(house, sms("regardez", attachments=(elsewhere,)))
    house.pipeline.fetch()
    assert rows(house, AttachmentRow)[0].state == "failed"
    assert rows(house, Event)[-1].kind == "file_failed"


# What is particular to phones.


def test_an_agents_long_text_goes_out_as_several_numbered_messages(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    long = "Nous avons réparé la conduite d’eau. " * 90
    house.cases.change(case.number, status="answered", message=long, actor="agent")
    drain(house)
    told = [sent["Body"] for sent in twilio.messages[1:]]
    assert [text.split(" ")[0] for text in told] == ["1/3", "2/3", "3/3"]
    assert "’" not in "".join(told)
    assert [row.segments for row in rows(house, OutboundRow)] == [1, 10, 10, 3]


def test_a_long_text_that_fails_is_told_another_way_once(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    house.pipeline.deliver("sms")
    twilio.plan(*[refusal(21614, PHONE)] * 3)
    long = "Nous avons réparé la conduite d'eau. " * 90
    house.cases.change(case.number, status="answered", message=long, actor="agent")
    house.pipeline.deliver("sms")
    spoken = [row for row in rows(house, OutboundRow) if row.channel == "voice"]
    assert [row.key for row in spoken] == ["answered"]


WHATSAPP = "whatsapp:+14155238886"


def test_what_came_over_whatsapp_is_answered_there(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH, sender=f"whatsapp:{PHONE}", account=WHATSAPP))
    house.pipeline.deliver("sms")
    (sent,) = twilio.messages
    assert (sent["From"], sent["To"]) == (WHATSAPP, f"whatsapp:{PHONE}")
    (row,) = rows(house, OutboundRow)
    assert (row.segments, row.address.value) == (None, PHONE)


def test_a_long_answer_over_whatsapp_is_several_messages(house: House, twilio: FakeTwilio) -> None:
    take(house, sms(FRENCH, sender=f"whatsapp:{PHONE}", account=WHATSAPP))
    long = "Nous avons réparé la conduite d’eau. " * 90
    house.cases.change(rows(house, Case)[0].number, status="answered", message=long, actor="agent")
    drain(house)
    told = [sent["Body"] for sent in twilio.messages[1:]]
    assert [text[:4] for text in told] == ["1/3 ", "2/3 ", "3/3 "]
    assert {row.state for row in rows(house, OutboundRow)} == {"sent"}


@pytest.mark.parametrize("late", [False, True], ids=["refused", "reported"])
def test_outside_whatsapps_window_it_is_said_by_sms(
    house: House, twilio: FakeTwilio, late: bool
) -> None:
    take(house, sms(FRENCH, sender=f"whatsapp:{PHONE}", account=WHATSAPP))
    if not late:
        twilio.plan(refusal(63016))
    house.pipeline.deliver("sms")
    if late:
        house.pipeline.accept("sms", Report(f"SM{1:032x}", SID, "failed", b"x", code="63016"))
    house.pipeline.deliver("sms")
    assert (twilio.messages[-1]["From"], twilio.messages[-1]["To"]) == (FROM, PHONE)
    assert [row.state for row in rows(house, OutboundRow)] == ["failed", "sent"]


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
def test_a_word_that_twilio_obeyed_and_answered_is_not_answered_again(
    house: House, word: str
) -> None:
    take(house, sms(FRENCH), sms("حبس", hints={"opt_out": word}))
    assert [row.key for row in rows(house, OutboundRow)] == ["acknowledged"]
    assert bool(rows(house, AddressRow)[0].stopped_at) == (word == "STOP")


def test_a_number_that_may_send_so_often_gives_everyone_a_turn(
    make_house: MakeHouse, twilio: FakeTwilio
) -> None:
    house = make_house(**twilio.environ, SMS_PER_SECOND="50")
    take(house, *(sms(FRENCH, sender=f"+21261234567{n}") for n in range(3)))
    house.pipeline.deliver("sms")
    assert [(row.state, row.tries) for row in rows(house, OutboundRow)] == [("sent", 1)] * 3
    step, now = timedelta(seconds=2), clock.now() + timedelta(hours=1)
    turns = [turn(house.pipeline.parts, "sms", step, now) for _ in range(3)]
    assert turns == [now, now + step, now + 2 * step]
    assert turn(house.pipeline.parts, "sms", step, now + timedelta(hours=1)) > turns[-1] + step


def test_an_agents_file_goes_along_by_mail_and_is_refused_where_none_can(
    make_house: MakeHouse, twilio: FakeTwilio
) -> None:
    with SmtpSink() as smtp:
        house = make_house(**twilio.environ, SMTP_URL=smtp.url)
        own = {"message_id": "<one@b.ma>"}
        mail = sms(FRENCH, sender="a@b.ma", subject="Ordures", hints=own)
        take(house, mail, channel="email")
        take(house, sms(FRENCH))
        mailed, texted = rows(house, Case)
        file = Attachment("réponse.pdf", content=b"%PDF-1.4 " + b"x" * 64)
        change: dict[str, Any] = {"status": "answered", "message": "Voir ici.", "actor": "agent"}
        house.cases.change(mailed.number, **change, attachments=[file])
        with pytest.raises(CaseError, match="sms"):
            house.cases.change(texted.number, **change, attachments=[file])
        drain(house, "email")
    (part,) = [*smtp.taken[-1].mail.iter_attachments()]
    assert (part.get_filename(), part.get_content()) == (file.filename, file.content)
    assert rows(house, Case)[1].status == "routed"


def test_an_answer_over_another_channel_names_nothing_of_the_first(house: House) -> None:
    """A form has an id that no mail may refer to."""
    form = sms(FRENCH, "", "b7:12", hints={"reply_mail": "salma@exemple.ma", "language": "fr"})
    take(house, form, channel="webform")
    (row,) = rows(house, OutboundRow)
    assert (row.channel, row.in_reply_to, row.references) == ("email", None, [])


def test_texts_to_one_phone_keep_their_order_and_hold_up_no_other(
    house: House, twilio: FakeTwilio
) -> None:
    other = "+212612345670"
    take(house, sms(FRENCH), sms("AIDE"), sms(FRENCH, sender=other))
    twilio.illness = in_json(503, {})
    drain(house)
    assert {row.tries for row in rows(house, OutboundRow)} == {0, 1}
    twilio.illness = None
    make_due(house)
    drain(house)
    assert [one["Body"] for one in twilio.messages if one["To"] == PHONE] == [
        row.text for row in rows(house, OutboundRow) if row.address.value == PHONE
    ]
    assert [one["To"] for one in twilio.messages].count(other) == 1


def test_what_may_have_arrived_is_texted_at_most_once_more(
    house: House, twilio: FakeTwilio
) -> None:
    take(house, sms(FRENCH))
    twilio.illness = "reset"
    for _ in range(4):
        make_due(house)
        drain(house)
    (row,) = rows(house, OutboundRow)
    assert (row.state, row.doubtful, row.tries) == ("failed", True, 2)


def test_while_the_provider_is_away_hardly_anything_counts_a_try(make_house: MakeHouse) -> None:
    house = make_house()
    take(house, *(sms(FRENCH, sender=f"+2126123456{n}") for n in range(10, 40)))
    drain(house)
    assert 1 <= sum(row.tries for row in rows(house, OutboundRow)) <= 8


@pytest.mark.parametrize(
    ("rate", "messages"),
    [(None, 60), (Rate(1, 1.0), 3), (Rate(30, 1.0), 60), (Rate(1, 60.0), 1)],
    ids=["as fast as it goes", "one a second", "a bot's pace", "one a minute"],
)
def test_a_batch_takes_no_turn_that_it_does_not_use(rate: Rate | None, messages: int) -> None:
    assert together(rate) == messages


def test_what_became_of_messages_is_counted_and_the_provider_timed(
    house: House, twilio: FakeTwilio
) -> None:
    def counted() -> list[float]:
        sent = [
            REGISTRY.get_sample_value("guichet_sent_total", {"channel": "sms", "outcome": outcome})
            for outcome in ("sent", "later", "failed")
        ]
        timed = REGISTRY.get_sample_value("guichet_send_seconds_count", {"channel": "sms"})
        return [value or 0 for value in (*sent, timed)]

    before = counted()
    take(house, *(sms(FRENCH, sender=f"+21261234567{n}") for n in range(3)))
    twilio.plan(refusal(21614, PHONE), in_json(503, {}))
    drain(house)
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1, 3]
