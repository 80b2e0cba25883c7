"""The road from the simulated providers to the gateway: real HTTP, written down as it happened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

import requests

from gateway.web.simulator.journal import Journal
from gateway.web.simulator.people import Person

#: Twilio waits so long for the answer to a webhook: to connect, to read. In seconds.
TIMEOUT = (5, 15)
#: So much of a body is shown.
SHOWN = 6_000

_DULL = {"accept-encoding", "connection", "accept", "server", "date", "content-length"}


class Unreachable(Exception):
    """The gateway did not answer, or the address is not the gateway's."""


class Wire:
    """Posts what providers post, to the gateway on loopback, whatever its public address is."""

    def __init__(self, public_url: str, loopback: str, journal: Journal) -> None:
        self.public_url = public_url
        self.loopback = loopback
        self._journal = journal

    def send(
        self,
        device: str,
        person: Person | None,
        title: str,
        url: str,
        *,
        method: str = "POST",
        form: Mapping[str, str] | None = None,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make one request to an address below PUBLIC_URL. Raises Unreachable."""
        if url != self.public_url and not url.startswith(f"{self.public_url}/"):
            raise Unreachable(f"{url} is not below {self.public_url}")
        prepared = requests.Request(
            method,
            self.loopback + url.removeprefix(self.public_url),
            data=form,
            json=document,
            headers=dict(headers or {}),
        ).prepare()
        began = time.monotonic()
        try:
            with requests.Session() as session:
                # A proxy named in the environment has no business on loopback.
                session.trust_env = False
                response = session.send(prepared, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as failed:
            raise Unreachable(type(failed).__name__) from None
        self.note(
            device,
            person,
            title,
            sent=f"{method} {url}\n{_headers(prepared.headers.items())}",
            body=_readable(form, document),
            answered=f"{response.status_code} {response.reason}\n"
            f"{_headers(response.headers.items())}",
            answer=response.text,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
        return response

    def note(
        self,
        device: str,
        person: Person | None,
        title: str,
        *,
        sent: str,
        body: str,
        answered: str = "",
        answer: str = "",
        milliseconds: int | None = None,
        outward: bool = False,
    ) -> None:
        """Write an exchange down for the wire panel. ``outward``: the gateway began it."""
        self._journal.add(
            "wire",
            person,
            device=device,
            title=title,
            sent=sent,
            body=_cut(body),
            answered=answered,
            answer=_cut(answer),
            ms=milliseconds,
            outward=outward,
        )


def _headers(headers: Iterable[tuple[str, str | bytes]]) -> str:
    shown = ((name, value) for name, value in headers if name.lower() not in _DULL)
    return "\n".join(f"{name}: {value!s}" for name, value in shown)


def _readable(form: Mapping[str, str] | None, document: Any) -> str:
    """A form as one field per line, undoing the escapes that nobody can read; JSON indented."""
    if form is not None:
        return "\n".join(f"{name}={value}" for name, value in form.items())
    return json.dumps(document, ensure_ascii=False, indent=2) if document is not None else ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… ({len(text):,} characters)"
