"""What is said in a phone call, and by which voice, as TwiML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]  # no types

from channels.base import Phrase
from channels.voice.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of Twilio's voices and the language tag it goes by."""

    tag: str
    voice: str


_ARABIC = Speaker("arb", "Polly.Zeina")
_FRENCH = Speaker("fr-FR", "Polly.Lea")

#: https://www.twilio.com/docs/voice/twiml/say/text-speech. Darija and Tamazight have no voice of
#: their own: they are heard from recordings, and the nearest voice reads what was not recorded, the
#: Arabic one Arabic letters, the French one Latin letters. Tifinagh no voice can read at all.
SPEAKERS: Mapping[str, Speaker] = {
    "ar": _ARABIC,
    "ary-Arab": _ARABIC,
    "ary-Latn": _FRENCH,
    "zgh-Latn": _FRENCH,
    "fr": _FRENCH,
    "en": Speaker("en-US", "Polly.Joanna"),
    "es": Speaker("es-ES", "Polly.Lucia"),
}

#: https://www.twilio.com/docs/voice/twiml/gather#languagetags: what a caller's words are heard as.
HEARD_AS: Mapping[str, str] = {
    "ar": "ar-MA",
    "ary-Arab": "ar-MA",
    "fr": "fr-FR",
    "en": "en-US",
    "es": "es-ES",
}

#: Which key chooses which language, in the order in which they are offered.
MENU: Mapping[str, str] = {
    "1": "ar",
    "2": "fr",
    "3": "zgh-Latn",
    "4": "ary-Arab",
    "5": "en",
    "6": "es",
}

#: Seconds: for a key after the last sentence; of a recording; of silence that ends one; of ringing.
KEY_WAIT = 5
LONGEST = 180
SILENCE = 8
RINGING = 30

#: Twilio refuses a longer document in the call that it is to place.
LONGEST_TWIML = 4000

