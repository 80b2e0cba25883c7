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
    BadSetting,
    Context,
    Inbound,
    Outbound,
    Receipt,
    Report,
    SendFailed,
    WireRequest,
)
from channels.voice import STATUSES, Voice, tongues
from channels.voice.prompts import LANGUAGES as RECORDED
from channels.voice.prompts import SHIPPED, Prompts
from channels.voice.script import LONGEST_TWIML, MENU, SPEAKERS
from channels.voice.steps import ASKS, TURNS
from gateway.messages import LANGUAGES, SENTENCES, phrase
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
            return incoming("recorded", "/recorded", RecordingSid=sid)

        def forged() -> Iterator[tuple[str, WireRequest]]:
            good = write("")
            yield "no signature", replace(good, headers={})
            yield "another recording", replace(write(""), headers=good.headers)
            yield "another token", signed(good.url, payload("recorded"), "someone else's")
            yield "another step", replace(good, url=good.url.replace("/recorded", "/pin"))

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


def heard(answer: list[ElementTree.Element]) -> list[str]:
    """What a caller hears of a step: sentences, and the names of recordings."""
    found = []
    for verb in answer:
        for part in [verb, *verb]:
            if part.tag == "Say":
                found.append("".join(part.itertext()))
            if part.tag == "Play":
                found.append((part.text or "").rpartition("/")[2])
    return found


def goes_to(answer: list[ElementTree.Element]) -> set[str]:
    """The steps that an answer leads to, by a key, by silence, or by a recording."""
    urls = {verb.get("action") or (verb.text or "") for verb in answer if verb.tag != "Say"}
    return {url.removeprefix(f"{PUBLIC_URL}/hooks/voice") for url in urls if url.startswith("http")}


def walk(voice: Voice, *path: tuple[str, str], receipts: tuple[Receipt, ...] = ()) -> list[str]:
    """Take these steps, each with its keys, and return what is heard at the last."""
    answer: list[ElementTree.Element] = []
    for step, keys in path:
        request = incoming("language", step, Digits=keys)
        answer = steps(voice, request, *receipts)
    return heard(answer)


def in_language(voice: Voice, language: str) -> None:
    """Begin a call in this language."""
    digit = next(digit for digit, tag in MENU.items() if tag == language)
    walk(voice, ("", ""), ("/language", digit))


def test_a_call_begins_with_every_language_in_its_own_voice(voice: Voice) -> None:
    gather, redirect = steps(voice, incoming("call"))
    assert gather.attrib == {
        "numDigits": "1",
        "timeout": "5",
        "action": f"{PUBLIC_URL}/hooks/voice/language",
    }
    offered = list(gather)[1:]
    for verb, (digit, language) in zip(offered, MENU.items(), strict=True):
        if language in RECORDED:
            assert verb.text == f"{PUBLIC_URL}/prompts/{language}/voice_choose.mp3"
            continue
        assert verb.text == phrase("voice_choose", language, digit=digit)
        speaker = SPEAKERS[language]
        assert (verb.get("language"), verb.get("voice")) == (speaker.tag, speaker.voice)
    assert redirect.text == f"{PUBLIC_URL}/hooks/voice/language"


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


#: The call tree: where the caller is, what they press, what they hear next.
TREE = {
    "a language": ([("/language", "2")], ["voice_menu"]),
    "no language": ([("/language", "")], ["voice_menu"]),
    "a key for no language": ([("/language", "9")], ["voice_welcome"]),
    "file": ([("/language", "2"), ("/menu", "1")], ["voice_place"]),
    "follow": ([("/language", "2"), ("/menu", "2")], ["voice_ask_number"]),
    "repeat": ([("/language", "2"), ("/menu", "3")], ["voice_menu"]),
    "a key for nothing": ([("/language", "2"), ("/menu", "7")], ["voice_wrong_key", "voice_menu"]),
    "nobody behind 0": ([("/language", "2"), ("/menu", "0")], ["voice_wrong_key", "voice_menu"]),
    "no key": ([("/language", "2"), ("/menu", "")], ["voice_menu"]),
    "no key twice": ([("/language", "2"), ("/menu", ""), ("/menu", "")], ["voice_record"]),
    "a postal code": ([("/language", "2"), ("/place", "30000")], ["voice_record"]),
    "no place": ([("/language", "2"), ("/place", "")], ["voice_record"]),
    "nothing said": ([("/language", "2"), ("/silent", "")], ["voice_nothing", "voice_record"]),
    "keep it": ([("/language", "2"), ("/recorded", "#"), ("/confirm", "1")], ["voice_pin"]),
    "keep it by silence": ([("/recorded", "#"), ("/confirm", "")], ["voice_pin"]),
    "keep it by a wrong key": ([("/recorded", "#"), ("/confirm", "9")], ["voice_pin"]),
    "once more": ([("/language", "2"), ("/recorded", "#"), ("/confirm", "2")], ["voice_record"]),
    "not processed": ([("/language", "2"), ("/confirm", "1")], ["voice_later", "voice_goodbye"]),
    "an unknown number": ([("/language", "2"), ("/follow", "123")], ["voice_ask_pin"]),
    "no number": ([("/language", "2"), ("/follow", "")], ["voice_unknown", "voice_menu"]),
    "a wrong code": ([("/follow", "123"), ("/code", "0000")], ["voice_unknown", "voice_menu"]),
    "hung up": ([("/language", "2"), ("/menu", "hangup")], []),
}


