"""A whole call over the webhooks, in a house with its database: what becomes of each step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from channels.base import Pushed, WireRequest
from gateway.codes import MOST_FAILURES
from gateway.house import House
from gateway.models import Case, Event, Message, OutboundRow
from tests.conftest import CHANNELS, MakeHouse
from tests.fakes.twilio import signed
from tests.gateway.messages_in import rows
from tests.harness import hook_url

PAYLOADS = Path(__file__).parents[1] / "payloads" / "voice"
CALLER = "+212612345678"
ELSEWHERE = "+212699999999"


def step(house: House, path: str, keys: str = "", name: str = "language", **fields: str) -> str:
    """One request of Twilio's, as the web takes it; the TwiML that answers."""
    form = dict(parse_qsl((PAYLOADS / f"{name}.form").read_text(), keep_blank_values=True))
    account = {"AccountSid": CHANNELS["TWILIO_ACCOUNT_SID"]}
    request = signed(
        hook_url("voice", path),
        {**form, **account, "Digits": keys, **fields},
        CHANNELS["TWILIO_AUTH_TOKEN"],
    )
    return _answer(house, request)


def _answer(house: House, request: WireRequest) -> str:
    voice: Any = house.channels["voice"]
    assert isinstance(voice, Pushed)
    receipts = [
        house.pipeline.settle_now(house.pipeline.accept("voice", item))
        for item in voice.receive(request)
    ]
    return voice.answer(request, receipts).body.decode()


def call(house: House, caller: str = CALLER, sid: str = "CA1", **more: str) -> Mapping[str, str]:
    """Begin a call in French; the fields that its steps share."""
    about = {"From": caller, "CallSid": sid, **more}
    step(house, "", name="call", **about)
    step(house, "/language", "2", **about)
    return about


def file(house: House, pin: str = "", **more: str) -> Case:
    """File a complaint by phone, and hang up after the number."""
    about = call(house, **more)
    step(house, "/recorded", "#", name="recorded", **about)
    step(house, "/confirm", "1", **about)
    step(house, "/pin", pin, **about)
    case: Case = rows(house, Case)[-1]
    return case


def test_any_process_can_serve_the_next_step(make_house: MakeHouse) -> None:
    about = call(make_house())
    assert "Votre ville" in step(make_house(), "/menu", "1", **about).replace("votre", "Votre")
    step(make_house(), "/place", "Fès", **about)
    step(make_house(), "/recorded", "#", name="recorded", **about)
    number = rows(make_house(), Case)[0].number
    assert ", ".join(" ".join(number[n : n + 4]) for n in (0, 4, 8)) in step(
        make_house(), "/pin", **about
    )


def test_where_the_caller_said_it_is_goes_with_the_case(house: House) -> None:
    about = call(house)
    step(house, "/place", "", SpeechResult="à Fès", **about)
    step(house, "/recorded", "#", name="recorded", **about)
    assert rows(house, Case)[0].city == "fes"


@pytest.mark.parametrize(
    "after",
    [
        [],
        [("/confirm", "")],
        [("/confirm", "9")],
        [("/confirm", "hangup")],
        [("/confirm", "1"), ("/pin", "12")],
    ],
    ids=["hung up", "silence", "a wrong key", "hung up at the question", "half a code"],
)
def test_a_recording_that_exists_is_a_complaint_whatever_happens_after(
    house: House, after: list[tuple[str, str]]
) -> None:
    about = call(house)
    step(house, "/recorded", "#", name="recorded", **about)
    for path, keys in after:
        step(house, path, keys, **about)
    assert len(rows(house, Case)) == 1
    assert [(row.key, row.channel) for row in rows(house, OutboundRow)] == [("acknowledged", "sms")]


def test_what_is_recorded_again_belongs_to_the_same_case(house: House) -> None:
    about = call(house)
    step(house, "/recorded", "#", name="recorded", **about)
    step(house, "/confirm", "2", **about)
    step(house, "/recorded", "#", name="recorded", **{**about, "RecordingSid": "RE2"})
    step(house, "/recording", name="recording", **{**about, "RecordingSid": "RE2"})
    assert len(rows(house, Case)) == 1
    assert len(rows(house, OutboundRow)) == 1
    assert [event.kind for event in rows(house, Event)] == ["received", "added"]


@pytest.mark.parametrize(
    ("caller", "code", "opens"),
    [
        (CALLER, None, True),
        (ELSEWHERE, None, False),
        (ELSEWHERE, "4711", True),
        (ELSEWHERE, "0000", False),
        ("anonymous", "4711", True),
    ],
    ids=["the phone it was filed with", "another", "with the code", "a wrong code", "withheld"],
)
def test_a_status_is_told_to_the_filers_phone_or_code_alone(
    house: House, caller: str, code: str | None, opens: bool
) -> None:
    case = file(house, pin="4711")
    about = call(house, caller, "CA2")
    heard = step(house, "/follow", case.number, **about)
    if code is not None:
        assert "quatre chiffres" in heard
        heard = step(house, "/code", code, **about)
    spoken = ", ".join(" ".join(case.number[n : n + 4]) for n in (0, 4, 8))
    assert (spoken in heard) == opens
    assert len(rows(house, Case)) == 1
    assert len(rows(house, OutboundRow)) == 1


