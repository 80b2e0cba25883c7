"""Phone calls through Twilio Voice: what the caller records is the complaint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from channels.base import (
    AddressKind,
    Attachment,
    Context,
    DeliveryStatus,
    Inbound,
    Outbound,
    Receipt,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)
from channels.twilio_api import Account, not_understood, raw
from channels.twilio_media import download
from channels.voice_script import LONGEST_TWIML, MENU, RINGING, SPEAKERS, TURNS, Script

#: https://www.twilio.com/docs/voice/api/call-resource#call-status-values, of calls that we placed.
STATUSES: Mapping[str, DeliveryStatus | None] = {
    "queued": None,
    "initiated": None,
    "ringing": None,
    "in-progress": None,
    # Somebody, or somebody's answering machine, took the call.
    "completed": "delivered",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}

#: The numbers that Twilio puts for a caller who withholds theirs: ANONYMOUS, RESTRICTED, BLOCKED,
#: UNKNOWN and UNAVAILABLE on a phone's keys, and the words that some carriers send instead.
WITHHELD = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})
_WITHHELD_WORDS = frozenset({"", "anonymous", "restricted", "blocked", "unknown", "unavailable"})

#: A TwiML document must be served as XML (https://www.twilio.com/docs/voice/twiml).
_XML = "text/xml; charset=utf-8"


class Voice:
    """The ``voice`` channel. The call's state is all in the URLs of its steps and in what is
    stored, so that any process can serve the next step."""

    name = "voice"
    addresses: AddressKind = "tel"
    speaks_number = True

    def __init__(self, account: Account, script: Script, status_url: str) -> None:
        self._account = account
        self._script = script
        self._status_url = status_url

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        account = Account.from_environ(context.environ)
        if account is None:
            return None
        url = f"{context.public_url}/hooks/voice"
        language = context.environ.get("DEFAULT_LANGUAGE", "ar")
        return cls(account, Script(context.phrase, url, language), f"{url}/status")

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        fields = self._account.fields(request)
        call = fields.get("CallSid")
        recording = fields.get("RecordingSid")
        match request.path:
            case "" if call:
                return [self._call(request, fields, call)]
            case "/language" if call:
                return []
            case "/recorded" | "/recording" if call and recording and _complete(fields):
                return [self._recording(request, fields, call, recording)]
            case "/status" if call and fields.get("CallStatus") in STATUSES:
                return self._report(request, fields, call)
        return [not_understood(request, fields, self._account.sid)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        return Reply(self._next(request, receipts).encode(), _XML)

    def send(self, message: Outbound) -> str:
        if not self._account.sender.startswith("+"):
            raise SendFailed("TWILIO_FROM is no phone number, so it cannot call", retryable=False)
        if message.language not in SPEAKERS:
            raise SendFailed(f"no voice reads {message.language} aloud", retryable=False)
        twiml = self._script.notice(message.language, message.text)
        if len(twiml) > LONGEST_TWIML:
            raise SendFailed("the text is too long to be said in a call", retryable=False)
        return self._account.created(
            self._account.client.calls.create,
            to=message.to,
            from_=self._account.sender,
            twiml=twiml,
            timeout=RINGING,
            # This one comes at the end of every call, however it ended.
            status_callback=self._status_url,
            status_callback_event=["completed"],
        )

    def check(self) -> str:
        return self._account.check()

    def download(self, attachment: Attachment, limit: int) -> bytes:
        return download(self._account, attachment.reference or "", limit)

    def _next(self, request: WireRequest, receipts: Sequence[Receipt]) -> str:
        """The next step of the call. By now the request is known to be Twilio's."""
        fields = dict(request.form or request.query)
        language = self._language(request)
        match request.path:
            case "":
                return self._script.menu()
            case "/language":
                digit = fields.get("Digits")
                if digit and digit not in MENU:
                    return self._script.again()
                return self._script.record(MENU.get(digit or "", language), _turn(request))
            case "/recorded" if fields.get("Digits") != "hangup":
                number = next((receipt.number for receipt in receipts if receipt.number), None)
                return self._script.number(language, number)
        return self._script.nothing()

    def _language(self, request: WireRequest) -> str:
        """The language of this step: what the URL says, which we wrote ourselves."""
        chosen = dict(request.query).get("language", "")
        return chosen if chosen in SPEAKERS else self._script.default_language

    def _call(self, request: WireRequest, fields: Mapping[str, str], call: str) -> Inbound:
        """Kept because a recording may be announced without its caller, who is found here."""
        return Inbound(
            external_id=call,
            account=fields.get("AccountSid", self._account.sid),
            sender=_caller(fields, call),
            text="",
            raw=raw(request),
            received_at=request.received_at,
            hints={"event": "call-started"},
        )

    def _recording(
        self, request: WireRequest, fields: Mapping[str, str], call: str, recording: str
    ) -> Inbound:
        """The complaint. It is announced twice, by the call's next step and by the recording's
        own callback, which also comes when the caller has hung up; they share the external id, so
        that the second is a duplicate. The callback does not name the caller: the call does."""
        hints = {"language": self._language(request)}
        if request.path == "/recording" or fields.get("Digits") == "hangup":
            hints["unheard"] = "the caller has hung up, or this is not a step of the call"
        return Inbound(
            external_id=recording,
            account=fields.get("AccountSid", self._account.sid),
            sender=_caller(fields, call) if "From" in fields else "",
            text="",
            raw=raw(request),
            received_at=request.received_at,
            in_reply_to=(call,),
            attachments=(_audio(fields, recording),),
            hints=hints,
        )

    def _report(
        self, request: WireRequest, fields: Mapping[str, str], call: str
    ) -> Sequence[Report]:
        status = STATUSES[fields["CallStatus"]]
        # A number can be set up to report its incoming calls as well. They are nobody's notice.
        if status is None or fields.get("Direction") == "inbound":
            return []
        return [
            Report(
                provider_id=call,
                account=fields.get("AccountSid", self._account.sid),
                status=status,
                raw=raw(request),
                code=fields["CallStatus"] if status == "failed" else None,
            )
        ]


def _complete(fields: Mapping[str, str]) -> bool:
    return fields.get("RecordingStatus", "completed") == "completed" and "RecordingUrl" in fields


def _audio(fields: Mapping[str, str], recording: str) -> Attachment:
    """The recording as MP3, which Twilio offers beside WAV and is a tenth of its size:
    https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file."""
    return Attachment(
        filename=f"{recording}.mp3",
        content_type="audio/mpeg",
        reference=fields["RecordingUrl"] + ".mp3",
    )


def _caller(fields: Mapping[str, str], call: str) -> str:
    """Who calls. Those who withhold their number are many people, so each call is its own."""
    caller = fields.get("From", "").strip()
    if caller.lstrip("+") in WITHHELD or caller.lower() in _WITHHELD_WORDS:
        return f"anonymous:{call}"
    return caller


def _turn(request: WireRequest) -> int:
    said = dict(request.query).get("turn", "1")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 3 else TURNS
