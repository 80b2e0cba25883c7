"""The machine's verbs: accept, process, deliver, fetch, poll. Rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event

from channels.base import Inbound, Receipt, Report
from gateway.pipeline.accept import accept
from gateway.pipeline.deliver import deliver
from gateway.pipeline.fetch import fetch
from gateway.pipeline.in_line import settle_now
from gateway.pipeline.intake import Intake
from gateway.pipeline.parts import Parts
from gateway.pipeline.poll import Progress, poll, poll_until
from gateway.pipeline.process import process


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The road of a message, bound to the parts it works with."""

    parts: Parts

    def accept(self, channel: str, item: Inbound | Report) -> Receipt:
        """Store one thing that came in. It is committed when this returns."""
        return accept(self.parts, channel, item)

    def settle_now(self, receipt: Receipt) -> Receipt:
        """Process what was just accepted, for a channel that must speak the number at once."""
        return settle_now(self.parts, receipt)

    def process(self) -> int:
        """Process a batch of due messages; how many were taken."""
        return process(self.parts)

    def deliver(self, channel: str) -> int:
        """Hand a batch of a channel's due outbound rows to its provider; how many were taken."""
        return deliver(self.parts, channel)

    def fetch(self) -> int:
        """Fetch a batch of due attachments from their providers; how many were taken."""
        return fetch(self.parts)

    def poll(self, channel: str) -> int:
        """Take in what waits at a pulled channel's provider; how many were new."""
        return poll(self.parts, channel)

    def poll_until(self, channel: str, stop: Event, progress: Progress | None = None) -> None:
        """Poll a channel until told to stop, waiting for the provider in between."""
        poll_until(self.parts, channel, stop, progress)


__all__ = ["Intake", "Parts", "Pipeline"]
