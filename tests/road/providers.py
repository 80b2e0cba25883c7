"""The world outside: Twilio, Telegram, a mailbox and a citizen with a browser, all on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import requests

from normalizer.tracking import find
from tests.fakes.server import Answer
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import SID, FakeTwilio, signature
from tests.road.running import Processes
from tests.servers.dovecot import Dovecot
from tests.servers.service import PATIENCE
from tests.servers.smtp import SmtpSink

PAYLOADS = Path(__file__).parents[1] / "payloads"
PUBLIC_URL = "https://guichet.example"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
RECORDING = f"/2010-04-01/Accounts/{SID}/Recordings/REaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

LANDLINE = "+212522200000"

ARABIC = "الماء مقطوع عن حينا في فاس منذ يومين ولم يخبرنا أحد بالسبب"


@dataclass(frozen=True)
class World:
    """Every provider, and the people behind it."""

    twilio: FakeTwilio
    telegram: FakeTelegram
    dovecot: Dovecot
    smtp: SmtpSink

    @property
    def environ(self) -> dict[str, str]:
        """The settings that lead Guichet to them."""
        return {
            **self.twilio.environ,
            **self.telegram.environ,
            "IMAP_URL": self.dovecot.url,
            "SMTP_URL": self.smtp.url,
            "EMAIL_ADDRESS": "plaintes@commune.example",
            "PUBLIC_URL": PUBLIC_URL,
            "SIMULATOR": "0",
            "POLL_SECONDS": "2",
            "SWEEP_SECONDS": "1",
            "LEASE_SECONDS": "5",
        }

    def text(self, guichet: Processes, name: str = "inbound-arabic", **fields: str) -> int:
        """Twilio posts a text message; the HTTP status it gets."""
        form = _form(PAYLOADS / "sms" / f"{name}.form") | fields
        return self.twilio.post(
            f"{guichet.url}/hooks/sms", form, signed_url=f"{PUBLIC_URL}/hooks/sms"
        )

    def texts(self, to: str) -> list[str]:
        """The text messages that a phone got."""
        return [sent["Body"] for sent in list(self.twilio.messages) if sent["To"] == to]

    def call(self, guichet: Processes) -> str:
        """Somebody calls from a line in a wall, chooses French, speaks, keeps what they said and
        no code; what they hear last."""
        heard = ""
        self.twilio.media[f"{RECORDING}.mp3"] = Answer(200, b"ID3" + b"\0" * 64, "audio/mpeg")
        for name, path, keys in (
            ("call", "", ""),
            ("language", "/language", "2"),
            ("recorded", "/recorded", "#"),
            ("language", "/confirm", "1"),
            ("call", "/pin", ""),
        ):
            form = _form(PAYLOADS / "voice" / f"{name}.form") | {"From": LANDLINE}
            form |= {"Digits": keys} if keys else {}
            if name == "recorded":
                form["RecordingUrl"] = self.twilio.url + RECORDING
            heard = self._twiml(guichet, f"/hooks/voice{path}", form)
        return heard

    def _twiml(self, guichet: Processes, path: str, form: dict[str, str]) -> str:
        answer = requests.post(
            guichet.url + path,
            data=form,
            headers={"X-Twilio-Signature": signature(PUBLIC_URL + path, form.items())},
            timeout=PATIENCE,
        )
        answer.raise_for_status()
        return answer.text

    def mail(self) -> None:
        """A mail with a photo arrives in the mailbox."""
        self.dovecot.put((PAYLOADS / "email" / "french-photo.eml").read_bytes())

    def mails(self, to: str) -> list[str]:
        """The mails that somebody got."""
        return [one.text for one in list(self.smtp.taken) if to in one.recipients]

    def speak(self, guichet: Processes) -> int:
        """Telegram posts a voice note; the HTTP status it gets."""
        update = json.loads((PAYLOADS / "telegram" / "voice.json").read_text("utf-8"))
        self.telegram.chats.add(update["message"]["chat"]["id"])
        self.telegram.files[update["message"]["voice"]["file_id"]] = b"OggS" + b"\0" * 64
        return self.telegram.push(update, f"{guichet.url}/hooks/telegram")[0]

    def chat(self) -> list[str]:
        """What the bot wrote."""
        return [sent.text for sent in list(self.telegram.sent)]


class Visitor:
    """A citizen's browser without JavaScript."""

    def __init__(self, guichet: Processes, remote: str = "") -> None:
        self._url = guichet.url
        self._session = requests.Session()
        # As a proxy would say it.
        self._session.headers.update({"X-Forwarded-For": remote} if remote else {})
        self._hidden: dict[str, str] = {}

    @property
    def submission(self) -> str:
        """The id of the form that was opened."""
        return self._hidden.get("submission", "")

    def open_form(self, lang: str) -> None:
        """Open the form."""
        page = self._session.get(f"{self._url}/{lang}/submit", timeout=PATIENCE)
        page.raise_for_status()
        self._hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.text))

    def send_form(self, lang: str, message: str, email: str, file: bytes = PDF) -> str:
        """Send it with a PDF, and read the receipt: the number on it."""
        page = self._session.post(
            f"{self._url}/{lang}/submit",
            data={**self._hidden, "message": message, "email": email},
            files={"files": ("preuve.pdf", file, "application/pdf")},
            timeout=PATIENCE,
        )
        page.raise_for_status()
        (number,) = set(find(re.sub(r"<[^>]+>", " ", page.text)))
        return number

    def follow(self, lang: str, number: str, address: str) -> str:
        """Ask for a case; the page that comes."""
        page = self._session.get(f"{self._url}/{lang}/follow", timeout=PATIENCE)
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.text))
        fields = {**hidden, "number": number, "address": address}
        return self._session.post(f"{self._url}/{lang}/follow", data=fields, timeout=PATIENCE).text


@contextmanager
def world() -> Iterator[World]:
    """All of them, running."""
    with ExitStack() as stack:
        yield World(
            stack.enter_context(FakeTwilio()),
            stack.enter_context(FakeTelegram()),
            stack.enter_context(Dovecot()),
            stack.enter_context(SmtpSink()),
        )


def number_in(texts: list[str]) -> str:
    """The one tracking number that these texts tell."""
    (number,) = {number for text in texts for number in find(text)}
    return number


def _form(path: Path) -> dict[str, str]:
    return dict(parse_qsl(path.read_text("utf-8").strip(), keep_blank_values=True))
