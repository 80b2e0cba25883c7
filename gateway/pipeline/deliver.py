"""Hand outbound rows to their providers: one at a time, or side by side where they can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic, time_ns

import structlog
from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import aliased

from channels.base import Attachment, Channel, Outbound, Outcome, SendFailed, SendsMany
from gateway import clock, tracing
from gateway.metrics import SEND_SECONDS, timed
from gateway.models import OutboundRow
from gateway.pipeline import ringing
from gateway.pipeline.outcomes import failed, give_back, sent, stopped
from gateway.pipeline.pace import PATIENCE, chat_turns, free_at, pause, together, turns
from gateway.pipeline.parts import Parts
from gateway.pipeline.ringing import CALLS
from gateway.pipeline.signpost import with_signposts
from gateway.queue import DELIVER

log = structlog.get_logger(__name__)

#: Rows claimed at once; at a provider's usual fifth of a second they take a few seconds.
BATCH = 20
#: How much of its lease a row that was born claimed still has when it is sent: to send a batch may
#: take that.
_FRESH = 0.8
#: How long to leave a provider alone that nobody gets through to and that named no time.
_BREATH = timedelta(seconds=5)
#: A message that failed more often does not hold up the later ones to its address any longer:
#: after some twenty minutes, news is worth more than its order.
_HOLDS = 4


def deliver(parts: Parts, channel: str) -> int:
    """Hand due outbound rows of a channel to its provider; how many were taken.

    No transaction is open while a provider is called, and each outcome is committed as soon as it
    is known. A process that dies between the provider's yes and our commit sends again what it
    had handed over and not heard of: one message, or those that were on their way side by side.
    """
    adapter = parts.channels.get(channel)
    if adapter is not None and isinstance(adapter, SendsMany):
        return _side_by_side(parts, channel, adapter)
    started = monotonic()
    claimed = _claimed(parts, channel, clock.now())
    for position, rows in enumerate(claimed):
        # A slow provider must not let our lease run out under the rows that still wait.
        if monotonic() - started > parts.settings.lease_seconds / 2:
            give_back(parts, [*chain(*claimed[position:])], clock.now())
            break
        with tracing.span("deliver", rows[0].trace, channel=channel):
            _one(parts, adapter, rows)
    if len(claimed) == BATCH:
        parts.bell.ring(DELIVER, channel)
    return len(claimed)


def _claimed(parts: Parts, channel: str, now: datetime) -> list[list[OutboundRow]]:
    """Due rows, those together that are said together."""
    if channel == CALLS:
        return ringing.claim(parts, now, BATCH)
    claimed = parts.store.claim(OutboundRow, now, parts.lease, BATCH, channel=channel)
    return [[row] for row in claimed]


def _one(parts: Parts, adapter: Channel | None, rows: Sequence[OutboundRow]) -> None:
    row = rows[0]
    if _is_unwanted(row):
        for one in rows:
            stopped(parts, one)
        return
    try:
        if adapter is None:
            raise SendFailed(f"the channel {row.channel} is not set up", retryable=True)
        (text,) = with_signposts(parts, [row], clock.now())
        message = _outbound(parts, row, text)
        if len(rows) > 1:
            message = replace(message, text="\n".join(one.text for one in rows))
        with timed(SEND_SECONDS.labels(row.channel)), tracing.span("send", channel=row.channel):
            provider_id = _send(adapter, message, row)
    except SendFailed as failure:
        for one in rows:
            failed(parts, one, failure)
    else:
        for one in rows:
            sent(parts, row.channel, [(one, provider_id)])


def _send(adapter: Channel, message: Outbound, row: OutboundRow) -> str:
    try:
        return adapter.send(message)
    except SendFailed:
        raise
    except Exception as error:  # noqa: BLE001  # the border: an adapter's fault loses no message
        raise _fault(row, error) from None


def _side_by_side(parts: Parts, channel: str, adapter: SendsMany) -> int:
    """The same for a provider that takes several at once: the next message to each address, so
    that none overtakes another, however many workers send."""
    now, began = clock.now(), monotonic()
    free = free_at(parts, channel)
    if free is not None and free > now + PATIENCE:
        return 0
    limit = together(adapter.rate)
    claimed = parts.store.claim(OutboundRow, now, parts.lease, limit, _is_next, channel=channel)
    wanted = _wanted(parts, claimed)
    ready = []
    for row, turn in zip(wanted, chat_turns(parts, adapter, wanted, now), strict=True):
        if turn > now + PATIENCE:
            give_back(parts, [row], turn)
        else:
            ready.append((row, turn))
    if ready:
        moments = turns(parts, channel, adapter.rate, len(ready), now)
        # Not by the clock: one that is put right meanwhile would let them wait for hours.
        gone = monotonic() - began
        waits = [
            max(0.0, (max(turn, moment) - now).total_seconds() - gone)
            for (_, turn), moment in zip(ready, moments, strict=True)
        ]
        _Batch(parts, channel, [row for row, _ in ready]).send(adapter, waits)
    if len(claimed) == limit:
        parts.bell.ring(DELIVER, channel)
    return len(claimed)


def hand_over(parts: Parts, rows: Sequence[OutboundRow]) -> None:
    """Hand over rows that were born claimed (``AtHand``), by whoever wrote them."""
    enough = clock.now() + _FRESH * parts.lease
    for channel in {row.channel for row in rows}:
        own = [row for row in rows if row.channel == channel]
        adapter = parts.channels[channel]
        assert isinstance(adapter, SendsMany)  # noqa: S101  # over no other channel are they born so
        batch = _Batch(parts, channel, _wanted(parts, own))
        if min(row.due_at for row in own) < enough:
            batch.leave()
        else:
            batch.send(adapter)


def _wanted(parts: Parts, rows: Sequence[OutboundRow]) -> list[OutboundRow]:
    """Those whose citizens want to hear of them; the others are ended."""
    for row in filter(_is_unwanted, rows):
        stopped(parts, row)
    return [row for row in rows if not _is_unwanted(row)]


class _Batch:
    """Rows on their way side by side, each struck off once its outcome is committed."""

    def __init__(self, parts: Parts, channel: str, rows: Sequence[OutboundRow]) -> None:
        self._parts = parts
        self._channel = channel
        self._waiting = {row.id: row for row in rows}
        self._until = clock.now()
        self._begun = time_ns()

    def send(self, adapter: SendsMany, waits: Sequence[float] = ()) -> None:
        """Send them. What was not begun, because nobody gets through, is given back."""
        ready = [*self._ready(waits or [0.0] * len(self._waiting))]
        try:
            adapter.send_many([one for one, _ in ready], self._done, [wait for _, wait in ready])
        except Exception as error:  # noqa: BLE001  # the border: a fault loses no message
            for row in self._waiting.values():
                failed(self._parts, row, _fault(row, error, unknown=True))
        else:
            self.leave()

    def leave(self) -> None:
        """Give back what waits, for whoever comes next."""
        if self._waiting:
            give_back(self._parts, [*self._waiting.values()], self._until)
            self._parts.bell.ring(DELIVER, self._channel)

    def _ready(self, waits: Sequence[float]) -> Iterator[tuple[Outbound, float]]:
        """What can be sent, with its wait: a file that cannot be had holds up no other message."""
        rows = [*self._waiting.values()]
        texts = with_signposts(self._parts, rows, clock.now())
        for row, text, wait in zip(rows, texts, waits, strict=True):
            try:
                yield _outbound(self._parts, row, text), wait
            except Exception as error:  # noqa: BLE001  # the border: a fault loses no message
                failed(self._parts, row, _fault(row, error))
                self._strike([row])

    def _done(self, outcomes: Sequence[Outcome]) -> None:
        took = SEND_SECONDS.labels(self._channel)
        taken: list[tuple[OutboundRow, str]] = []
        refused: list[tuple[OutboundRow, SendFailed]] = []
        for outcome in outcomes:
            took.observe(outcome.seconds)
            row = self._waiting[outcome.message.id]
            called = time_ns() - int(outcome.seconds * 1e9)
            tracing.note("send", row.trace, called, channel=self._channel)
            if isinstance(outcome.result, SendFailed):
                refused.append((row, outcome.result))
            else:
                taken.append((row, outcome.result))
        # What is known together is committed together: it is one wait for the disk.
        if taken:
            sent(self._parts, self._channel, taken)
            self._strike(row for row, _ in taken)
        for row, failure in refused:
            failed(self._parts, row, failure)
            self._strike([row])
            if failure.everyone:
                self._pause(failure.retry_after or 0)

    def _strike(self, rows: Iterable[OutboundRow]) -> None:
        for row in rows:
            tracing.note("deliver", row.trace, self._begun, channel=self._channel)
            del self._waiting[row.id]

    def _pause(self, seconds: float) -> None:
        wait = min(max(_BREATH, timedelta(seconds=seconds)), clock.LEAP)
        self._until = max(self._until, clock.now() + wait)
        pause(self._parts, self._channel, self._until)


def _is_unwanted(row: OutboundRow) -> bool:
    """Whether its citizen asked to hear no more there, and it is not our promise not to write."""
    return row.address.stopped_at is not None and row.key != "stopped"


def _is_next() -> ColumnElement[bool]:
    """Whether nothing earlier waits to be said to the same address over the same channel."""
    earlier = aliased(OutboundRow)
    return ~(
        select(earlier.id)
        .where(
            earlier.channel == OutboundRow.channel,
            earlier.address_id == OutboundRow.address_id,
            earlier.state == literal_column("'queued'"),
            earlier.id < OutboundRow.id,
            earlier.tries <= _HOLDS,
        )
        .correlate(OutboundRow)
        # Asked row by row, until there are enough. PostgreSQL would rather join all that waits.
        .offset(literal_column("0"))
        .exists()
    )


def _outbound(parts: Parts, row: OutboundRow, text: str) -> Outbound:
    return Outbound(
        id=row.id,
        to=row.address.value,
        text=text,
        language=row.language,
        number=row.facts.get("number"),
        subject=row.subject,
        in_reply_to=row.in_reply_to,
        references=tuple(row.references),
        choices=tuple((value, label) for value, label in row.choices),
        attachments=tuple(
            Attachment(filename, content_type, parts.files.read(sha256))
            for sha256, filename, content_type in row.files
        ),
        automatic=row.automatic,
        account=row.account,
        asks=row.facts.get("asks", ""),
        retires=row.facts.get("retires"),
    )


def _fault(row: OutboundRow, error: Exception, *, unknown: bool = False) -> SendFailed:
    kind = type(error).__name__
    log.error("send.fault", trace=row.trace_id, outbound=row.id, channel=row.channel, error=kind)
    return SendFailed(f"our own fault ({kind})", retryable=True, unknown=unknown)
