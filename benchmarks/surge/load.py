"""Sends requests as fast as they are answered, or at a given rate, over a few open connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

#: As many as providers keep open towards one customer, and enough to keep two cores busy.
CONNECTIONS = 32


@dataclass(slots=True)
class Run:
    """What was measured. Times are of ``time.monotonic``, which all processes share."""

    begun: float = 0.0
    ended: float = 0.0
    #: Statuses that were no 2xx and no redirect, with how often.
    refused: dict[int, int] = field(default_factory=dict)
    started: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answered) / (self.ended - self.begun)


def send(ports: Sequence[int], requests: Sequence[bytes], rate: float | None = None) -> Run:
    """Send every request once; ``rate`` a second at most, or as fast as it goes. The connections
    are shared out among the ports. Raises SystemExit when something was refused."""
    run = asyncio.run(_send(ports, requests, rate))
    if run.refused:
        raise SystemExit(f"of {len(requests)} requests some were refused: {run.refused}")
    return run


async def _send(ports: Sequence[int], requests: Sequence[bytes], rate: float | None) -> Run:
    loop, run, waiting = asyncio.get_running_loop(), Run(), iter(range(len(requests)))
    run.begun = time.monotonic()
    senders = [
        _Sender(ports[n % len(ports)], requests, waiting, run, rate) for n in range(CONNECTIONS)
    ]
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, "127.0.0.1", sender.port)  # type: ignore[misc]  # the loop's own
    await asyncio.gather(*(sender.done for sender in senders))
    run.ended = max(run.answered.values())
    return run


class _Sender(asyncio.Protocol):
    """One connection: a request after the other, each when its time has come. No task and no
    stream for any of them, as all of this runs beside what is measured."""

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        waiting: Iterator[int],
        run: Run,
        rate: float | None,
    ) -> None:
        self.port, self._requests, self._waiting = port, requests, waiting
        self._run, self._rate = run, rate
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._n: int | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.done.done():
            return
        self.done.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._read[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._read) < end + 4 + length:
            return
        self._read = b""
        assert self._n is not None
        self._run.answered[self._n] = time.monotonic()
        if not 200 <= (status := int(head[9:12])) < 400:
            self._run.refused[status] = self._run.refused.get(status, 0) + 1
        self._next()

    def _next(self) -> None:
        self._n = next(self._waiting, None)
        if self._n is None:
            self.done.set_result(None)
            self._transport.close()
        elif self._rate is None:
            self._write(time.monotonic())
        else:
            # Nobody waits for an answer to send the next: a late start counts as waiting.
            due = self._run.begun + self._n / self._rate
            self._loop.call_at(due, self._write, due)

    def _write(self, due: float) -> None:
        assert self._n is not None
        self._run.started[self._n] = due
        self._transport.write(self._requests[self._n])
