"""What every verb of the pipeline works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from channels.base import Channel, Receipt
from gateway.files import Files
from gateway.learning import Learner
from gateway.notices import Notices
from gateway.pipeline.intake import Intake
from gateway.pipeline.moment import Moment
from gateway.queue import Bell
from gateway.scanner import Scanner
from gateway.settings import Settings
from gateway.store import Store
from gateway.transcribers import Transcriber
from routing.directory import Directory

#: How long processing may take, in line in the web or over a worker's batch. Another worker may
#: safely begin after it: whoever comes second finds the message done.
PROCESS_LEASE = timedelta(seconds=10)
#: How long one who must be told their number waits for company, in seconds, where several were told
#: theirs just before: to register one costs nearly as much as to register eight.
_COMPANY = 0.03


@dataclass(frozen=True, slots=True)
class Parts:
    """Storage, the wires, the administrations, and the bell."""

    settings: Settings
    store: Store
    intake: Intake
    files: Files
    directory: Directory
    channels: Mapping[str, Channel]
    bell: Bell
    notices: Notices
    learner: Learner
    transcriber: Transcriber | None = None
    scanner: Scanner | None = None
    #: Where those wait who are told their number at once.
    in_line: Moment[Receipt, Receipt] = field(default_factory=partial(Moment, _COMPANY))

    @property
    def lease(self) -> timedelta:
        """How long claimed work belongs to its claimer."""
        return timedelta(seconds=self.settings.lease_seconds)
