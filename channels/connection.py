"""A connection to a provider that stays open: one request after the other, each answer whole."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext

from httptools import HttpParserError, HttpResponseParser
from urllib3 import HTTPHeaderDict
from urllib3.util import wait_for_read

#: Bytes that are read at once, and that an answer may have.
_PIECE, _MOST = 16_384, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered. Headers are found however they are written."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Connection:
    """To one host, for one thread at a time. ``trusted`` is for TLS; ``timeout`` is in seconds, for
    connecting and for each piece that is sent or read."""

    def __init__(
        self, host: str, port: int | None, timeout: float, trusted: SSLContext | None
    ) -> None:
        self._http = (
            HTTPSConnection(host, port, timeout=timeout, context=trusted)
            if trusted
            else HTTPConnection(host, port, timeout=timeout)
        )
        name = host if host.isascii() else host.encode("idna").decode()
        name = f"[{name}]" if ":" in name else name
        self._host = name if port is None else f"{name}:{port}"

    @property
    def is_open(self) -> bool:
        """Whether the next request can go over it. Who has something to say between two requests
        says goodbye."""
        sock = self._http.sock
        return sock is not None and not wait_for_read(sock, timeout=0.0)

    def open(self) -> None:
        """Raises OSError; nothing of a request has left us then."""
        self._http.close()
        self._http.connect()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Over a connection that is open. Raises OSError, HTTPException for what is no answer, and
        ValueError for a header that would be two."""
        try:
            self._http.sock.sendall(self._request(method, path, headers, body))
            answer, stays_open = _Reading(self._http.sock).answer()
        except BaseException:
            self._http.close()
            raise
        if not stays_open:
            self._http.close()
        return answer

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        # ``HTTPConnection`` takes longer for it than all else that is done to send a text, and it
        # would read the answer's headers as those of a mail.
        told = {"Host": self._host, "Accept-Encoding": "identity", **headers}
        if body is not None or method != "GET":
            told["Content-Length"] = str(len(body or b""))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("Invalid header")
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + (body or b"")


class _Reading:
    """Reads one answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._parser = HttpResponseParser(self)
        self._whole = False
        self.on_message_begin()

    def answer(self) -> tuple[Answer, bool]:
        """All of it, and whether its connection stays open. Raises HTTPException for what is none,
        in words of our own: what was said instead may repeat what we asked."""
        size = 0
        try:
            while not self._whole and (piece := self._sock.recv(_PIECE)):
                size += len(piece)
                self._parser.feed_data(piece)
                if size > _MOST:
                    raise HTTPException("too much of an answer")
        except HttpParserError:
            raise HTTPException("this is not HTTP") from None
        if not self._whole and not self._ends_with_its_connection:
            raise HTTPException("half an answer")
        answer = Answer(self._status, self._headers, b"".join(self._body))
        return answer, self._whole and self._keeps

    @property
    def _ends_with_its_connection(self) -> bool:
        told = ("Content-Length", "Transfer-Encoding")
        return self._status >= 200 and not any(name in self._headers for name in told)

    def on_message_begin(self) -> None:
        """An answer begins, or the one after a provisional one."""
        self._status, self._keeps = 0, False
        self._headers = HTTPHeaderDict()
        self._body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """All of them."""
        self._status = self._parser.get_status_code()
        self._keeps = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The end."""
        self._whole = self._status >= 200
