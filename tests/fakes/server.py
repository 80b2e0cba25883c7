"""A real HTTP server on loopback that plays a provider and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from tests.servers.certificates import Certificate
from tests.servers.service import Service


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came. Header names are lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body as a form, with its order and repeats."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to give."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


#: No answer at all: the line stays open and silent, or breaks.
Trouble = Literal["silence", "reset"]


def in_json(status: int, value: Any, **headers: str) -> Answer:
    """``value`` as a JSON answer; ``Retry_After=3`` becomes the header ``Retry-After``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), headers=named)


class FakeProvider(Service):
    """Subclass and write ``respond``; use with ``with``. Serves at ``url`` from many threads."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.asked: list[Asked] = []
        #: How many times somebody connected.
        self.connections = 0
        #: What everybody gets while the provider is ill, and the seconds that each answer takes.
        self.illness: Answer | Trouble | None = None
        self.slowness = 0.0
        self._planned: deque[Answer | Trouble] = deque()
        self._closing = threading.Event()
        provider = self

        class Handler(_Handler):
            owner = provider

        self._server = _Server((host, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://{host}:{self._server.server_port}"

    def speak_tls(self, certificate: Certificate) -> None:
        """Serve over HTTPS from now on, with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def plan(self, *answers: Answer | Trouble) -> None:
        """Give the next requests these answers instead of those of ``respond``."""
        self._planned.extend(answers)

    def respond(self, asked: Asked) -> Answer:
        """What a provider in good health says."""
        raise NotImplementedError

    def take(self, asked: Asked) -> Answer | Trouble:
        """Keep a request, and decide what it gets."""
        self.asked.append(asked)
        time.sleep(self.slowness)
        if self.illness is not None:
            return self.illness
        return self._planned.popleft() if self._planned else self.respond(asked)

    def wait_for_the_end(self) -> None:
        """Block until the server is closed."""
        self._closing.wait()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle of a word is no news."""


class _Handler(BaseHTTPRequestHandler):
    # Headers and body leave together; else each answer waits for the other side to confirm.
    disable_nagle_algorithm = True
    owner: FakeProvider

    def setup(self) -> None:
        self.owner.connections += 1
        super().setup()

    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, parts.query, headers, self.rfile.read(length))
        answer = self.owner.take(asked)
        if isinstance(answer, Answer):
            self._write(answer)
            return
        self.close_connection = True
        if answer == "silence":
            self.owner.wait_for_the_end()
        else:
            # Lingering for no time at all makes the kernel send RST instead of FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    # The names by which http.server finds the methods.
    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_one  # noqa: N815

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the parent's name
        """Tests read what was asked, not a log."""
