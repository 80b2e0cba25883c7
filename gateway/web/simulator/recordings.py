"""What callers recorded, as the simulated provider keeps it until the gateway fetches it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from gateway.web.simulator.journal import File
from gateway.web.simulator.twilio import VERSION, Account, sid

#: So many recordings are kept.
KEPT = 30


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording of a call and the addresses that it is had under."""

    sid: str
    call: str
    account: str
    sound: File
    seconds: float

    def fields(self) -> dict[str, str]:
        """What the next step of the call is told of it. The address is Twilio's own."""
        return {
            "RecordingSid": self.sid,
            "RecordingUrl": f"https://api.twilio.com/{VERSION}/Accounts/{self.account}"
            f"/Recordings/{self.sid}",
            "RecordingDuration": str(round(self.seconds)),
        }

    def report(self) -> dict[str, str]:
        """What its own callback says beside that."""
        return {
            "RecordingSource": "RecordVerb",
            "RecordingStatus": "completed",
            "RecordingChannels": "1",
            "ErrorCode": "0",
            "CallSid": self.call,
            "AccountSid": self.account,
        }


class Recordings:
    """The recordings of one account, the latest ones."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._kept: OrderedDict[str, Recording] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, call: str, sound: File, seconds: float) -> Recording:
        """Keep what was recorded in a call."""
        made = Recording(sid("RE"), call, self._account.sid, sound, seconds)
        with self._lock:
            self._kept[made.sid] = made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def sound(self, recording: str) -> File | None:
        """What was recorded under that SID."""
        with self._lock:
            made = self._kept.get(recording)
        return made.sound if made else None
