"""What happens next in a call, given what the caller did and what is noted of the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from channels.base import Notebook, Receipt
from channels.voice.call import Call, is_withheld
from channels.voice.script import MENU, Script

#: How many silences and wrong keys a call may have: a line left open costs money.
TURNS = 5
#: How many cases may be asked for in one call, so that nobody tries codes by the hour.
ASKS = 3
#: The key of who is not content with how a case ended.
REOPEN = "9"

#: The keys after a case's end, with the sentence that follows.
RATINGS = {**{str(score): "voice_rated" for score in range(1, 6)}, REOPEN: "voice_reopened"}

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Steps:
    """The call tree. Each step reads the call, notes what changed, and says what comes next."""

    script: Script
    notes: Notebook
    default_language: str

    def call(self, sid: str) -> Call:
        """A call as far as it has come."""
        return Call.read(self.notes, sid, self.default_language)

    def next(self, path: str, fields: Fields, receipts: Sequence[Receipt]) -> str:
        """The TwiML that answers a step; an empty document where nobody listens."""
        step: Callable[[Call, Fields, Sequence[Receipt]], str] | None = {
            "": self._begin,
            "/language": self._language,
            "/menu": self._menu,
            "/place": self._place,
            "/silent": self._silent,
            "/recorded": self._recorded,
            "/confirm": self._confirm,
            "/pin": self._pin,
            "/follow": self._follow,
            "/code": self._code,
            "/rate": self._rate,
            "/dialled": self._dialled,
        }.get(path)
        sid = fields.get("CallSid")
        if step is None or not sid or fields.get("Digits") == "hangup":
            return self.script.nothing()
        return step(self.call(sid), fields, receipts)

    def _begin(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        return self.script.languages(self.default_language)

    def _language(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        digit = fields.get("Digits")
        if digit and digit not in MENU and call.turns < TURNS:
            call.noted(self.notes, turns=call.turns + 1)
            return self.script.languages(self.default_language)
        call = call.noted(self.notes, language=MENU.get(digit or "", self.default_language))
        return self.script.menu(call.language)

    def _menu(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        language = call.language
        match fields.get("Digits"):
            case "1":
                return self.script.place(language)
            case "2":
                return self.script.ask_number(language)
            case "3":
                return self.script.menu(language)
            case "0" if self.script.human:
                # https://www.twilio.com/docs/api/errors/13214: many a carrier takes no call from
                # what stands for a withheld number, so ours is shown.
                withheld = is_withheld(fields.get("From", ""))
                return self.script.connect(language, fields.get("To") if withheld else None)
            case None | "" if call.turns:
                # Who presses nothing twice may have no keys, but has a voice.
                return self.script.record(language)
            case digit:
                wrong = [("key", "voice_wrong_key")] if digit else []
                return self._again(call, lambda: self.script.menu(language, *wrong))

    def _place(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        place = fields.get("Digits") or fields.get("SpeechResult") or ""
        return self.script.record(call.noted(self.notes, place=place[:200]).language)

    def _silent(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        nothing = ("key", "voice_nothing")
        return self._again(call, lambda: self.script.record(call.language, nothing))

    def _recorded(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        number = next((one.number for one in receipts if one.number), None) or call.number
        call = call.noted(self.notes, recording=fields.get("RecordingSid", ""), number=number)
        return self.script.check(call.language, fields.get("RecordingUrl", ""))

    def _confirm(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        if fields.get("Digits") == "2" and call.turns < TURNS:
            call.noted(self.notes, turns=call.turns + 1)
            return self.script.record(call.language)
        if not call.number:
            return self.script.number(call.language, "")
        return self.script.choose_code(call.language)

    def _pin(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        return self.script.number(call.language, call.number)

    def _follow(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        asked = fields.get("Digits", "")
        call = call.noted(self.notes, asked=asked, asks=call.asks + 1)
        if told := _told(receipts):
            over = next((one.number for one in receipts if one.over and one.number), None)
            if over is None:
                return self.script.menu(call.language, ("text", told))
            return self.script.rate(call.noted(self.notes, told=over).language, told)
        if not asked:
            return self._unknown(call)
        return self.script.ask_code(call.language)

    def _code(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        if told := _told(receipts):
            return self.script.menu(call.language, ("text", told))
        return self._unknown(call)

    def _rate(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        said = RATINGS.get(fields.get("Digits", "")) if call.told else None
        return self.script.menu(call.language, *([("key", said)] if said else []))

    def _unknown(self, call: Call) -> str:
        unknown = ("key", "voice_unknown")
        if call.asks >= ASKS:
            return self.script.part(call.language, unknown)
        return self.script.menu(call.language, unknown)

    def _dialled(self, call: Call, fields: Fields, receipts: Sequence[Receipt]) -> str:
        return self.script.part(call.language)

    def _again(self, call: Call, then: Callable[[], str]) -> str:
        """Another try, unless the call had enough of them."""
        if call.turns >= TURNS:
            return self.script.part(call.language)
        call.noted(self.notes, turns=call.turns + 1)
        return then()


def _told(receipts: Sequence[Receipt]) -> str | None:
    """What there is to say of a case, if its asker may know."""
    return next((one.text for one in receipts if one.number and one.text), None)
