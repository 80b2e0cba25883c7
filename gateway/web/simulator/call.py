"""One telephone call: does what the gateway's TwiML says, as Twilio would, step by step."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

from gateway.web.simulator.journal import File, Journal
from gateway.web.simulator.people import Person
from gateway.web.simulator.recordings import Recordings
from gateway.web.simulator.twilio import VERSION, Account
from gateway.web.simulator.twiml import NotTwiml, Verb, parse
from gateway.web.simulator.wire import Unreachable, Wire

Direction = Literal["inbound", "outbound-api"]

#: A call that fetches so many documents runs in a circle.
DOCUMENTS = 60


@dataclass(frozen=True, slots=True)
class Plant:
    """What every call of the exchange works with."""

    account: Account
    wire: Wire
    recordings: Recordings
    journal: Journal


class Call:
    """A call between a person and us. Every step happens under one lock, in the order given."""

    def __init__(
        self,
        sid: str,
        person: Person,
        direction: Direction,
        plant: Plant,
        status_url: str | None,
    ) -> None:
        self.sid = sid
        self.person = person
        self._direction = direction
        self._plant = plant
        self._status_url = status_url
        self._lock = threading.RLock()
        self._url = ""
        self._verbs: deque[Verb] = deque()
        self._asked: Verb | None = None
        self._typed = ""
        self._spoken = "ar"
        self._fetched = 0
        self._began: float | None = None
        self.ended = False

    # What the person does

    def answer(self, url: str | None, document: str | None = None) -> None:
        """Connect, and begin with the document at ``url``, or the one given."""
        with self._lock:
            self._began = time.monotonic()
            self._tell("connected")
            if document is not None:
                self._read(document.encode())
            elif url:
                self._fetch(url, "POST", {}, status="ringing")
            self._run()

    def press(self, key: str) -> None:
        """Press a key. It counts where keys are asked for, and ends a recording."""
        with self._lock:
            self._tell("key", key=key)
            if self._asked is None or self._asked.name != "Gather":
                return
            finish = self._asked.attributes.get("finishOnKey", "#")
            if key != finish:
                self._typed += key
            if key == finish or len(self._typed) >= _digits_wanted(self._asked):
                self._gathered({"Digits": self._typed})

    def say(self, text: str) -> None:
        """Speak to a Gather that listens to speech."""
        with self._lock:
            if self._asked is not None and "speech" in self._asked.attributes.get("input", ""):
                self._tell("spoke", text=text)
                self._gathered({"SpeechResult": text, "Confidence": "0.9"})

    def wait(self) -> None:
        """Let the time run out in which something was asked for."""
        with self._lock:
            if self._asked is None:
                return
            self._tell("silence")
            if self._asked.attributes.get("actionOnEmptyResult") == "true":
                self._gathered({"Digits": ""})
                return
            self._asked = None
            self._run()

    def record(self, sound: File, seconds: float, ended_by: str) -> None:
        """End a recording: ``ended_by`` is a key, or ``hangup``, or nothing for silence."""
        with self._lock:
            verb = self._asked
            if verb is None or verb.name != "Record":
                return
            self._asked = None
            made = self._plant.recordings.keep(self.sid, sound, seconds)
            self._tell("recorded", file=self._plant.journal.keep(sound), seconds=round(seconds, 1))
            fields = {**made.fields(), "Digits": ended_by}
            if callback := verb.attributes.get("recordingStatusCallback"):
                method = verb.attributes.get("recordingStatusCallbackMethod", "POST")
                self._later(callback, {**made.fields(), **made.report()}, method)
            self._follow(verb, fields, "completed" if ended_by == "hangup" else "in-progress")
            if ended_by == "hangup":
                self._end("hung up")
            else:
                self._run()

    def hang_up(self, how: str = "completed") -> None:
        """Put the receiver down; ``how`` is Twilio's word for the way the call ended."""
        with self._lock:
            self._end("not taken" if how == "no-answer" else "hung up", how)

    # What the gateway says

    def _run(self) -> None:
        """Do verbs until one of them waits for the person, or the document ends the call."""
        while self._asked is None and not self.ended:
            if not self._verbs:
                # After the last verb Twilio hangs up.
                self._end("over")
                return
            verb = self._verbs.popleft()
            act = getattr(self, f"_on_{verb.name.lower()}", None)
            if act is None:
                self._tell("unknown", verb=verb.name)
            else:
                act(verb)

    def _on_say(self, verb: Verb) -> None:
        language = verb.attributes.get("language", "en")
        self._spoken = language
        # loop="0" means for ever: three times are enough to understand.
        for _ in range(min(whole(verb.attributes.get("loop"), 1) or 3, 3)):
            self._tell("say", text=verb.text, language=_tag(language))

    def _on_play(self, verb: Verb) -> None:
        here = urljoin(self._url, verb.text)
        if sound := self._plant.recordings.sound(here.rpartition("/")[2]):
            self._tell("play", url=f"file/{self._plant.journal.keep(sound)}")
            return
        path = here.removeprefix(self._plant.wire.public_url)
        self._tell("play", url=path if here.startswith(f"{self._plant.wire.public_url}/") else None)

    def _on_dial(self, verb: Verb) -> None:
        """Nobody else has a telephone here: the call goes on as after a talk."""
        self._tell("pause", seconds=0)
        self._follow(verb, {"DialCallStatus": "no-answer"})

    def _on_pause(self, verb: Verb) -> None:
        self._tell("pause", seconds=whole(verb.attributes.get("length"), 1))

    def _on_gather(self, verb: Verb) -> None:
        for prompt in verb.nested:
            act = getattr(self, f"_on_{prompt.name.lower()}", None)
            if act is not None and prompt.name in ("Say", "Play", "Pause"):
                act(prompt)
        self._asked, self._typed = verb, ""
        self._tell(
            "gather",
            speech="speech" in verb.attributes.get("input", "dtmf"),
            seconds=whole(verb.attributes.get("timeout"), 5),
        )

    def _on_record(self, verb: Verb) -> None:
        self._asked = verb
        self._tell(
            "record",
            seconds=whole(verb.attributes.get("maxLength"), 3600),
            beep=verb.attributes.get("playBeep", "true") == "true",
            language=_tag(self._spoken),
        )

    def _on_redirect(self, verb: Verb) -> None:
        self._fetch(urljoin(self._url, verb.text), verb.attributes.get("method", "POST"), {})

    def _on_hangup(self, verb: Verb) -> None:
        self._end("over")

    def _on_reject(self, verb: Verb) -> None:
        self._end("rejected", verb.attributes.get("reason", "busy"))

    # The wire

    def _gathered(self, fields: Mapping[str, str]) -> None:
        verb, self._asked = self._asked, None
        if verb is not None:
            self._follow(verb, fields)
            self._run()

    def _follow(self, verb: Verb, fields: Mapping[str, str], status: str = "in-progress") -> None:
        """Go on at the verb's action; without one, at the document that it stood in."""
        url = urljoin(self._url, verb.attributes.get("action", ""))
        self._fetch(url, verb.attributes.get("method", "POST"), fields, status)

    def _fetch(
        self, url: str, method: str, fields: Mapping[str, str], status: str = "in-progress"
    ) -> None:
        self._fetched += 1
        self._verbs.clear()
        title = "A call arrives" if self._fetched == 1 else "The call goes on"
        try:
            if self._fetched > DOCUMENTS:
                raise Unreachable("the call runs in a circle")
            response = self._plant.account.call_back(
                "voice", self.person, title, url, {**self._fields(status), **fields}, method
            )
            if not response.ok:
                raise Unreachable(f"HTTP {response.status_code}")
            self._url = url
            self._read(response.content)
        except (Unreachable, NotTwiml) as failed:
            self._tell("error", reason=str(failed))
            self._end("over")

    def _read(self, document: bytes) -> None:
        self._verbs = deque(parse(document))

    def _end(self, why: str, status: str = "completed") -> None:
        if self.ended:
            return
        self.ended, self._asked = True, None
        self._verbs.clear()
        self._tell("ended", why=why)
        self.report(status)

    def report(self, status: str) -> None:
        """Tell the status callback, if there is one, how the call ended."""
        if self._status_url:
            fields = {**self._fields(status), "CallDuration": str(self._seconds())}
            self._later(self._status_url, fields, "POST", title="The call's end is reported")

    def _seconds(self) -> int:
        return round(time.monotonic() - self._began) if self._began else 0

    def _later(
        self,
        url: str,
        fields: Mapping[str, str],
        method: str,
        title: str = "The recording is reported",
    ) -> None:
        """Call a webhook from a thread of its own, after what happens now."""

        def call_back() -> None:
            try:
                self._plant.account.call_back("voice", self.person, title, url, fields, method)
            except Unreachable as failed:
                self._tell("error", reason=str(failed))

        timer = threading.Timer(0.5, call_back)
        timer.daemon = True
        timer.start()

    def _fields(self, status: str) -> dict[str, str]:
        """https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application."""
        people = (self.person.phone, self._plant.account.number)
        caller, called = people if self._direction == "inbound" else reversed(people)
        return {
            "Called": called,
            "ToCountry": "MA",
            "Direction": self._direction,
            "CallerCountry": "MA",
            "CallSid": self.sid,
            "To": called,
            "Caller": caller,
            "FromCountry": "MA",
            "AccountSid": self._plant.account.sid,
            "CallStatus": status,
            "From": caller,
            "ApiVersion": VERSION,
        }

    def _tell(self, what: str, **facts: object) -> None:
        self._plant.journal.add("call", self.person, call=self.sid, what=what, **facts)


def _digits_wanted(gather: Verb) -> int:
    """How many keys a Gather waits for; without a number, for the key that ends it."""
    return whole(gather.attributes.get("numDigits"), 1_000)


def whole(said: str | None, default: int) -> int:
    """A whole number as TwiML and the API write it."""
    return int(said) if said and said.isascii() and said.isdecimal() else default


def _tag(language: str) -> str:
    """Twilio's name of a language as a BCP 47 tag."""
    return {"arb": "ar"}.get(language, language)
