"""Citizens who write over every channel, and providers that repeat what was not taken."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count
from typing import Any

import requests

from tests.fakes.server import Answer
from tests.fakes.telegram import SECRET
from tests.fakes.twilio import SID, signature
from tests.faults.town import Town
from tests.road.providers import PUBLIC_URL, Visitor
from tests.servers.service import PATIENCE, Service

#: After how many seconds one repeats what was not taken.
_AGAIN = 1.0

_TEXTS = (
    "Les ordures débordent dans notre rue à Casablanca depuis une semaine",
    "الماء مقطوع عن حينا في فاس منذ يومين ولم يخبرنا أحد",
    "The street light in front of our school in Agadir has been broken for a month",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer that was not 2xx; status 0 is no answer at all."""

    status: int
    retry_after: str | None


#: One try at handing something over; True once it was taken.
Try = Callable[[], bool]


@dataclass(slots=True)
class _Waiting:
    """Something to hand over, when it is tried next, and until when at all."""

    attempt: Try
    due: float
    until: float


@dataclass
class Load(Service):
    """Use with ``with``: writes until its end, and repeats until all is taken.

    Every message is another citizen's, so that each must become a case of its own. ``pause`` is
    in seconds, between two new messages of one channel; ``most`` how many a channel gets, and
    ``patience`` the seconds for which one is repeated. So many ``hands`` write over each channel.
    """

    town: Town
    pause: float = 0.4
    most: Mapping[str, int] | None = None
    patience: float = PATIENCE
    hands: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    #: (channel, id) of what was taken, with the answers that were no yes.
    taken: list[tuple[str, str]] = field(default_factory=list)
    refused: Counter[Refused] = field(default_factory=Counter)
    #: What never got a yes, though it was repeated to the end of patience.
    given_up: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        writers = {
            "sms": self._text,
            "voice": self._call,
            "telegram": self._chat,
            "email": self._mail,
            "webform": self._form,
        }
        self._threads = [
            threading.Thread(
                target=self._run,
                args=(write, self.most and len(range(hand, self.most[channel], self.hands))),
                name=channel,
            )
            for channel, write in writers.items()
            for hand in range(self.hands)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Write nothing new, and wait until all is taken."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Until everything was written and taken."""
        for thread in self._threads:
            thread.join()

    def _run(self, write: Callable[[int], Try], most: int | None) -> None:
        waiting: list[_Waiting] = []
        written = 0
        while waiting or not (self._stop.is_set() or written == most):
            now = time.monotonic()
            if not self._stop.is_set() and written != most:
                waiting.append(_Waiting(write(self._next()), now, now + self.patience))
                written += 1
            waiting = [one for one in waiting if not self._done(one)]
            time.sleep(self.pause)

    def _next(self) -> int:
        with self._lock:
            return next(self.numbers)

    def _done(self, one: _Waiting) -> bool:
        """Try to hand one over, if it is time."""
        if time.monotonic() < one.due:
            return False
        if one.attempt():
            return True
        one.due = time.monotonic() + _AGAIN
        if time.monotonic() > one.until:
            self.given_up.append(threading.current_thread().name)
            return True
        return False

    def _took(self, channel: str, identifier: str) -> bool:
        with self._lock:
            self.taken.append((channel, identifier))
        return True

    def _refused(self, answer: requests.Response | None) -> bool:
        said = (
            Refused(0, None)
            if answer is None
            else Refused(answer.status_code, answer.headers.get("Retry-After"))
        )
        with self._lock:
            self.refused[said] += 1
        return False

    def post(self, path: str, form: dict[str, str]) -> requests.Response | None:
        """Call a webhook as Twilio does; None when it was not taken."""
        headers = {"X-Twilio-Signature": signature(PUBLIC_URL + path, form.items())}
        url = self.town.guichet.url + path
        try:
            answer = requests.post(url, data=form, headers=headers, timeout=PATIENCE)
        except requests.RequestException:
            self._refused(None)
            return None
        if not answer.ok:
            self._refused(answer)
            return None
        return answer

    def _text(self, n: int) -> Try:
        sid = f"SMf{n:031x}"
        form = {
            "MessageSid": sid,
            "AccountSid": SID,
            "From": f"+2126{n:08d}",
            "To": "+15005550006",
            "Body": _words(n),
            "NumMedia": "0",
        }
        self.town.world.twilio.keep(form)
        return lambda: bool(self.post("/hooks/sms", form)) and self._took("sms", sid)

    def _call(self, n: int) -> Try:
        """A call, step by step; a step that fails is tried again."""
        call, recording = f"CA{n:032x}", f"RE{n:032x}"
        path = f"/2010-04-01/Accounts/{SID}/Recordings/{recording}"
        self.town.world.twilio.media[f"{path}.mp3"] = Answer(
            200, b"ID3" + n.to_bytes(64, "big"), "audio/mpeg"
        )
        common = {
            "AccountSid": SID,
            "CallSid": call,
            "CallStatus": "in-progress",
            "From": f"+2127{n:08d}",
            "To": "+15005550006",
        }
        recorded = {
            "Digits": "#",
            "RecordingSid": recording,
            "RecordingDuration": "12",
            "RecordingUrl": self.town.world.twilio.url + path,
        }
        steps = deque(
            [
                ("/hooks/voice", {}, call),
                ("/hooks/voice/language", {"Digits": "2"}, ""),
                ("/hooks/voice/recorded", recorded, recording),
                ("/hooks/voice/confirm", {"Digits": "1"}, ""),
                ("/hooks/voice/pin", {}, ""),
            ]
        )

        def attempt() -> bool:
            while steps:
                step, more, kept = steps[0]
                if not self.post(step, common | more):
                    return False
                if kept:
                    self._took("voice", kept)
                steps.popleft()
            return True

        return attempt

    def _chat(self, n: int) -> Try:
        telegram = self.town.world.telegram
        update = telegram.message(5_000_000_000 + n, text=_words(n))
        identifier = str(update["update_id"])
        if self.town.guichet.environ["TELEGRAM_MODE"] == "polling":
            telegram.queue(update)
            return lambda: self._took("telegram", identifier)
        return lambda: self._pushed(update) and self._took("telegram", identifier)

    def _pushed(self, update: dict[str, Any]) -> bool:
        url = f"{self.town.guichet.url}/hooks/telegram"
        try:
            answer = requests.post(
                url,
                json=update,
                headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
                timeout=PATIENCE,
            )
        except requests.RequestException:
            return self._refused(None)
        if not answer.ok:
            return self._refused(answer)
        self.town.world.telegram.obey(answer.content)
        return True

    def _mail(self, n: int) -> Try:
        """A mail with a file; the mail server takes it, whatever happens to us."""
        mail, identifier = EmailMessage(), f"<{n}@exemple.ma>"
        mail["From"], mail["To"] = f"c{n}@exemple.ma", "plaintes@commune.example"
        mail["Subject"], mail["Message-ID"] = f"Plainte {n}", identifier
        mail.set_content(_words(n))
        mail.add_attachment(_file(n), maintype="application", subtype="pdf", filename="lettre.pdf")
        with self._lock:
            self.town.world.dovecot.deliver(mail.as_bytes())
        return lambda: self._took("email", identifier)

    def _form(self, n: int) -> Try:
        visitor = Visitor(self.town.guichet, f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")

        def attempt() -> bool:
            try:
                if not visitor.submission:
                    visitor.open_form("fr")
                visitor.send_form("fr", _words(n), f"f{n}@exemple.ma", _file(n))
            except requests.HTTPError as error:
                return self._refused(error.response)
            except requests.RequestException:
                return self._refused(None)
            except ValueError:
                # A receipt without a number: it says that the number will follow.
                pass
            return self._took("webform", visitor.submission)

        return attempt


def _words(n: int) -> str:
    return f"{_TEXTS[n % len(_TEXTS)]} ({n})"


def _file(n: int) -> bytes:
    """Another file for each citizen, as large as a small photo."""
    return b"%PDF-1.4\n" + n.to_bytes(4, "big") * 2048 + b"\n%%EOF\n"
