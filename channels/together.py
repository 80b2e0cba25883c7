"""Sends several messages side by side, each address's in their order, over a few threads; or, to a
provider next door, one after another in none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from heapq import heapify, heappop, heappush
from itertools import repeat
from queue import Empty, SimpleQueue
from time import monotonic, sleep

from channels.base import Done, Outbound, Outcome, SendFailed

#: Messages on their way at a time, and so the most that can be said twice when our process dies.
AT_ONCE = 8
#: What did not begin after so many seconds is left for the next batch: a slow provider must not
#: let the claim run out under those that still wait.
_PATIENCE = 10.0
#: A provider that answers within so many seconds, as a rule, is next door: threads cost more than
#: they save. One answer may be late because this machine is busy.
_NEAR = 0.02


class Together:
    """Threads that are kept from batch to batch, and with them their connections."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, "send")
        #: Whether the provider answered at once, the last times.
        self.is_near = False

    def send(
        self,
        messages: Sequence[Outbound],
        one: Callable[[Outbound], str],
        done: Done,
        waits: Sequence[float] = (),
    ) -> None:
        """Send a batch as ``SendsMany`` says; ``one`` sends a message as ``Channel.send`` does.

        A message is on its way until ``done`` has returned, so that no more than ``at_once`` are
        ever with the provider and not yet known here. What is answered while ``done`` works is
        told to it together the next time. Raises what ``done`` raises.
        """
        line = _Line(messages, waits)
        known: SimpleQueue[Outcome] = SimpleQueue()
        on_way = 0
        while True:
            outcomes = self._one_by_one(line, one) if self.is_near and not on_way else []
            if not outcomes:
                # Threads that turn out not to be needed are not given more to do.
                most = 1 if self.is_near else self._at_once
                while on_way < most and (message := line.next()) is not None:
                    self._threads.submit(_send, one, message, known)
                    on_way += 1
                wait = line.wait()
                if on_way:
                    outcomes = _taken(known, None if on_way >= most else wait)
                    on_way -= len(outcomes)
                elif wait is not None:
                    sleep(wait)
                else:
                    return
            if outcomes:
                self.is_near = _seconds(outcomes) < _NEAR * len(outcomes)
                done(outcomes)
                line.go_on(outcomes)

    def _one_by_one(self, line: _Line, one: Callable[[Outbound], str]) -> list[Outcome]:
        """What became of the next few, as long as they are taken at once."""
        outcomes: list[Outcome] = []
        while len(outcomes) < self._at_once and (message := line.next()) is not None:
            outcomes.append(_sent(one, message))
            late = _seconds(outcomes) > _NEAR * self._at_once
            if late or isinstance(outcomes[-1].result, SendFailed):
                break
        return outcomes


class _Line:
    """What waits: for its moment, and for the message before it to the same address."""

    def __init__(self, messages: Sequence[Outbound], waits: Sequence[float]) -> None:
        self._began = monotonic()
        self._rest: dict[str, deque[tuple[float, int, Outbound]]] = {}
        for place, (message, wait) in enumerate(zip(messages, waits or repeat(0.0), strict=False)):
            self._rest.setdefault(message.to, deque()).append((wait, place, message))
        self._first = [rest.popleft() for rest in self._rest.values()]
        heapify(self._first)

    def next(self) -> Outbound | None:
        """The next message whose moment has come."""
        if monotonic() > self._began + _PATIENCE:
            self._close()
        if not self._first or self.wait():
            return None
        return heappop(self._first)[-1]

    def wait(self) -> float | None:
        """The seconds until the next one's moment; None when nobody waits for a moment."""
        return max(0.0, self._began + self._first[0][0] - monotonic()) if self._first else None

    def go_on(self, outcomes: Sequence[Outcome]) -> None:
        """Let those follow that waited for these. What cannot go now is not to be overtaken."""
        for outcome in outcomes:
            failure = outcome.result if isinstance(outcome.result, SendFailed) else None
            rest = self._rest[outcome.message.to]
            if failure is not None and failure.everyone:
                self._close()
            elif failure is not None and failure.retryable:
                rest.clear()
            elif rest:
                heappush(self._first, rest.popleft())

    def _close(self) -> None:
        self._first.clear()
        for rest in self._rest.values():
            rest.clear()


def _send(one: Callable[[Outbound], str], message: Outbound, known: SimpleQueue[Outcome]) -> None:
    known.put(_sent(one, message))


def _sent(one: Callable[[Outbound], str], message: Outbound) -> Outcome:
    began = monotonic()
    try:
        result: str | SendFailed = one(message)
    except SendFailed as failure:
        result = failure
    except Exception as error:  # noqa: BLE001  # the border: an adapter's fault loses no message
        fault = f"our own fault ({type(error).__name__})"
        result = SendFailed(fault, retryable=True, unknown=True)
    return Outcome(message, result, monotonic() - began)


def _seconds(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.seconds for outcome in outcomes)


def _taken(known: SimpleQueue[Outcome], seconds: float | None) -> list[Outcome]:
    """All that is known by now, after waiting for the first so long at most."""
    outcomes: list[Outcome] = []
    with suppress(Empty):
        outcomes.append(known.get(timeout=seconds))
        while True:
            outcomes.append(known.get_nowait())
    return outcomes
