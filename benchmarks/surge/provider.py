"""A provider that takes every message at once: ``python -m benchmarks.surge.provider PORT FILE``.

It answers as Twilio's Messages resource does, and writes down when it was told to write to whom.
It does as little as it can: it shares the machine with what is measured.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port

_TO = re.compile(rb"(?:^|&)To=([^&]*)")
_ANSWER = (
    b'{"sid": "SM%032x", "status": "queued", "error_code": null, "error_message": null, '
    b'"account_sid": "AC0123456789abcdef0123456789abcdef", "body": "", "direction": "outbound-api"}'
)


class Provider(asyncio.Protocol):
    """One connection that stays open."""

    told: list[bytes] = []  # noqa: RUF012  # all connections write into one list
    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            body = self._read[end + 4 : end + 4 + length]
            self._read = self._read[end + 4 + length :]
            self._tell(body)

    def _tell(self, body: bytes) -> None:
        to = _TO.search(body)
        Provider.count += 1
        Provider.told.append(b"%.6f %b\n" % (time.monotonic(), to[1] if to else b""))
        answer = _ANSWER % Provider.count
        self._transport.write(
            b"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


async def main(port: int, file: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", port)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    while not stop.is_set():
        # Written beside the work, so that the file is small and the reader need not ask.
        told, Provider.told = Provider.told, []
        with file.open("ab") as out:
            out.writelines(told)
        try:
            await asyncio.wait_for(stop.wait(), 0.2)
        except TimeoutError:
            continue
    server.close()


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """One that runs beside us; its URL."""
    port, told = free_port(), folder / "told"
    command = [sys.executable, "-m", "benchmarks.surge.provider", str(port), str(told)]
    with subprocess.Popen(command) as process:
        try:
            while not told.exists():
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