@pytest.mark.parametrize(("path", "said_next"), TREE.values(), ids=TREE)
def test_the_call_tree(
    twilio: FakeTwilio, path: list[tuple[str, str]], said_next: list[str]
) -> None:
    """Each branch by its keys; a recording counts as one that was taken in."""
    environ = {**twilio.environ, "DEFAULT_LANGUAGE": "fr"}
    voice = Voice.from_context(Context(environ, PUBLIC_URL, phrase))
    assert voice is not None
    receipts = (Receipt(1, number=NUMBER),) if any(step == "/recorded" for step, _ in path) else ()
    told = walk(voice, *path, receipts=receipts)
    expected = [phrase(key, "fr", digit="2", number=NUMBER) for key in said_next]
    assert told[: len(expected)] == expected
    assert bool(told) == bool(expected)


@pytest.mark.parametrize("language", MENU.values())
def test_every_step_speaks_the_callers_language(voice: Voice, language: str) -> None:
    in_language(voice, language)
    told = walk(voice, ("/menu", ""))
    recorded = language in RECORDED
    assert told == ["voice_menu.mp3" if recorded else phrase("voice_menu", language)]


def test_a_silent_line_is_closed_in_the_end(voice: Voice) -> None:
    in_language(voice, "fr")
    for _ in range(TURNS):
        assert phrase("voice_record", "fr") in walk(voice, ("/silent", ""))
    assert walk(voice, ("/silent", "")) == [phrase("voice_goodbye", "fr")]


def test_a_person_is_behind_0_where_there_is_one(twilio: FakeTwilio) -> None:
    environ = {**twilio.environ, "VOICE_HUMAN_NUMBER": "+212537000000"}
    voice = Voice.from_context(Context(environ, PUBLIC_URL, phrase))
    assert voice is not None
    in_language(voice, "fr")
    assert phrase("voice_human", "fr") in walk(voice, ("/menu", ""))
    say, dial = steps(voice, incoming("language", "/menu", Digits="0"))
    assert say.text == phrase("voice_connecting", "fr")
    assert (dial.tag, dial.text, dial.get("callerId")) == ("Dial", "+212537000000", None)
    _, dial = steps(voice, incoming("language", "/menu", Digits="0", From="anonymous"))
    assert dial.get("callerId") == FROM, "carriers refuse calls from a number that is none"
    assert walk(voice, ("/dialled", "")) == [phrase("voice_goodbye", "fr")]


def test_where_it_is_may_be_said_or_typed(voice: Voice) -> None:
    in_language(voice, "fr")
    gather, _ = steps(voice, incoming("language", "/menu", Digits="1"))
    assert (gather.get("input"), gather.get("language")) == ("dtmf speech", "fr-FR")
    request = incoming("call", "/place", SpeechResult="Fès")
    record = next(verb for verb in steps(voice, request) if verb.tag == "Record")
    assert record.attrib == {
        "maxLength": "180",
        "timeout": "8",
        "finishOnKey": "#",
        "playBeep": "true",
        "action": f"{PUBLIC_URL}/hooks/voice/recorded",
        "recordingStatusCallback": f"{PUBLIC_URL}/hooks/voice/recording",
        "recordingStatusCallbackEvent": "completed",
    }
    assert message(voice, incoming("recorded", "/recorded")).hints == {
        "intent": "new",
        "language": "fr",
        "city": "Fès",
    }


def test_a_recording_is_a_message_in_the_chosen_language(voice: Voice) -> None:
    in_language(voice, "fr")
    request = incoming("recorded", "/recorded")
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
        hints={"intent": "new", "language": "fr"},
    )


def test_the_recordings_own_callback_is_the_same_message_whoever_comes_first(voice: Voice) -> None:
    step = message(voice, incoming("recorded", "/recorded"))
    callback = message(voice, incoming("recording", "/recording"))
    told = replace(callback, raw=step.raw, sender=step.sender, hints=step.hints)
    assert told == step
    assert callback.sender == ""


