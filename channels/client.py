"""Asks providers over HTTP: connections stay open, and it is known whether a request left us."""

from __future__ import annotations

import logging
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from http.client import HTTPException
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3 import ProxyManager, Retry, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import make_headers

from channels.base import SendFailed
from channels.connection import Answer, Connection

__all__ = ["Answer", "Client", "Unanswered"]

# Where a provider wants its parameters in the address, the library's own log would repeat them.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

#: Seconds to wait for a connection, and again for each piece of an answer.
TIMEOUT = 10.0

#: Connections to one host that stay open; those beyond are closed after use.
_KEPT = 64
#: What went wrong is decided by who asked, and a redirect is no answer of a provider's.
_ONCE = Retry(total=False, redirect=False)
#: With these there was nobody to hear the request.
_NOT_LEFT = (ConnectTimeoutError, NewConnectionError, ProxyError)
#: The library counts a refused connection as one that took too long.
_SLOW = (ConnectTimeoutError, ReadTimeoutError)
#: What stands in an address as it is; a provider's own address may have anything else in it.
_PLAIN = "!#$%&'()*+,/:;=?@[]~"


class Unanswered(Exception):
    """No answer came. ``slow``: not in time; ``left``: the request may have been heard.

    It carries no text: the library's would hold the address, which may hold a password.
    """

    def __init__(self, *, slow: bool, left: bool) -> None:
        super().__init__()
        self.slow = slow
        self.left = left

    def failure(self, reason: str) -> SendFailed:
        """What it means for a message. Who cannot be connected to is there for nobody."""
        known = f"{reason}: outcome unknown" if self.left else reason
        return SendFailed(known, retryable=True, unknown=self.left, everyone=not self.left)


class Client:
    """Any number of threads may ask at once, and as many connections stay open.

    The certificates of the system and those that come with the library are trusted. Proxies are
    those of the environment, as it was when a host was first asked.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._ways: dict[tuple[str, str], _Straight | ProxyManager] = {}

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Whatever is answered, a redirect too. Raises Unanswered."""
        parts = urlsplit(url)
        host = (parts.scheme, parts.netloc)
        way = self._ways.get(host) or self._ways.setdefault(host, self._way(parts))
        if isinstance(way, _Straight):
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            return way.ask(method, quote(path, _PLAIN), headers, body)
        try:
            answer = way.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                retries=_ONCE,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(connect=self._timeout, read=self._timeout),
            )
        except HTTPError as error:
            slow = isinstance(error, _SLOW) and not isinstance(error, NewConnectionError)
            raise Unanswered(slow=slow, left=_left(error)) from None
        return Answer(answer.status, answer.headers, answer.data)

    def _way(self, parts: SplitResult) -> _Straight | ProxyManager:
        proxy, host = getproxies().get(parts.scheme), parts.hostname or ""
        if proxy and not proxy_bypass(host):
            login = urlsplit(proxy)
            known = (
                f"{unquote(login.username)}:{unquote(login.password or '')}"
                if login.username
                else None
            )
            return ProxyManager(
                proxy,
                proxy_headers=make_headers(proxy_basic_auth=known),
                ssl_context=self._trusted,
                maxsize=_KEPT,
            )
        trusted = self._trusted if parts.scheme == "https" else None
        return _Straight(partial(Connection, host, parts.port, self._timeout, trusted))

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        # Reading the certificates takes longer than sending a message: once is enough.
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context


class _Straight:
    """The connections to one host that nobody uses at the moment."""

    def __init__(self, new: Callable[[], Connection]) -> None:
        self._new = new
        self._kept: deque[Connection] = deque(maxlen=_KEPT)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """As the client does."""
        try:
            connection = self._kept.pop()
        except IndexError:
            connection = self._new()
        try:
            if not connection.is_open:
                connection.open()
        except OSError as error:
            raise Unanswered(slow=isinstance(error, TimeoutError), left=False) from None
        try:
            answer = connection.ask(method, path, headers, body)
        except (OSError, HTTPException) as error:
            raise Unanswered(slow=isinstance(error, TimeoutError), left=True) from None
        self._kept.append(connection)
        return answer


def _left(error: HTTPError) -> bool:
    """Whether a request may have been heard. TLS that fails does so before there is one, unless
    the other side just went away."""
    if isinstance(error, SSLError):
        return isinstance(error.args[0], ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return not isinstance(error, _NOT_LEFT)
