"""The simulated telephone exchange: who is in a call with us, and the calls that we place."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from gateway.web.simulator.call import Call, Plant, whole
from gateway.web.simulator.journal import File, Journal
from gateway.web.simulator.people import Person, by_phone
from gateway.web.simulator.recordings import Recordings
from gateway.web.simulator.twilio import VERSION, Account, sid
from gateway.web.simulator.wire import Wire

#: Seconds that a telephone rings when the caller does not say how long.
RINGING = 60


class Exchange:
    """At most one call per person, either way."""

    def __init__(self, account: Account, wire: Wire, journal: Journal) -> None:
        self.recordings = Recordings(account)
        self._plant = Plant(account, wire, self.recordings, journal)
        self._calls: dict[str, Call] = {}
        self._ringing: dict[str, Mapping[str, str]] = {}
        self._lock = threading.Lock()

    def dial(self, person: Person) -> None:
        """A person calls us."""
        url = f"{self._plant.wire.public_url}/hooks/voice"
        call = Call(sid("CA"), person, "inbound", self._plant, f"{url}/status")
        if self._begin(call):
            self._plant.journal.add("call", person, call=call.sid, what="dialling")
            call.answer(url)

    def of(self, person: Person) -> Call | None:
        """The call that a person is in."""
        call = self._calls.get(person.key)
        return call if call is not None and not call.ended else None

    def pick_up(self, person: Person) -> None:
        """A person answers our call."""
        with self._lock:
            call, fields = self.of(person), self._ringing.pop(person.key, None)
        if call is not None and fields is not None:
            call.answer(fields.get("Url"), fields.get("Twiml"))

    def hang_up(self, person: Person) -> None:
        """A person puts the receiver down, or does not take our call."""
        with self._lock:
            call, ringing = self.of(person), self._ringing.pop(person.key, None)
        if call is not None:
            call.hang_up("busy" if ringing is not None else "completed")

    def record(self, person: Person, sound: File, seconds: float, ended_by: str) -> None:
        """A person has spoken into a recording."""
        if (call := self.of(person)) is not None:
            call.record(sound, seconds, ended_by)

    def create(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Place a call of ours, as ``POST Calls.json`` does: the person's telephone rings, or is
        busy. A number that is nobody's rings for ever, and nothing is heard of it."""
        callee, name = by_phone(fields["To"]), sid("CA")
        if callee is not None:
            self._ring(callee, name, fields)
        return {
            "account_sid": self._plant.account.sid,
            "api_version": VERSION,
            "date_created": formatdate(),
            "date_updated": formatdate(),
            "direction": "outbound-api",
            "from": fields.get("From"),
            "sid": name,
            "status": "queued",
            "subresource_uris": {},
            "to": fields["To"],
            "uri": f"/{VERSION}/Accounts/{self._plant.account.sid}/Calls/{name}.json",
        }

    def _ring(self, callee: Person, name: str, fields: Mapping[str, str]) -> None:
        call = Call(name, callee, "outbound-api", self._plant, fields.get("StatusCallback"))
        if not self._begin(call, ringing=fields):
            call.report("busy")
            return
        self._plant.journal.add("call", callee, call=name, what="ringing")
        patience = whole(fields.get("Timeout"), RINGING)
        timer = threading.Timer(patience, self._give_up, (callee, call))
        timer.daemon = True
        timer.start()

    def _give_up(self, callee: Person, call: Call) -> None:
        """Stop ringing, when nobody has taken this very call."""
        with self._lock:
            unanswered = self.of(callee) is call and self._ringing.pop(callee.key, None) is not None
        if unanswered:
            call.hang_up("no-answer")

    def _begin(self, call: Call, ringing: Mapping[str, str] | None = None) -> bool:
        """Connect a call to its person's telephone, unless that is in use."""
        with self._lock:
            if self.of(call.person) is not None:
                return False
            self._calls[call.person.key] = call
            if ringing is not None:
                self._ringing[call.person.key] = ringing
            return True
