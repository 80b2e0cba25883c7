"""Asks ClamAV's daemon about files, by the protocol of clamd(8): INSTREAM and PING."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

#: How long clamd may think about one file, in seconds; its own default gives up after 120.
_TIMEOUT = 130.0
_CHUNK = 64 * 1024


class Infected(Exception):
    """The file is harmful. ``name`` is the signature's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"infected: {name}")
        self.name = name


class NotScanned(Exception):
    """The file could not be looked at. ``retryable``: later it may be."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Scanner:
    """One daemon, on a TCP port or a Unix socket."""

    address: str | tuple[str, int]

    @classmethod
    def at(cls, url: str | None) -> Scanner | None:
        """The daemon that ``CLAMD_URL`` names: ``tcp://host:3310`` or ``unix:///path``."""
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme == "unix":
            return cls(parts.path)
        return cls((parts.hostname or "localhost", parts.port or 3310))

    def scan(self, content: bytes) -> None:
        """Return when nothing was found. Raises Infected and NotScanned."""
        verdict = self._ask(b"zINSTREAM\0", content)
        if verdict.endswith("FOUND"):
            raise Infected(verdict.removeprefix("stream:").removesuffix("FOUND").strip())
        if verdict != "stream: OK":
            # Size limits and broken archives do not pass with time.
            raise NotScanned(f"clamd: {verdict or 'said nothing'}", retryable=not verdict)

    def check(self) -> None:
        """Raise OSError unless the daemon answers."""
        try:
            said = self._ask(b"zPING\0")
        except NotScanned as away:
            raise OSError(away.reason) from None
        if said != "PONG":
            raise OSError("it is not clamd that answers")

    def _ask(self, command: bytes, content: bytes | None = None) -> str:
        try:
            with self._connect() as daemon:
                daemon.sendall(command)
                if content is not None:
                    _stream(daemon, content)
                return _read(daemon)
        except OSError as away:
            raise NotScanned(f"clamd is away ({type(away).__name__})", retryable=True) from None

    def _connect(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, timeout=_TIMEOUT)
        daemon = socket.socket(socket.AF_UNIX)
        daemon.settimeout(_TIMEOUT)
        try:
            daemon.connect(self.address)
        except OSError:
            daemon.close()
            raise
        return daemon


def _stream(daemon: socket.socket, content: bytes) -> None:
    try:
        for start in range(0, len(content), _CHUNK):
            chunk = content[start : start + _CHUNK]
            daemon.sendall(struct.pack("!L", len(chunk)) + chunk)
        daemon.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        # It has heard enough, and says why before it hangs up.
        return


def _read(daemon: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and (more := daemon.recv(4096)):
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace").strip()