def test_what_was_recorded_is_heard_and_may_be_recorded_again(voice: Voice) -> None:
    request = incoming("recorded", "/recorded")
    gather, redirect = steps(voice, request, Receipt(1, number=NUMBER))
    play = next(verb for verb in gather if verb.tag == "Play")
    assert play.text == payload("recorded")["RecordingUrl"]
    assert goes_to([gather, redirect]) == {"/confirm"}
    walk(voice, ("/confirm", "2"))
    again = message(voice, incoming("recorded", "/recorded", RecordingSid="RE2"))
    assert again.in_reply_to == (CALL, RECORDING)


@pytest.mark.parametrize("language", MENU.values())
def test_the_number_is_said_digit_by_digit_twice(voice: Voice, language: str) -> None:
    in_language(voice, language)
    walk(voice, ("/recorded", "#"), receipts=(Receipt(1, number=NUMBER),))
    body = voice.answer(incoming("language", "/pin", Digits=""), []).body
    told = heard(verbs(body))
    if language in RECORDED:
        digits = [name.removesuffix(".mp3")[-1] for name in told if name.startswith("digit_")]
        assert "".join(digits) == NUMBER * 2
    else:
        numbers = [re.sub(r"[^\d ]", "", text).strip() for text in told]
        assert numbers.count("2 6 4 8 3 1 5 9 2 7 8 3") == 2
    assert verbs(body)[-1].tag == "Hangup"


def test_a_code_is_chosen_for_the_recorded_case_and_kept_out_of_the_payload(voice: Voice) -> None:
    walk(voice, ("/recorded", "#"), receipts=(Receipt(1, number=NUMBER),))
    recorded = incoming("recorded", "/recorded")
    steps(voice, recorded, Receipt(1, number=NUMBER))
    chosen = message(voice, incoming("language", "/pin", Digits="4711"))
    assert (chosen.text, chosen.in_reply_to) == ("4711", (RECORDING,))
    assert chosen.hints["event"] == "pin"
    assert b"4711" not in chosen.raw
    assert voice.receive(incoming("call", "/pin")) == []


def test_a_case_is_asked_for_by_its_number_then_with_the_code(voice: Voice) -> None:
    in_language(voice, "fr")
    question = message(voice, incoming("language", "/follow", Digits=NUMBER))
    assert (question.text, question.sender) == (NUMBER, CITIZEN)
    assert question.hints == {"intent": "status", "language": "fr"}
    walk(voice, ("/follow", NUMBER))
    proved = message(voice, incoming("language", "/code", Digits="4711"))
    assert (proved.text, proved.hints["pin"]) == (NUMBER, "4711")
    assert b"4711" not in proved.raw


def test_what_may_be_told_of_a_case_is_said_and_the_menu_follows(voice: Voice) -> None:
    in_language(voice, "fr")
    known = Receipt(1, number=NUMBER, language="fr", text="Votre dossier est en cours.")
    told = walk(voice, ("/follow", NUMBER), receipts=(known,))
    assert told == ["Votre dossier est en cours.", phrase("voice_menu", "fr")]


def test_codes_are_not_tried_all_day(voice: Voice) -> None:
    in_language(voice, "fr")
    for _ in range(ASKS):
        told = walk(voice, ("/follow", NUMBER), ("/code", "0000"))
    assert told == [phrase("voice_unknown", "fr"), phrase("voice_goodbye", "fr")]


def test_who_hung_up_while_recording_has_filed_a_complaint(voice: Voice) -> None:
    request = incoming("recorded-hangup", "/recorded")
    assert message(voice, request).attachments
    assert "unheard" in message(voice, request).hints
    assert steps(voice, request, Receipt(1, number=NUMBER)) == []


def test_a_number_that_nobody_hears_is_to_be_sent(voice: Voice) -> None:
    assert "unheard" not in message(voice, incoming("recorded", "/recorded")).hints
    assert "unheard" in message(voice, incoming("recording", "/recording")).hints


def test_a_recording_that_failed_is_kept_for_a_person(voice: Voice) -> None:
    request = incoming("recording", "/recording", RecordingStatus="failed")
    assert message(voice, request).hints == {"event": "not-understood"}


