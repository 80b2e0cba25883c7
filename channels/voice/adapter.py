"""Phone calls through Twilio Voice: what the caller records is the complaint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urlencode

from channels.base import (
    AddressKind,
    Attachment,
    BadSetting,
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
from channels.voice import tongues
from channels.voice.call import is_withheld
from channels.voice.prompts import Prompts
from channels.voice.script import LONGEST_TWIML, RINGING, SPEAKERS, Script
from channels.voice.steps import RATINGS, REOPEN, Steps

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

#: Steps that tell nothing to keep: the caller has pressed a key, or none.
SILENT = frozenset({"/language", "/menu", "/place", "/silent", "/confirm", "/dialled"})

#: A TwiML document must be served as XML (https://www.twilio.com/docs/voice/twiml).
_XML = "text/xml; charset=utf-8"


class Voice:
    """The ``voice`` channel. What a call has come to is in its notes, which the gateway keeps, so
    that any process can serve the next step."""

    name = "voice"
    addresses: AddressKind = "tel"
    speaks_number = True

    def __init__(self, account: Account, steps: Steps) -> None:
        self._account = account
        self._steps = steps
        self._script = steps.script

    @classmethod
    def from_context(cls, context: Context) -> Self | None:
        account = Account.from_environ(context.environ)
        if account is None:
            return None
        environ = context.environ
        human = environ.get("VOICE_HUMAN_NUMBER", "").strip()
        if human and not (human.startswith("+") and human[1:].isdecimal()):
            raise BadSetting("VOICE_HUMAN_NUMBER", "must be a number such as +212537000000")
        script = Script(
            context.phrase,
            Prompts.from_setting(environ.get("VOICE_PROMPTS", "").strip(), context.public_url),
            f"{context.public_url}/hooks/voice",
            human,
            environ.get("VOICE_TRANSCRIBER", "").strip() == "twilio",
            tongues.speakers(environ.get("VOICE_VOICES", "")),
            tongues.heard_as(environ.get("VOICE_SPEECH", "")),
        )
        language = environ.get("DEFAULT_LANGUAGE", "ar")
        return cls(
            account, Steps(script, context.notes, language if language in SPEAKERS else "ar")
        )

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        fields = self._account.fields(request)
        call = fields.get("CallSid")
        recording = fields.get("RecordingSid")
        match request.path:
            case "" if call:
                return [self._call(request, fields, call)]
            case "/recorded" | "/recording" if call and recording and _complete(fields):
                return [self._recording(request, fields, call, recording)]
            case "/pin" if call:
                return self._code_chosen(request, fields, call)
            case "/follow" | "/code" if call:
                return self._asked(request, fields, call)
            case "/rate" if call:
                return self._rated(request, fields, call)
            case "/transcription" if call and recording:
                return self._transcript(request, fields, call, recording)
            case path if call and path in SILENT:
                return []
            case "/status" if call and fields.get("CallStatus") in STATUSES:
                return self._report(request, fields, call)
        return [not_understood(request, fields, self._account.sid)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        """The next step of the call. By now the request is known to be Twilio's."""
        fields = dict(request.form or request.query)
        return Reply(self._steps.next(request.path, fields, receipts).encode(), _XML)

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
            status_callback=f"{self._script.url}/status",
            status_callback_event=["completed"],
        )

    def check(self) -> str:
        return self._account.check()

    def download(self, attachment: Attachment, limit: int) -> bytes:
        return download(self._account, attachment.reference or "", limit)

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
        """The complaint. It is announced by the call's next step, by the recording's own callback,
        which also comes when the caller has hung up, and by a transcription; they share the
        external id, so that the first one counts. The callback does not name the caller: the call
        does."""
        noted = self._steps.call(call)
        # They chose to file something: a call is a matter of its own, whatever else they have here.
        hints = {"intent": "new", "language": noted.language}
        if noted.place:
            hints["city"] = noted.place
        if request.path != "/recorded" or fields.get("Digits") == "hangup":
            hints["unheard"] = "the caller has hung up, or this is not a step of the call"
        # Recorded again: both belong to one case, and the agent hears the last one last.
        before = (noted.recording,) if noted.recording not in ("", recording) else ()
        return self._inbound(
            request,
            fields,
            recording,
            in_reply_to=(call, *before),
            attachments=(_audio(fields, recording),),
            hints=hints,
        )

    def _code_chosen(
        self, request: WireRequest, fields: Mapping[str, str], call: str
    ) -> Sequence[Inbound]:
        """The code for a case, if one was typed."""
        noted, code = self._steps.call(call), fields.get("Digits", "")
        if not (noted.recording and code):
            return []
        chosen = self._inbound(
            request,
            fields,
            f"{call}/pin",
            text=code,
            in_reply_to=(noted.recording,),
            hints={"event": "pin", "language": noted.language},
        )
        return [replace(chosen, raw=_without_digits(fields))]

    def _asked(
        self, request: WireRequest, fields: Mapping[str, str], call: str
    ) -> Sequence[Inbound]:
        """A question for a case by its number; with the code, when this phone did not do."""
        noted, typed = self._steps.call(call), fields.get("Digits", "")
        hints = {"intent": "status", "language": noted.language}
        if request.path == "/follow":
            external_id = f"{call}/follow/{noted.asks}"
            return [self._inbound(request, fields, external_id, text=typed, hints=hints)]
        if not (typed and noted.asked):
            return []
        asked = self._inbound(
            request,
            fields,
            f"{call}/code/{noted.asks}",
            text=noted.asked,
            hints={**hints, "pin": typed},
        )
        return [replace(asked, raw=_without_digits(fields))]

    def _rated(
        self, request: WireRequest, fields: Mapping[str, str], call: str
    ) -> Sequence[Inbound]:
        """The key of how content they are with the case that they just heard of."""
        noted, key = self._steps.call(call), fields.get("Digits", "")
        if not noted.told or key not in RATINGS:
            return []
        act = f"reopen:{noted.told}" if key == REOPEN else f"rate:{noted.told}:{key}"
        hints = {"pressed": act, "language": noted.language}
        return [self._inbound(request, fields, f"{call}/rate/{noted.asks}", text=key, hints=hints)]

    def _transcript(
        self, request: WireRequest, fields: Mapping[str, str], call: str, recording: str
    ) -> Sequence[Inbound]:
        """https://www.twilio.com/docs/voice/twiml/record#transcribecallback: what Twilio's machine
        heard. One that failed says nothing but that there is a recording, which waits for a
        person; nobody else may have told of it."""
        known = [self._recording(request, fields, call, recording)] if _complete(fields) else []
        text = fields.get("TranscriptionText", "")
        if fields.get("TranscriptionStatus") != "completed" or not text:
            return known
        return [
            *known,
            self._inbound(
                request,
                fields,
                fields.get("TranscriptionSid") or f"{recording}/transcript",
                text=text,
                in_reply_to=(recording,),
                hints={"event": "transcript", "transcriber": "Twilio"},
            ),
        ]

    def _inbound(
        self, request: WireRequest, fields: Mapping[str, str], external_id: str, **more: Any
    ) -> Inbound:
        """A message of this step; one that does not name the caller is found by what it answers."""
        return Inbound(
            external_id=external_id,
            account=fields.get("AccountSid", self._account.sid),
            sender=_caller(fields, fields["CallSid"]) if "From" in fields else "",
            text=more.pop("text", ""),
            raw=raw(request),
            received_at=request.received_at,
            **more,
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
    if is_withheld(caller):
        return f"anonymous:{call}"
    return caller


def _without_digits(fields: Mapping[str, str]) -> bytes:
    """The payload without a caller's code, which is kept as its HMAC alone."""
    return urlencode({**fields, "Digits": "····"}).encode()
