"""ClamAV's daemon as clamd(8) describes it: PING and INSTREAM, on a TCP port or a Unix socket."""

from __future__ import annotations

import socketserver
import struct
import threading
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.service import Service

#: The harmless file that every scanner calls a virus (eicar.org).
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class FakeClamd(Service):
    """Finds the EICAR file and nothing else; hangs up on what is larger than ``limit`` bytes."""

    def __init__(self, path: Path | None = None, *, limit: int = 1024 * 1024) -> None:
        daemon = self
        self.limit = limit
        self.scanned: list[bytes] = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                said = daemon._answer(self.rfile.read)
                self.wfile.write(said.encode() + b"\0")

        self._server: socketserver.BaseServer
        if path is None:
            self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            self.url = f"tcp://127.0.0.1:{self._server.server_address[1]}"
        else:
            self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
            self.url = f"unix://{path}"

    def start(self) -> None:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, read: object) -> str:
        assert callable(read)
        command = b""
        while not command.endswith(b"\0"):
            command += read(1)
        if command == b"zPING\0":
            return "PONG"
        if command != b"zINSTREAM\0":
            return "UNKNOWN COMMAND"
        content = b""
        while size := struct.unpack("!L", read(4))[0]:
            content += read(size)
            if len(content) > self.limit:
                return "INSTREAM size limit exceeded. ERROR"
        self.scanned.append(content)
        return "stream: Win.Test.EICAR_HDB-1 FOUND" if EICAR in content else "stream: OK"


def nobody() -> str:
    """The address of a daemon that is away."""
    return f"tcp://127.0.0.1:{free_port()}"
