"""A provider that takes every message at once: ``python -m benchmarks.surge.provider PORT FILE``.

It answers as Twilio's Messages resource does, and writes down when it was told what to whom. It
does so little that what is measured is Guichet.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs

_ANSWER = (
    b'{"sid": "SM%032x", "status": "queued", "error_code": null, "error_message": null, '
    b'"account_sid": "AC0123456789abcdef0123456789abcdef", "body": "", "direction": "outbound-api"}'
)


class Provider(asyncio.Protocol):
    """One connection that stays open."""

    told: list[str] = []  # noqa: RUF012  # all connections write into one list
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
        form = parse_qs(body.decode())
        Provider.count += 1
        Provider.told.append(f"{form.get('To', [''])[0]} {time.monotonic()}\n")
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
        with file.open("a") as out:
            out.writelines(told)
        try:
            await asyncio.wait_for(stop.wait(), 0.2)
        except TimeoutError:
            continue
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