#: What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Script:
    """Writes the steps of a call. ``url`` is where the voice channel's webhooks begin, ``human``
    the number of a person behind the key 0, ``transcribes`` whether Twilio writes down what is
    recorded, ``speakers`` the voices and ``heard_as`` as what words are heard, by language."""

    phrase: Phrase
    prompts: Prompts
    url: str
    human: str = ""
    transcribes: bool = False
    speakers: Mapping[str, Speaker] = field(default_factory=lambda: SPEAKERS)
    heard_as: Mapping[str, str] = field(default_factory=lambda: HEARD_AS)

    def languages(self, default: str) -> str:
        """Greet, and offer each language in itself; silence means the default one."""
        response = VoiceResponse()
        keys = self._gather(response, "/language", num_digits=1)
        self._tell(keys, default, "voice_welcome")
        for digit, language in MENU.items():
            self._tell(keys, language, "voice_choose", digit=digit)
        response.redirect(self.url + "/language")
        return str(response)

    def menu(self, language: str, *before: tuple[str, str]) -> str:
        """What one can do here, after sentences, or texts, that belong to the step before."""
        response = VoiceResponse()
        self._before(response, language, before)
        keys = self._gather(response, "/menu", num_digits=1)
        self._tell(keys, language, "voice_menu")
        if self.human:
            self._tell(keys, language, "voice_human")
        response.redirect(self.url + "/menu")
        return str(response)

    def place(self, language: str) -> str:
        """Ask where it is: a city's name by voice where it is understood, or a postal code."""
        response = VoiceResponse()
        heard: dict[str, str] = {"input": "dtmf"}
        if tag := self.heard_as.get(language):
            heard = {"input": "dtmf speech", "language": tag, "speech_timeout": "2"}
        keys = self._gather(response, "/place", finish_on_key="#", **heard)
        self._tell(keys, language, "voice_place")
        response.redirect(self.url + "/place")
        return str(response)

    def record(self, language: str, *before: tuple[str, str]) -> str:
        """Ask for the complaint. Twilio comes to what follows the recording only when it heard
        nothing."""
        response = VoiceResponse()
        self._before(response, language, before)
        self._tell(response, language, "voice_record")
        written = {}
        if self.transcribes:
            written = {"transcribe": True, "transcribe_callback": self.url + "/transcription"}
        response.record(
            max_length=LONGEST,
            timeout=SILENCE,
            finish_on_key="#",
            play_beep=True,
            action=self.url + "/recorded",
            recording_status_callback=self.url + "/recording",
            recording_status_callback_event="completed",
            **written,
        )
        response.redirect(self.url + "/silent")
        return str(response)

    def check(self, language: str, recording_url: str) -> str:
        """Let the caller hear what was recorded, and record it again if they wish."""
        response = VoiceResponse()
        keys = self._gather(response, "/confirm", num_digits=1)
        self._tell(keys, language, "voice_check")
        keys.play(recording_url)
        self._tell(keys, language, "voice_confirm")
        response.redirect(self.url + "/confirm")
        return str(response)

    def choose_code(self, language: str) -> str:
        """Offer a code by which the case can be asked for from any phone."""
        return self._asked(language, "/pin", "voice_pin", num_digits=4)

    def number(self, language: str, number: str) -> str:
        """Say the case's number twice, or that it will follow."""
        response = VoiceResponse()
        if not number:
            self._tell(response, language, "voice_later")
        else:
            self._number(response, language, number)
            response.pause(length=1)
            self._tell(response, language, "voice_repeat")
            self._number(response, language, number, slowly=True)
        self._part(response, language)
        return str(response)

    def ask_number(self, language: str) -> str:
        """Ask which case they want to hear of."""
        return self._asked(language, "/follow", "voice_ask_number", finish_on_key="#", timeout=10)

    def ask_code(self, language: str) -> str:
        """Ask for the code of a case that this phone alone does not open."""
        return self._asked(language, "/code", "voice_ask_pin", num_digits=4)

    def rate(self, language: str, told: str) -> str:
        """Tell how a case ended, and ask how content its citizen is."""
        response = VoiceResponse()
        self._say(response, language, told)
        keys = self._gather(response, "/rate", num_digits=1)
        self._tell(keys, language, "voice_rate")
        response.redirect(self.url + "/rate")
        return str(response)

    def connect(self, language: str, caller_id: str | None) -> str:
        """Hand the call to a person, who sees ``caller_id``; None: the caller's own number."""
        response = VoiceResponse()
        self._tell(response, language, "voice_connecting")
        response.dial(self.human, action=self.url + "/dialled", caller_id=caller_id)
        return str(response)

    def notice(self, language: str, text: str) -> str:
        """What a person hears whom we call: who calls, and the text twice."""
        response = VoiceResponse()
        self._tell(response, language, "voice_notice")
        self._say(response, language, text)
        response.pause(length=1)
        self._say(response, language, text)
        response.hangup()
        return str(response)

    def part(self, language: str, *before: tuple[str, str]) -> str:
        """Say goodbye."""
        response = VoiceResponse()
        self._before(response, language, before)
        self._part(response, language)
        return str(response)

    def nothing(self) -> str:
        """Nobody listens any more."""
        return str(VoiceResponse())

    def _asked(self, language: str, path: str, key: str, **keys: Any) -> str:
        response = VoiceResponse()
        self._tell(self._gather(response, path, **keys), language, key)
        response.redirect(self.url + path)
        return str(response)

    def _gather(self, response: Any, path: str, **keys: Any) -> Any:
        return response.gather(**{"timeout": KEY_WAIT, **keys}, action=self.url + path)

    def _before(self, verb: Any, language: str, said: tuple[tuple[str, str], ...]) -> None:
        """Sentences by their key, as ``("key", "voice_nothing")``, and texts as they are."""
        for kind, what in said:
            if kind == "key":
                self._tell(verb, language, what)
            else:
                self._say(verb, language, what)

    def _number(self, verb: Any, language: str, number: str, *, slowly: bool = False) -> None:
        """A case's number in its three groups."""
        recorded = self.prompts.digits(language, number)
        intro = self.prompts.address(language, "voice_number")
        if recorded and intro:
            verb.play(intro)
            for position, digit in enumerate(recorded):
                if position and (slowly or position % 4 == 0):
                    verb.pause(length=1)
                verb.play(digit)
            return
        text = self.phrase("voice_number", language, number=number)
        if slowly:
            self._say(verb, language, "").prosody(_spoken(text), rate="slow")
        else:
            self._say(verb, language, text)

    def _tell(self, verb: Any, language: str, key: str, **facts: str) -> None:
        if recorded := self.prompts.address(language, key):
            verb.play(recorded)
        else:
            self._say(verb, language, self.phrase(key, language, **facts))

    def _say(self, verb: Any, language: str, text: str) -> Any:
        speaker = self.speakers[language]
        return verb.say(_spoken(text), language=speaker.tag, voice=speaker.voice)

    def _part(self, response: Any, language: str) -> None:
        self._tell(response, language, "voice_goodbye")
        response.hangup()


def _spoken(text: str) -> str:
    return _NOT_XML.sub(" ", text)
