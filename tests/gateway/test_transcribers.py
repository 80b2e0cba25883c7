"""A plug-in writes down what callers say; without one, or when it fails, a person listens."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Self

import pytest

from channels.base import Attachment, BadSetting
from gateway import clock
from gateway.house import House
from gateway.models import AttachmentRow, Case, Event
from gateway.transcribers import GROUP, NoTranscript, Transcript, build
from tests.conftest import MakeHouse
from tests.fakes.server import Answer
from tests.fakes.twilio import SID, FakeTwilio
from tests.gateway.messages_in import rows, sms, take

SPOKEN = "The water has been cut off in our neighbourhood in Fes for two days"
PATH = f"/2010-04-01/Accounts/{SID}/Recordings/RE1.mp3"


class Scribe:
    """A plug-in that hears what the sound's bytes say."""

    name = "scribe"
    tries = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        return cls()

    def transcribe(self, audio: bytes, content_type: str, language: str | None) -> Transcript:
        said = audio.removeprefix(b"ID3").decode()
        if said == "noise":
            raise NoTranscript("nothing but noise")
        if said == "crash":
            raise ZeroDivisionError
        if said == "busy":
            self.tries += 1
            if self.tries < 3:
                raise NoTranscript("out of reach", retryable=True)
            return Transcript(SPOKEN)
        return Transcript(said)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in, found as an installed package is."""
    module = ModuleType("guichet_scribe")
    module.Scribe = Scribe  # type: ignore[attr-defined]  # a module made for the test
    monkeypatch.setitem(sys.modules, "guichet_scribe", module)
    info = tmp_path / "guichet_scribe-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guichet-scribe\nVersion: 1.0\n")
    point = EntryPoint("scribe", "guichet_scribe:Scribe", GROUP)
    (info / "entry_points.txt").write_text(f"[{point.group}]\n{point.name} = {point.value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def record(house: House, twilio: FakeTwilio, said: str) -> None:
    """Somebody leaves a recording, and it is fetched."""
    twilio.media[PATH] = Answer(200, b"ID3" + said.encode(), "audio/mpeg")
    sound = Attachment("RE1.mp3", "audio/mpeg", reference=twilio.url + PATH)
    take(house, sms("", account=SID, attachments=(sound,), external_id="RE1"), channel="voice")
    house.pipeline.fetch()
    house.store.release_claims(clock.now())
    take(house)


def test_a_recording_is_written_down_and_routed(
    installed: None, make_house: MakeHouse, twilio: FakeTwilio
) -> None:
    house = make_house(**twilio.environ, VOICE_TRANSCRIBER="scribe")
    record(house, twilio, SPOKEN)
    (case,) = rows(house, Case)
    assert (case.text, case.transcribed) == (SPOKEN, True)
    assert case.administration == "water-electricity"
    told = next(event for event in rows(house, Event) if event.kind == "transcribed")
    assert told.data["by"] == "scribe"


@pytest.mark.parametrize("said", ["noise", "crash", ""])
def test_what_cannot_be_written_down_waits_for_a_person_with_its_sound(
    installed: None, make_house: MakeHouse, twilio: FakeTwilio, said: str
) -> None:
    house = make_house(**twilio.environ, VOICE_TRANSCRIBER="scribe")
    record(house, twilio, said)
    (case,) = rows(house, Case)
    assert (case.text, case.transcribed, case.administration) == ("", False, None)
    assert [file.state for file in rows(house, AttachmentRow)] == ["stored"]
    assert house.pipeline.fetch() == 0, "nobody tries for ever"


@pytest.mark.parametrize("said", ["noise", "crash"])
def test_the_case_says_that_somebody_must_listen(
    installed: None, make_house: MakeHouse, twilio: FakeTwilio, said: str
) -> None:
    house = make_house(**twilio.environ, VOICE_TRANSCRIBER="scribe")
    record(house, twilio, said)
    assert [event.kind for event in rows(house, Event)][-1] == "not_transcribed"


def test_a_machine_out_of_reach_is_asked_again(
    installed: None,
    make_house: MakeHouse,
    twilio: FakeTwilio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = make_house(**twilio.environ, VOICE_TRANSCRIBER="scribe")
    record(house, twilio, "busy")
    present = clock.now()
    for hours in (1, 2, 3):
        monkeypatch.setattr(clock, "now", lambda: present + timedelta(hours=hours))  # noqa: B023  # used at once
        house.pipeline.fetch()
        take(house)
    (case,) = rows(house, Case)
    assert (case.text, case.transcribed) == (SPOKEN, True)


def test_whisper_says_what_it_lacks() -> None:
    """Without its library, or without a model, the start ends with a line that tells."""
    with pytest.raises(BadSetting, match=r"requirements-speech|model\.bin"):
        build({"VOICE_TRANSCRIBER": "whisper", "VOICE_MODEL": "/nowhere"})


@pytest.mark.parametrize("named", ["", "twilio"])
def test_nobody_or_the_provider_is_no_plug_in(named: str) -> None:
    assert build({"VOICE_TRANSCRIBER": named}) is None


def test_a_plug_in_that_is_not_installed_is_named(installed: None) -> None:
    with pytest.raises(BadSetting, match="twilio, whisper, scribe"):
        build({"VOICE_TRANSCRIBER": "whisperer"})
