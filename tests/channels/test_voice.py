"""The voice adapter: each step of a call, and the calls that we place."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from channels.base import (
    Attachment,
    Context,
    Inbound,
    Outbound,
    Receipt,
    Report,
    SendFailed,
    WireRequest,
)
from channels.voice import STATUSES, Voice
from channels.voice_script import LONGEST_TWIML, MENU, SPEAKERS, TURNS
from gateway.messages import LANGUAGES, phrase
from tests.fakes.server import Answer
from tests.fakes.twilio import FROM, SID, TOKEN, FakeTwilio, openapi, refusal, signed, violations
from tests.harness import PUBLIC_URL, AdapterContract, Wire, hook_url, make, message, outbound

PAYLOADS = Path(__file__).parents[1] / "payloads" / "voice"
CITIZEN = "+212612345678"
CALL = "CA" + "9" * 32
RECORDING = "RE" + "a" * 32
NUMBER = "264831592783"


def payload(name: str) -> dict[str, str]:
    return dict(parse_qsl((PAYLOADS / f"{name}.form").read_text(), keep_blank_values=True))


def incoming(name: str, path: str = "", query: str = "", **changed: str) -> WireRequest:
    """A payload file as Twilio would post it."""
    return signed(hook_url("voice", path, query), {**payload(name), **changed})


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def voice(twilio: FakeTwilio) -> Voice:
    """The adapter with the sentences that citizens hear."""
    adapter = Voice.from_context(Context(twilio.environ, PUBLIC_URL, phrase))
    assert adapter is not None
    return adapter


class TestContract(AdapterContract):
    @pytest.fixture
    def wire(self, twilio: FakeTwilio) -> Wire:
        serial = count(1)

        def write(_text: str) -> WireRequest:
            sid = f"RE{next(serial):032x}"
            return incoming("recorded", "/recorded", "language=fr", RecordingSid=sid)

        def forged() -> Iterator[tuple[str, WireRequest]]:
            good = write("")
            yield "no signature", replace(good, headers={})
            yield "another recording", replace(write(""), headers=good.headers)
            yield "another token", signed(good.url, payload("recorded"), "someone else's")
            yield "another language", replace(good, url=good.url.replace("=fr", "=en"))

        return Wire(
            channel="voice",
            environ=twilio.environ,
            write=write,
            unknown=lambda: incoming("call", "/transferred"),
            forged=forged,
            secrets=[TOKEN],
            recipient=CITIZEN,
            refuse_for_now=lambda: twilio.plan(refusal(20429)),
            refuse_for_good=lambda: twilio.plan(refusal(21211, CITIZEN)),
            sent=lambda: [" ".join(said(call["Twiml"].encode())) for call in twilio.calls],
            carries_text=False,
        )


# What is heard, of an answer's TwiML.


def verbs(body: bytes) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(body)
    assert root.tag == "Response"
    return list(root)


def said(body: bytes) -> list[str]:
    return ["".join(say.itertext()) for say in ElementTree.fromstring(body).iter("Say")]


def steps(voice: Voice, request: WireRequest, *receipts: Receipt) -> list[ElementTree.Element]:
    voice.receive(request)
    return verbs(voice.answer(request, receipts).body)


def test_a_call_begins_with_every_language_in_its_own_voice(voice: Voice) -> None:
    gather, redirect = steps(voice, incoming("call"))
    assert gather.attrib == {
        "numDigits": "1",
        "timeout": "5",
        "action": f"{PUBLIC_URL}/hooks/voice/language",
    }
    offered = [(say.text or "", say.get("language"), say.get("voice")) for say in gather][1:]
    for (text, tag, name), (digit, language) in zip(offered, MENU.items(), strict=True):
        assert text == phrase("voice_choose", language, digit=digit)
        assert digit in text
        assert (tag, name) == (SPEAKERS[language].tag, SPEAKERS[language].voice)
    assert redirect.text == f"{PUBLIC_URL}/hooks/voice/language?language=ar"


def test_the_start_of_a_call_is_kept_with_its_caller(voice: Voice) -> None:
    request = incoming("call")
    assert message(voice, request) == Inbound(
        external_id=CALL,
        account=SID,
        sender=CITIZEN,
        text="",
        raw=request.body,
        received_at=request.received_at,
        hints={"event": "call-started"},
    )


@pytest.mark.parametrize("withheld", ["+266696687", "anonymous", "Restricted", ""])
def test_callers_who_withhold_their_number_are_not_one_person(voice: Voice, withheld: str) -> None:
    first = message(voice, incoming("call", From=withheld))
    second = message(voice, incoming("call", From=withheld, CallSid="CA1"))
    assert (first.sender, second.sender) == (f"anonymous:{CALL}", "anonymous:CA1")


@pytest.mark.parametrize(("digit", "language"), MENU.items())
def test_a_key_chooses_the_language_of_the_recording(
    voice: Voice, digit: str, language: str
) -> None:
    request = incoming("language", "/language", Digits=digit)
    assert voice.receive(request) == []
    ask, record, nothing, redirect = steps(voice, request)
    assert ask.text == phrase("voice_record", language)
    assert ask.get("voice") == SPEAKERS[language].voice
    assert record.attrib == {
        "maxLength": "180",
        "timeout": "8",
        "finishOnKey": "#",
        "playBeep": "true",
        "action": f"{PUBLIC_URL}/hooks/voice/recorded?language={language}",
        "recordingStatusCallback": f"{PUBLIC_URL}/hooks/voice/recording?language={language}",
        "recordingStatusCallbackEvent": "completed",
    }
    assert nothing.text == phrase("voice_nothing", language)
    assert redirect.text == f"{PUBLIC_URL}/hooks/voice/language?language={language}&turn=2"


def test_no_key_means_the_default_language(twilio: FakeTwilio) -> None:
    environ = {**twilio.environ, "DEFAULT_LANGUAGE": "fr"}
    voice = Voice.from_context(Context(environ, PUBLIC_URL, phrase))
    assert voice is not None
    redirect = steps(voice, incoming("call"))[-1]
    query = (redirect.text or "").partition("?")[2]
    assert query == "language=fr"
    ask = steps(voice, incoming("call", "/language", query))[0]
    assert ask.text == phrase("voice_record", "fr")


def test_a_key_that_means_nothing_leads_back_to_the_menu(voice: Voice) -> None:
    (redirect,) = steps(voice, incoming("language", "/language", Digits="9"))
    assert (redirect.tag, redirect.text) == ("Redirect", f"{PUBLIC_URL}/hooks/voice")


@pytest.mark.parametrize("turn", [str(TURNS), "999", "-1", "٣", "x", ""])
def test_a_silent_line_is_closed_in_the_end(voice: Voice, turn: str) -> None:
    """A line that nobody speaks on costs money for as long as it is open."""
    request = incoming("call", "/language", f"language=fr&turn={turn}")
    assert steps(voice, request)[-1].tag == "Hangup"


def test_a_recording_is_a_message_in_the_chosen_language(voice: Voice) -> None:
    request = incoming("recorded", "/recorded", "language=fr")
    assert message(voice, request) == Inbound(
        external_id=RECORDING,
        account=SID,
        sender=CITIZEN,
        text="",
        raw=request.body,
        received_at=request.received_at,
        in_reply_to=(CALL,),
        attachments=(
            Attachment(
                filename=f"{RECORDING}.mp3",
                content_type="audio/mpeg",
                reference=f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.mp3",
            ),
        ),
        hints={"language": "fr"},
    )


def test_the_recordings_own_callback_is_the_same_message_whoever_comes_first(voice: Voice) -> None:
    step = message(voice, incoming("recorded", "/recorded", "language=fr"))
    callback = message(voice, incoming("recording", "/recording", "language=fr"))
    told = replace(callback, raw=step.raw, sender=step.sender, hints=step.hints)
    assert told == step
    assert callback.sender == ""


@pytest.mark.parametrize("language", MENU.values())
def test_the_number_is_said_digit_by_digit_twice(voice: Voice, language: str) -> None:
    request = incoming("recorded", "/recorded", f"language={language}")
    receipt = Receipt(1, number=NUMBER, language=language)
    body = voice.answer(request, [receipt]).body
    heard = [re.sub(r"[^\d ]", "", text).strip() for text in said(body)]
    assert heard.count("2 6 4 8 3 1 5 9 2 7 8 3") == 2
    assert said(body)[-1] == phrase("voice_goodbye", language)
    assert verbs(body)[-1].tag == "Hangup"


@pytest.mark.parametrize("receipts", [[Receipt(1)], []], ids=["not processed", "nothing stored"])
def test_without_a_number_it_will_follow(voice: Voice, receipts: list[Receipt]) -> None:
    request = incoming("recorded", "/recorded", "language=fr")
    assert said(voice.answer(request, receipts).body)[0] == phrase("voice_later", "fr")


def test_who_hung_up_while_recording_has_filed_a_complaint(voice: Voice) -> None:
    request = incoming("recorded-hangup", "/recorded", "language=fr")
    assert message(voice, request).attachments
    assert "unheard" in message(voice, request).hints
    assert steps(voice, request, Receipt(1, number=NUMBER)) == []


def test_a_number_that_nobody_hears_is_to_be_sent(voice: Voice) -> None:
    heard = message(voice, incoming("recorded", "/recorded", "language=fr"))
    callback = message(voice, incoming("recording", "/recording", "language=fr"))
    assert "unheard" not in heard.hints
    assert "unheard" in callback.hints


def test_a_recording_that_failed_is_kept_for_a_person(voice: Voice) -> None:
    request = incoming("recording", "/recording", "language=fr", RecordingStatus="failed")
    assert message(voice, request).hints == {"event": "not-understood"}


def test_every_recording_can_be_fetched(voice: Voice, twilio: FakeTwilio) -> None:
    (audio,) = message(voice, incoming("recorded", "/recorded", "language=fr")).attachments
    path = f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.mp3"
    twilio.media[path] = Answer(200, b"ID3 sound", "audio/mpeg")
    assert voice.download(audio, limit=1_000) == b"ID3 sound"


def test_an_answer_is_xml(voice: Voice) -> None:
    """Twilio plays a document of any other type as an application error."""
    assert voice.answer(incoming("call"), []).content_type.startswith("text/xml")


# Calls that we place.


def test_a_notice_is_read_twice_by_the_voice_of_its_language(
    voice: Voice, twilio: FakeTwilio
) -> None:
    text = "Votre dossier est <clos> & rangé.\x00"
    assert voice.send(Outbound(id=1, to=CITIZEN, text=text, language="fr")) == "CA" + f"{1:032x}"
    (call,) = twilio.calls
    heard = said(call["Twiml"].encode())
    assert heard[0] == phrase("voice_notice", "fr")
    assert heard.count("Votre dossier est <clos> & rangé. ") == 2
    assert 'voice="Polly.Lea"' in call["Twiml"]
    assert (call["From"], call["To"]) == (FROM, CITIZEN)
    assert call["StatusCallback"] == f"{PUBLIC_URL}/hooks/voice/status"


def test_a_call_agrees_with_twilios_own_description(voice: Voice, twilio: FakeTwilio) -> None:
    document = openapi()
    if document is None:
        pytest.skip("no specs/twilio_api_v2010.json in a folder beside the checkout")
    voice.send(outbound(CITIZEN))
    assert [violations(asked, document) for asked in twilio.asked] == [[]]


@pytest.mark.parametrize(
    ("language", "text", "sender"),
    [
        ("zgh-Tfng", "ⴰⵣⵓⵍ", FROM),
        ("fr", "x" * LONGEST_TWIML, FROM),
        ("fr", "Bonjour", "MG" + "5" * 32),
    ],
    ids=["no voice", "too long", "no number to call from"],
)
def test_what_cannot_be_called_fails_for_good_so_that_another_way_is_tried(
    twilio: FakeTwilio, language: str, text: str, sender: str
) -> None:
    voice = make("voice", {**twilio.environ, "TWILIO_FROM": sender})
    with pytest.raises(SendFailed) as failed:
        voice.send(Outbound(id=1, to=CITIZEN, text=text, language=language))
    assert not failed.value.retryable
    assert twilio.asked == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_voice_or_is_known_to_have_none(language: str) -> None:
    assert (language in SPEAKERS) != (language == "zgh-Tfng")


@pytest.mark.parametrize(("said_status", "expected"), STATUSES.items())
def test_the_end_of_our_call_is_a_report(
    voice: Voice, said_status: str, expected: str | None
) -> None:
    request = incoming("status-completed", "/status", CallStatus=said_status)
    reports = [item for item in voice.receive(request) if isinstance(item, Report)]
    assert [report.status for report in reports] == ([expected] if expected else [])
    assert all(report.provider_id == f"CA{1:032x}" for report in reports)
    assert all((report.code is None) == (expected == "delivered") for report in reports)


def test_the_end_of_a_citizens_call_is_no_report(voice: Voice) -> None:
    fields: Mapping[str, str] = {"CallStatus": "completed"}
    assert voice.receive(incoming("call", "/status", **fields)) == []
