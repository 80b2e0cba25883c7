"""Fetches the pictures and recordings that Twilio keeps, from Twilio and from nobody else."""

from __future__ import annotations

import time
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from channels.base import FetchFailed
from channels.twilio_api import Account

#: Seconds that one file may take in all.
PATIENCE = 60.0

#: The API sends on to a content network; a longer chain is no way to a file.
_REDIRECTS = 3

#: 404 comes while a recording is still being written, and the others are ours to put right.
_LATER = frozenset({401, 403, 404, 408, 409, 425, 429})


def download(account: Account, reference: str, limit: int, patience: float = PATIENCE) -> bytes:
    """The file at ``reference``, at most ``limit`` bytes, in at most about ``patience`` seconds.
    Raises FetchFailed.

    The credentials go to Twilio's own hosts only. A redirect from there is followed without
    them, over HTTPS, wherever Twilio keeps its files this year.
    """
    deadline = time.monotonic() + patience
    url = account.moved(reference)
    try:
        if credentials(account, url) is None:
            raise FetchFailed("the file is not at Twilio", retryable=False)
        for _ in range(_REDIRECTS + 1):
            with _opened(account, url) as response:
                if not response.is_redirect:
                    return _read(response, limit, deadline)
                url = urljoin(url, response.headers["Location"])
    # Both without the library's error, whose text holds the address of the citizen's file.
    except ValueError:
        raise FetchFailed("the file's address is no URL", retryable=False) from None
    except (requests.RequestException, HTTPError):
        raise FetchFailed("Twilio's file server cannot be reached", retryable=True) from None
    raise FetchFailed("the file's address leads in a circle", retryable=False)


def credentials(account: Account, url: str) -> tuple[str, str] | None:
    """What to log in with at ``url``: nothing anywhere but at Twilio's own hosts and at the one
    that stands in for them. Raises ValueError for what is no URL."""
    # Read as the HTTP library itself reads it, so that both mean the same host.
    parts = parse_url(url)
    host = parts.host or ""
    twilio = host == "twilio.com" or host.endswith(".twilio.com")
    if (twilio and parts.scheme == "https") or host == urlsplit(account.api_url).hostname:
        return account.sid, account.tokens[0]
    return None


def _opened(account: Account, url: str) -> requests.Response:
    login = credentials(account, url)
    if login is None and parse_url(url).scheme != "https":
        raise FetchFailed("the file's address leads away from HTTPS", retryable=False)
    return requests.get(
        url, auth=login, timeout=account.timeout, allow_redirects=False, stream=True
    )


def _read(response: requests.Response, limit: int, deadline: float) -> bytes:
    status = response.status_code
    if status != HTTPStatus.OK:
        retryable = status in _LATER or status >= 500
        raise FetchFailed(f"Twilio's file server answered {status}", retryable=retryable)
    content = bytearray()
    # read1 returns what is there, so that a slow sender cannot hold us beyond the deadline.
    while block := response.raw.read1(1 << 16, decode_content=True):
        content += block
        if len(content) > limit:
            raise FetchFailed(f"the file is larger than {limit} bytes", retryable=False)
        if time.monotonic() > deadline:
            raise FetchFailed("the file took too long", retryable=True)
    return bytes(content)
