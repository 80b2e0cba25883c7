"""Sends requests as fast as they are answered, or at a given rate, over a few open connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

#: As many as providers keep open towards one customer, and enough to keep two cores busy.
CONNECTIONS = 32


@dataclass(slots=True)
class Run:
    """What was measured. Times are of ``time.monotonic``, which all processes share."""

    begun: float = 0.0
    ended: float = 0.0
    refused: int = 0
    started: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answered) / (self.ended - self.begun)


def send(port: int, requests: Sequence[bytes], rate: float | None = None) -> Run:
    """Send every request once; ``rate`` a second at most, or as fast as it goes."""
    return asyncio.run(_send(port, requests, rate))


async def _send(port: int, requests: Sequence[bytes], rate: float | None) -> Run:
    run, waiting = Run(), iter(range(len(requests)))
    run.begun = time.monotonic()
    await asyncio.gather(
        *(_connection(port, requests, waiting, run, rate) for _ in range(CONNECTIONS))
    )
    run.ended = time.monotonic()
    return run


async def _connection(
    port: int, requests: Sequence[bytes], waiting: object, run: Run, rate: float | None
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for n in waiting:  # type: ignore[attr-defined]  # one iterator for all
        if rate is not None:
            # Nobody waits for an answer to send the next: a late start counts as waiting.
            due = run.begun + n / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            run.started[n] = due
        else:
            run.started[n] = time.monotonic()
        writer.write(requests[n])
        status, close = await _answer(reader)
        run.answered[n] = time.monotonic()
        run.refused += not 200 <= status < 300
        if close:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = 0
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return int(head[9:12]), b"connection: close" in head
