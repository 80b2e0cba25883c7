"""Take in what waits at providers that do not call us: mailboxes, Telegram without webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event

import structlog

from channels.base import FetchFailed, Inbound, Pulled, PulledTogether, Report
from gateway.pipeline.accept import accept_all
from gateway.pipeline.fairness import is_full
from gateway.pipeline.parts import Parts

log = structlog.get_logger(__name__)

#: Waits after a provider cut us off, in seconds; the last one repeats.
_BACKOFF = (1, 2, 5, 15, 30, 60)


#: Told after each item taken in: the channel, and how many since the last wait.
Progress = Callable[[str, int], None]


def poll(parts: Parts, channel: str, progress: Progress | None = None) -> int:
    """Take in what waits at a pulled channel's provider; how many were new.

    Each item is settled with the provider only after it is stored: dying in between makes it come
    again, as a quiet duplicate. Raises FetchFailed when the provider cut us off.
    """
    adapter = parts.channels[channel]
    if not isinstance(adapter, Pulled):
        return 0
    new = taken = 0
    for items in _waiting(adapter):
        for item, receipt in zip(items, accept_all(parts, channel, items), strict=True):
            adapter.settle(item)
            new += not receipt.duplicate
            taken += 1
            if progress is not None:
                progress(channel, taken)
    return new


def _waiting(adapter: Pulled) -> Iterator[Sequence[Inbound | Report]]:
    """What waits, as it comes."""
    if isinstance(adapter, PulledTogether):
        return adapter.fetch_together()
    return ([item] for item in adapter.fetch())


def poll_until(parts: Parts, channel: str, stop: Event, progress: Progress | None = None) -> None:
    """Poll a channel until told to stop, waiting for the provider in between."""
    adapter = parts.channels[channel]
    if not isinstance(adapter, Pulled):
        return
    failures = 0

    def heard(name: str, taken: int) -> None:
        # A provider that cuts us off in the middle has answered: the next try need not wait long.
        nonlocal failures
        failures = 0
        if progress is not None:
            progress(name, taken)

    while not stop.is_set():
        try:
            if is_full(parts):
                # What waits at its provider is safe there; here it would only wait longer.
                stop.wait(parts.settings.poll_seconds)
                continue
            poll(parts, channel, heard)
            failures = 0
            if not stop.is_set():
                adapter.wait(parts.settings.poll_seconds)
        except Exception as error:  # noqa: BLE001  # the border: a poller outlives every fault
            pause = _BACKOFF[min(failures, len(_BACKOFF) - 1)]
            failures += 1
            reason = error.reason if isinstance(error, FetchFailed) else type(error).__name__
            log.warning("poll.failed", channel=channel, reason=reason, again_in=pause)
            adapter.close()
            stop.wait(pause)
    adapter.close()
