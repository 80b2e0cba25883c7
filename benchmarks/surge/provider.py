"""A provider that takes every message at once: ``python -m benchmarks.surge.provider PORT FILE``.

It answers as Twilio's Messages resource does, and writes down when it was told to write to whom.
It does as little as it can: it shares the machine with what is measured.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

from tests.servers.ports import free_port

_TO = re.compile(rb"[\n&]To=([^&]*)")
_ANSWER = (
    b'{"sid": "SM%032x", "status": "queued", "error_code": null, "error_message": null, '
    b'"account_sid": "AC0123456789abcdef0123456789abcdef", "body": "", "direction": "outbound-api"}'
)


#: When whom was written to, a line each, for the file.
_told: list[bytes] = []
_counted = count(1)


class _Connection(BaseRequestHandler):
    """One that stays open, in a thread of its own: whoever sends over it waits for each answer, and
    a thread that does the same costs least."""

    def handle(self) -> None:
        read, sock = b"", self.request
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        while data := sock.recv(65_536):
            read += data
            end = read.find(b"\r\n\r\n")
            if end < 0:
                continue
            head = read[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(read) < end + 4 + length:
                continue
            to = _TO.search(read, end)
            _told.append(b"%.6f %b\n" % (time.monotonic(), to[1] if to else b""))
            answer = _ANSWER % next(_counted)
            read = b""
            sock.sendall(
                b"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer)
            )


class _Server(ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


def main(port: int, file: Path) -> None:
    """Answer until SIGTERM."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with _Server(("127.0.0.1", port), _Connection) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        while True:
            # Written beside the work, so that the file is small and the reader need not ask.
            told = _told[:]
            del _told[: len(told)]
            with file.open("ab") as out:
                out.writelines(told)
            if stop.wait(0.2):
                return server.shutdown()


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
    main(int(sys.argv[1]), Path(sys.argv[2]))
