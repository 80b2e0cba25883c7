"""Who a token belongs to: what a mail server asks when somebody logs in by XOAUTH2."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.servers.service import Service


class Tokens(Service):
    """Use with ``with``. ``users`` says whose each token is; it may be changed at any time."""

    def __init__(self, **users: str) -> None:
        self.users = users
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library calls it so
                (token,) = parse_qs(urlsplit(self.path).query).get("token", [""])
                user = tokens.users.get(token)
                said = json.dumps({"email": user, "active": True} if user else {"active": False})
                self.send_response(200 if user else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """A token written behind it asks for its owner."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/?token="

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
