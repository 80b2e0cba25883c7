"""What is said in a phone call, and by which voice, as TwiML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]  # no types

from channels.base import Phrase


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of Twilio's voices and the language tag it goes by."""

    tag: str
    voice: str


_ARABIC = Speaker("arb", "Polly.Zeina")
_FRENCH = Speaker("fr-FR", "Polly.Lea")

#: https://www.twilio.com/docs/voice/twiml/say/text-speech. Darija and Tamazight have no voice of
#: their own, so the nearest one speaks: the Arabic one what is in Arabic letters, the French one
#: what is in Latin letters, which follow French spelling. Tifinagh no voice can read at all.
SPEAKERS: Mapping[str, Speaker] = {
    "ar": _ARABIC,
    "ary-Arab": _ARABIC,
    "ary-Latn": _FRENCH,
    "zgh-Latn": _FRENCH,
    "fr": _FRENCH,
    "en": Speaker("en-US", "Polly.Joanna"),
    "es": Speaker("es-ES", "Polly.Lucia"),
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

#: How often a silent caller is asked to speak before the call ends: a line left open costs money.
TURNS = 3

#: Twilio refuses a longer document in the call that it is to place.
LONGEST_TWIML = 4000

#: What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Script:
    """Writes the steps of a call. ``url`` is where the voice channel's webhooks begin."""

    def __init__(self, phrase: Phrase, url: str, default_language: str) -> None:
        self._phrase = phrase
        self._url = url
        self.default_language = default_language if default_language in SPEAKERS else "ar"

    def menu(self) -> str:
        """Greet, and offer each language in itself; silence means the default one."""
        response = VoiceResponse()
        keys = response.gather(num_digits=1, timeout=KEY_WAIT, action=self._step("/language"))
        self._tell(keys, self.default_language, "voice_welcome")
        for digit, language in MENU.items():
            self._say(keys, language, self._phrase("voice_choose", language, digit=digit))
        response.redirect(self._step("/language", language=self.default_language))
        return str(response)

    def again(self) -> str:
        """Back to the menu after a key that means nothing."""
        response = VoiceResponse()
        response.redirect(self._step(""))
        return str(response)

    def record(self, language: str, turn: int) -> str:
        """Ask for the complaint. Twilio comes to what follows the recording only when it heard
        nothing, and then the caller is asked again, ``turn`` by turn."""
        response = VoiceResponse()
        self._tell(response, language, "voice_record")
        response.record(
            max_length=LONGEST,
            timeout=SILENCE,
            finish_on_key="#",
            play_beep=True,
            action=self._step("/recorded", language=language),
            recording_status_callback=self._step("/recording", language=language),
            recording_status_callback_event="completed",
        )
        self._tell(response, language, "voice_nothing")
        if turn < TURNS:
            response.redirect(self._step("/language", language=language, turn=turn + 1))
        else:
            self._part(response, language)
        return str(response)

    def number(self, language: str, number: str | None) -> str:
        """Say the case's number twice, or that it will follow."""
        response = VoiceResponse()
        if number is None:
            self._tell(response, language, "voice_later")
        else:
            self._tell(response, language, "voice_number", number=number)
            response.pause(length=1)
            self._tell(response, language, "voice_repeat")
            again = self._phrase("voice_number", language, number=number)
            self._say(response, language, "").prosody(_spoken(again), rate="slow")
        self._part(response, language)
        return str(response)

    def notice(self, language: str, text: str) -> str:
        """What a person hears whom we call: who calls, the text twice, goodbye."""
        response = VoiceResponse()
        self._tell(response, language, "voice_notice")
        self._say(response, language, text)
        response.pause(length=1)
        self._say(response, language, text)
        self._part(response, language)
        return str(response)

    def nothing(self) -> str:
        return str(VoiceResponse())

    def _step(self, path: str, **query: str | int) -> str:
        return self._url + path + (f"?{urlencode(query)}" if query else "")

    def _tell(self, verb: Any, language: str, key: str, **facts: str) -> None:
        self._say(verb, language, self._phrase(key, language, **facts))

    def _say(self, verb: Any, language: str, text: str) -> Any:
        speaker = SPEAKERS[language]
        return verb.say(_spoken(text), language=speaker.tag, voice=speaker.voice)

    def _part(self, response: Any, language: str) -> None:
        self._tell(response, language, "voice_goodbye")
        response.hangup()


def _spoken(text: str) -> str:
    return _NOT_XML.sub(" ", text)
