"""What a provider says over HTTP is read whole, and it is known whether a request left us."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from threading import Semaphore, Thread

import pytest

from channels.client import Client, Unanswered
from tests.servers.service import PATIENCE

OK = b"HTTP/1.1 200 OK\r\n"


class Speaker(socketserver.ThreadingTCPServer):
    """Says the same to every request, and keeps their first lines; of the last one all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Listening)
        self.says, self.hangs_up = b"", False
        self.heads: list[bytes] = []
        self.told: dict[bytes, bytes] = {}
        self.body = b""
        self.connections = 0
        self.hung_up = Semaphore(0)

    def shutdown_request(self, request: object) -> None:
        super().shutdown_request(request)  # type: ignore[arg-type]  # whatever it is called with
        self.hung_up.release()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def requests(self) -> int:
        return len(self.heads)


class _Listening(socketserver.StreamRequestHandler):
    server: Speaker

    def handle(self) -> None:
        self.server.connections += 1
        while head := self.rfile.readline():
            self.server.heads.append(head)
            lines = iter(lambda: self.rfile.readline().strip(), b"")
            self.server.told = dict(line.lower().split(b": ") for line in lines)
            self.server.body = self.rfile.read(int(self.server.told[b"content-length"]))
            self.wfile.write(self.server.says)
            if self.server.hangs_up:
                return


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    with Speaker() as speaker:
        Thread(target=speaker.serve_forever, args=(0.01,), daemon=True).start()
        yield speaker
        speaker.shutdown()


@pytest.mark.parametrize(
    ("says", "hangs_up", "body", "connections"),
    [
        (OK + b"content-LENGTH:  5\r\n\r\nhello", False, b"hello", 1),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n",
         False, b"hello", 1),
        (b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello",
         False, b"hello", 1),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b"", 1),
        (OK + b"\r\nhello", True, b"hello", 2),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", True, b"hello", 2),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", True, b"hello", 2),
    ],
    ids=["length", "chunks", "a word before", "nothing", "until its end", "close", "HTTP/1.0"],
)  # fmt: skip
def test_an_answer_is_read_whole_and_its_connection_kept_where_it_may(
    speaker: Speaker, says: bytes, hangs_up: bool, body: bytes, connections: int
) -> None:
    speaker.says, speaker.hangs_up = says, hangs_up
    client = Client()
    for _ in range(2):
        assert client.ask("POST", speaker.url, {}, b"body").data == body
    assert (speaker.requests, speaker.connections) == (2, connections)


def test_headers_are_found_however_they_are_written(speaker: Speaker) -> None:
    speaker.says = b"HTTP/1.1 429 \r\nretry-AFTER:7\r\nContent-Length: 0\r\n\r\n"
    answer = Client().ask("POST", speaker.url, {}, b"body")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"+212612345678 hello\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        OK + b"Content-Len",
        OK + b"Content-Length: 9\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\nhello",
        OK + b"A: b\r\n" * 200_000 + b"\r\n",
    ],
    ids=[
        "nothing",
        "not HTTP",
        "no status",
        "half a head",
        "half",
        "half a chunk",
        "no chunk",
        "endless",
    ],
)
def test_what_is_no_answer_leaves_it_open_whether_it_was_heard(
    speaker: Speaker, says: bytes
) -> None:
    speaker.says, speaker.hangs_up = says, True
    with pytest.raises(Unanswered) as silence:
        Client().ask("POST", speaker.url, {}, b"body")
    assert (silence.value.left, silence.value.slow, silence.value.args) == (True, False, ())
    assert speaker.requests == 1


def test_who_hung_up_between_two_requests_is_called_again(speaker: Speaker) -> None:
    """A connection that was closed says nothing of a request that nobody sent yet."""
    speaker.says, speaker.hangs_up = OK + b"Content-Length: 5\r\n\r\nhello", True
    client = Client()
    for _ in range(3):
        assert client.ask("POST", speaker.url, {}, b"body").status == 200
        assert speaker.hung_up.acquire(timeout=PATIENCE)
    assert (speaker.requests, speaker.connections) == (3, 3)


def test_an_address_is_sent_as_one_may_be_written(speaker: Speaker) -> None:
    speaker.says = OK + b"Content-Length: 0\r\n\r\n"
    Client().ask("POST", f"{speaker.url}/é%20?to=a b#c", {}, b"body")
    assert speaker.heads == [b"POST /%C3%A9%20?to=a%20b HTTP/1.1\r\n"]


@pytest.mark.parametrize(("body", "length"), [(b"body", b"4"), (b"", b"0"), (None, b"0")])
def test_a_request_names_its_host_and_says_how_long_it_is(
    speaker: Speaker, body: bytes | None, length: bytes
) -> None:
    speaker.says = OK + b"Content-Length: 0\r\n\r\n"
    Client().ask("POST", speaker.url, {"X-Key": "é"}, body)
    assert speaker.told == {
        b"host": speaker.url.removeprefix("http://").encode(),
        b"accept-encoding": b"identity",
        b"x-key": "é".encode("latin-1"),
        b"content-length": length,
    }
    assert speaker.body == (body or b"")


def test_the_environments_proxy_is_told_the_host(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", speaker.url)
    speaker.says = OK + b"Content-Length: 5\r\n\r\nhello"
    assert Client().ask("POST", "http://provider.example/x", {}, b"body").data == b"hello"
    assert speaker.heads == [b"POST http://provider.example/x HTTP/1.1\r\n"]


def test_a_header_that_would_be_two_is_not_sent(speaker: Speaker) -> None:
    with pytest.raises(ValueError, match="Invalid header"):
        Client().ask("POST", speaker.url, {"A": "b\r\nC: d"}, b"body")
    assert speaker.requests == 0