def test_a_code_is_kept_nowhere_as_it_was_typed(house: House) -> None:
    case = file(house, pin="4711")
    about = call(house, ELSEWHERE, "CA2")
    step(house, "/follow", case.number, **about)
    step(house, "/code", "4711", **about)
    assert case.pin is not None
    for message in rows(house, Message):
        assert "4711" not in f"{message.text} {message.hints} {message.raw!r}"


def test_after_many_wrong_codes_the_right_one_opens_nothing_any_more(house: House) -> None:
    case = file(house, pin="4711")
    for n in range(MOST_FAILURES):
        about = call(house, ELSEWHERE, f"CA1{n}")
        step(house, "/follow", case.number, **about)
        step(house, "/code", "0000", **about)
    about = call(house, ELSEWHERE, "CA99")
    step(house, "/follow", case.number, **about)
    assert "Nous ne pouvons pas" in step(house, "/code", "4711", **about)


def test_digits_that_are_no_number_make_no_case_and_open_none(house: House) -> None:
    file(house)
    about = call(house, CALLER, "CA2")
    assert "quatre chiffres" in step(house, "/follow", "123456789012", **about)
    assert len(rows(house, Case)) == 1


def test_a_transcript_is_marked_as_a_machines_and_routes_the_case(house: House) -> None:
    about = call(house)
    step(house, "/recorded", "#", name="recorded", **about)
    assert rows(house, Case)[0].administration is None
    text = "The water has been cut off in our neighbourhood in Fes for two days"
    step(house, "/transcription", name="transcription", TranscriptionText=text, **about)
    (case,) = rows(house, Case)
    assert (case.text, case.transcribed) == (text, True)
    assert case.administration == "water-electricity"
    assert [event.kind for event in rows(house, Event)] == ["received", "transcribed", "routed"]
    assert len(rows(house, OutboundRow)) == 1


def test_a_transcript_of_which_the_recording_was_not_heard_files_it(house: House) -> None:
    """Its step and its callback may both be lost, or come later."""
    about = call(house)
    text = "The water has been cut off in our neighbourhood in Fes for two days"
    for path, name in (("/transcription", "transcription"), ("/recorded", "recorded")):
        step(house, path, "#", name=name, TranscriptionText=text, **about)
    (case,) = rows(house, Case)
    assert (case.text, case.channel, case.language) == (text, "voice", "fr")
    assert len(rows(house, OutboundRow)) == 1


def test_each_call_is_a_complaint_of_its_own(house: House) -> None:
    """Who presses the key for filing files something, whatever they filed a moment ago."""
    for n in range(3):
        file(house, sid=f"CA{n}", RecordingSid=f"RE{n}")
    assert len({case.number for case in rows(house, Case)}) == 3


def heard_the_end(house: House, caller: str = CALLER) -> Mapping[str, str]:
    """A call in which the end of a case was told."""
    case = file(house)
    house.cases.change(case.number, status="in_progress", actor="agent")
    house.cases.change(case.number, status="answered", message="Réparé hier.", actor="agent")
    about = call(house, caller, sid="CA2")
    step(house, "/menu", "2", **about)
    told = step(house, "/follow", case.number, **about)
    assert 'action="https://guichet.example/hooks/voice/rate"' in told or caller != CALLER
    return about


@pytest.mark.parametrize(("key", "rating"), [("1", 1), ("5", 5), ("0", None), ("", None)])
def test_who_hears_that_a_case_is_over_may_rate_it(
    house: House, key: str, rating: int | None
) -> None:
    about = heard_the_end(house)
    said = step(house, "/rate", key, **about)
    assert ("c'est noté" in said) is (rating is not None)
    assert rows(house, Case)[0].rating == rating


def test_a_rating_pressed_twice_is_one(house: House) -> None:
    about = heard_the_end(house)
    for _ in range(2):
        step(house, "/rate", "4", **about)
    assert [event.kind for event in rows(house, Event)].count("rated") == 1


def test_nine_opens_a_case_again_that_is_not_solved(house: House) -> None:
    about = heard_the_end(house)
    assert "rouvert" in step(house, "/rate", "9", **about)
    assert rows(house, Case)[0].status == "reopened"


def test_nobody_rates_a_case_that_they_were_not_told_of(house: House) -> None:
    heard_the_end(house, ELSEWHERE)
    step(house, "/rate", "1", CallSid="CA2", From=ELSEWHERE)
    assert rows(house, Case)[0].rating is None


def test_what_was_rated_on_the_line_is_not_written_too(house: House) -> None:
    about = heard_the_end(house)
    before = len(rows(house, OutboundRow))
    step(house, "/rate", "5", **about)
    assert len(rows(house, OutboundRow)) == before