def test_twilio_writes_down_what_is_said_where_it_is_asked_to(twilio: FakeTwilio) -> None:
    environ = {**twilio.environ, "VOICE_TRANSCRIBER": "twilio"}
    voice = Voice.from_context(Context(environ, PUBLIC_URL, phrase))
    assert voice is not None
    record = next(verb for verb in steps(voice, incoming("call", "/place")) if verb.tag == "Record")
    assert record.get("transcribeCallback") == f"{PUBLIC_URL}/hooks/voice/transcription"
    recording, transcript = voice.receive(incoming("transcription", "/transcription"))
    assert isinstance(transcript, Inbound)
    assert transcript.text == "There is no water in our street in Fes."
    assert transcript.in_reply_to == (RECORDING,)
    assert transcript.hints == {"event": "transcript", "transcriber": "Twilio"}
    # Nobody else may have told of the recording: then it is a complaint from here on.
    told = message(voice, incoming("recorded", "/recorded"))
    assert isinstance(recording, Inbound)
    assert (recording.external_id, recording.sender) == (told.external_id, told.sender)
    assert recording.attachments == told.attachments
    failed = incoming("transcription", "/transcription", TranscriptionStatus="failed")
    assert message(voice, failed).external_id == recording.external_id


def test_every_recording_can_be_fetched(voice: Voice, twilio: FakeTwilio) -> None:
    (audio,) = message(voice, incoming("recorded", "/recorded")).attachments
    path = f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.mp3"
    twilio.media[path] = Answer(200, b"ID3 sound", "audio/mpeg")
    assert voice.download(audio, limit=1_000) == b"ID3 sound"


def test_an_answer_is_xml(voice: Voice) -> None:
    """Twilio plays a document of any other type as an application error."""
    assert voice.answer(incoming("call"), []).content_type.startswith("text/xml")


# Recorded sentences.


@pytest.mark.parametrize("language", RECORDED)
def test_every_sentence_of_a_call_is_recorded_where_no_voice_exists(language: str) -> None:
    wanted = {key for key in SENTENCES if key.startswith("voice_")}
    wanted |= {f"digit_{digit}" for digit in range(10)}
    assert {path.stem for path in (SHIPPED / language).glob("*.mp3")} == wanted


def test_a_deployments_own_recordings_go_first(twilio: FakeTwilio, tmp_path: Path) -> None:
    own = tmp_path / "zgh-Latn" / "voice_menu.mp3"
    own.parent.mkdir()
    own.write_bytes(b"ID3 a person")
    prompts = Prompts.from_setting(str(tmp_path), PUBLIC_URL)
    assert prompts.file("zgh-Latn", "voice_menu") == own
    assert prompts.file("zgh-Latn", "voice_record") == SHIPPED / "zgh-Latn" / "voice_record.mp3"
    assert prompts.file("fr", "voice_menu") is None
    assert prompts.file("zgh-Latn", "../zgh-Latn/voice_menu") is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"VOICE_HUMAN_NUMBER": "0537000000"}, "VOICE_HUMAN_NUMBER"),
        ({"VOICE_PROMPTS": "/nowhere/at/all"}, "VOICE_PROMPTS"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    twilio: FakeTwilio, changed: Mapping[str, str], named: str
) -> None:
    with pytest.raises(BadSetting) as bad:
        Voice.from_context(Context({**twilio.environ, **changed}, PUBLIC_URL, phrase))
    assert bad.value.name == named


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


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("fr", "fr must begin with"),
        ("tlh=tlh/Polly.Worf", "tlh=tlh/Polly.Worf must begin with"),
        ("fr=Polly.Remi", "wants a tag and a voice"),
    ],
)
def test_voices_that_make_no_sense_are_told_at_the_start(said: str, problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        tongues.speakers(said)


def test_a_deployment_may_choose_other_voices() -> None:
    chosen = tongues.speakers("fr=fr-FR/Polly.Remi, en=en-GB/Polly.Amy")
    assert (chosen["fr"].voice, chosen["en"].tag) == ("Polly.Remi", "en-GB")
    assert chosen["ar"] == SPEAKERS["ar"]


@pytest.mark.parametrize(
    ("said", "heard"), [("", "ar-MA"), ("ar=ar-EG", "ar-EG"), ("ar=", None)], ids=repr
)
def test_words_are_heard_as_the_setting_says_or_not_at_all(
    twilio: FakeTwilio, said: str, heard: str | None
) -> None:
    """Nobody confirmed that ar-MA is heard, so it can be changed without a new version."""
    environ = {**twilio.environ, "VOICE_SPEECH": said, "DEFAULT_LANGUAGE": "ar"}
    voice = Voice.from_context(Context(environ, PUBLIC_URL, phrase))
    assert voice is not None
    request = incoming("language", "/menu", Digits="1")
    gather = ElementTree.fromstring(voice.answer(request, []).body).find("Gather")
    assert gather is not None
    assert gather.get("language") == heard
    assert ("speech" in (gather.get("input") or "")) is (heard is not None)
