"""Webhooks that wait together are answered by one thread, and keep nobody else from an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
import waitress

from gateway.pipeline.moment import Moment
from gateway.web.dispatch import Dispatcher
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: As many as come at the same moment, and as many threads as there are for everything.
MANY, THREADS = 20, 5


class App:
    """Stores the number that is posted to /hook, once it may; says yes to everything else."""

    def __init__(self) -> None:
        self.moment: Moment[int, int] = Moment()
        self.begun: list[int] = []
        self.is_storing, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer, as WSGI has it."""
        said = b"yes"
        if environ["PATH_INFO"] == "/hook":
            n = int(environ["QUERY_STRING"])
            said = b"stored %d" % self.moment.share(n, self.store)
        start("200 OK", [("Content-Length", str(len(said)))])
        return [said]

    def store(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        """All but those that are no good."""
        self.begun.append(len(numbers))
        self.is_storing.set()
        assert self.may_go_on.wait(30)
        return [n if n >= 0 else ValueError("no good") for n in numbers]


@contextmanager
def serving(app: App) -> Iterator[int]:
    """The application at a port of its own."""
    dispatcher, sockets, port = Dispatcher({"/hook"}), dict[int, Any](), free_port()
    dispatcher.set_thread_count(THREADS)
    server = waitress.create_server(
        app, _dispatcher=dispatcher, map=sockets, host="127.0.0.1", port=port
    )
    loop = threading.Thread(target=server.run)
    loop.start()
    try:
        yield port
    finally:
        app.may_go_on.set()
        dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: [one.close() for one in [*sockets.values()]])
        loop.join()


def asked(port: int, path: str) -> HTTPConnection:
    """A request that was sent, whose answer is still to be read."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path)
    return connection


def answer(connection: HTTPConnection) -> tuple[int, bytes]:
    """Its status and what it says."""
    with connection.getresponse() as response:
        said = response.status, response.read()
    connection.close()
    return said


@pytest.mark.parametrize("bad", [{-1}, set()], ids=["one is refused", "all are stored"])
def test_those_that_wait_are_stored_together_and_each_hears_what_became_of_it(
    bad: set[int],
) -> None:
    app, numbers = App(), [*range(MANY - len(bad)), *bad]
    with serving(app) as port:
        first = asked(port, "/hook?100")
        assert app.is_storing.wait(30)
        others = [asked(port, f"/hook?{n}") for n in numbers]
        # Meanwhile there are threads for others. When the second is answered, all have been read.
        assert [answer(asked(port, "/page")) for _ in range(2)] == [(200, b"yes")] * 2
        app.may_go_on.set()
        assert answer(first) == (200, b"stored 100")
        found = {n: answer(one) for n, one in zip(numbers, others, strict=True)}
    assert {n for n, (status, _) in found.items() if status == 500} == bad
    assert all(said == b"stored %d" % n for n, (_, said) in found.items() if n not in bad)
    assert sum(app.begun) == MANY + 1
    # The first alone; a few threads with what they took at once; and one of them with the rest.
    assert len(app.begun) <= THREADS


@pytest.mark.parametrize("sent", [b"nonsense", b"POST /hook?1 HTTP/1.1\r\nContent-Length: all"])
def test_what_is_no_request_is_refused(sent: bytes) -> None:
    with serving(App()) as port, socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(sent + b"\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"400"
