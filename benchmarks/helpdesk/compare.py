"""Guichet beside django-helpdesk: the same mails, forms and calls of an API, each until there is a
case and its sender's acknowledgement was handed over."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import requests

from benchmarks.bench import Bench
from benchmarks.helpdesk.site import Site
from benchmarks.house import House
from benchmarks.mail import mail
from benchmarks.rows import Row, Table
from benchmarks.surge.load import send
from benchmarks.surge.texts import complaint, webhooks
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres

MAILS, FORMS = 500, 400
ADDRESS = "plaintes@commune.example"
#: Of their CPU time a mail, and of their rate; and of a form or a call.
WANTED_MAIL, WANTED_FORM = 8, 10


def run(bench: Bench) -> list[Row]:
    """Measure both sides in turn: on each two Python processes, and PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder,
        Postgres(durable=True) as postgres,
        Dovecot() as imap,
        _mail_server() as (smtp_port, smtp_pid),
        Site(Path(folder, "helpdesk"), postgres.database(), imap, smtp_port) as site,
        House(
            Path(folder, "guichet"),
            *("provider", "web", "worker", "poller"),
            postgres=postgres,
            environ={
                "IMAP_URL": imap.url,
                "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
                "EMAIL_ADDRESS": ADDRESS,
                # Each form comes from a connection of its own.
                "PROXIES": "1",
            },
        ) as house,
    ):
        both = _Both(bench, site, house, imap, smtp_pid)
        # Both have been at work for a while: connections are open, plans made, words known.
        both.once(100)
        both.table = Table()
        for _ in bench.rounds():
            both.once(None)
        return both.compared()


class _Both:
    """Measures the one and the other."""

    def __init__(
        self, bench: Bench, site: Site, house: House, imap: Dovecot, smtp_pid: int
    ) -> None:
        self._bench, self._site, self._house, self._imap = bench, site, house, imap
        self._mail_server = {"mail server": smtp_pid}
        self._firsts = count(0, 1_000_000)
        self.table = Table()

    def once(self, messages: int | None) -> None:
        """One repetition of everything."""
        mails = messages or self._bench.many(MAILS)
        forms = messages or self._bench.many(FORMS)
        self._mails(mails)
        self._post("form", forms, self._their_forms, self._our_forms)
        self._post("API", forms, self._their_calls, self._our_calls)

    def compared(self) -> list[Row]:
        """All figures, and how they compare."""
        for what, wanted in (("mail", WANTED_MAIL), ("form", WANTED_FORM), ("API", WANTED_FORM)):
            ours, theirs = f"{what}, Guichet", f"{what}, django-helpdesk"
            cpu = f"{what}: their CPU time ÷ ours"
            self.table.ratio(cpu, theirs, ours, of_cpu=True, at_least=wanted)
            self.table.ratio(f"{what}: our rate ÷ theirs", ours, theirs, at_least=wanted)
        return self.table.rows()

    def _mails(self, messages: int) -> None:
        first = next(self._firsts)
        mails = [mail(n, complaint(n)) for n in range(first, first + messages)]
        self._imap.put(*mails, user=self._imap.other_user)
        self._bench.step("mail, django-helpdesk")
        postgres = {"PostgreSQL": self._house.pids["PostgreSQL"]}
        with self._bench.measured({**postgres, **self._mail_server}) as cpu:
            spent = self._site.get_email()
            cpu["get_email"] = spent.cpu
        if left := self._imap.count(user=self._imap.other_user):
            raise SystemExit(f"get_email left {left} of {messages} mails")
        self.table.add(
            "mail, django-helpdesk", messages / spent.seconds, "/s", cpu=cpu, messages=messages
        )
        with self._house.asleep("poller"):
            self._imap.put(*mails)
            self._bench.step("mail, Guichet")
        self._ours("mail", messages, lambda: None)

    def _post(
        self,
        what: str,
        messages: int,
        theirs: Callable[[int], list[bytes]],
        ours: Callable[[int], list[bytes]],
    ) -> None:
        name, made = f"{what}, django-helpdesk", theirs(messages)
        self._bench.step(name)
        postgres = {"PostgreSQL": self._house.pids["PostgreSQL"]}
        with self._bench.measured({**self._site.pids, **postgres, **self._mail_server}) as cpu:
            # The ticket and its mail are there when the answer comes.
            rate = send(self._site.ports, made).rate
        self.table.add(name, rate, "/s", cpu=cpu, messages=messages)
        made = ours(messages)
        self._bench.step(f"{what}, Guichet")
        self._ours(what, messages, lambda: send([self._house.port], made))

    def _ours(self, what: str, messages: int, begin: Callable[[], object]) -> None:
        """Until so many acknowledgements more were handed over."""
        with psycopg.connect(self._house.database, autocommit=True) as connection:
            wanted = _sent(connection) + messages
            with self._bench.measured({**self._house.pids, **self._mail_server}) as cpu:
                began = time.monotonic()
                begin()
                while _sent(connection) < wanted:
                    time.sleep(0.1)
                    if time.monotonic() > began + 300:
                        raise SystemExit(f"{wanted - _sent(connection)} were not acknowledged")
                seconds = time.monotonic() - began
        self.table.add(f"{what}, Guichet", messages / seconds, "/s", cpu=cpu, messages=messages)

    def _their_forms(self, messages: int) -> list[bytes]:
        session = requests.Session()
        page = session.get(f"http://127.0.0.1:{self._site.ports[0]}/tickets/submit/")
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text))
        first = next(self._firsts)
        return [
            _form(
                "/tickets/submit/",
                {
                    "csrfmiddlewaretoken": token,
                    "title": complaint(n)[:40],
                    "body": complaint(n),
                    "submitter_email": f"citizen{n}@exemple.ma",
                },
                f"Cookie: {_cookies(session)}\r\n",
            )
            for n in range(first, first + messages)
        ]

    def _our_forms(self, messages: int) -> list[bytes]:
        session, path = requests.Session(), "/fr/submit"
        page = session.get(self._house.running.url + path)
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page.text))
        first = next(self._firsts)
        return [
            _form(
                path,
                {
                    "csrf_token": token,
                    "submission": str(uuid.uuid4()),
                    "message": complaint(n),
                    "email": f"citizen{n}@exemple.ma",
                },
                f"Cookie: {_cookies(session)}\r\nX-Forwarded-For: {_address(n)}\r\n",
            )
            for n in range(first, first + messages)
        ]

    def _their_calls(self, messages: int) -> list[bytes]:
        first = next(self._firsts)
        return [
            _request(
                "/api/tickets/",
                json.dumps(
                    {
                        "queue": 1,
                        "priority": 3,
                        "title": complaint(n)[:40],
                        "description": complaint(n),
                        "submitter_email": f"citizen{n}@exemple.ma",
                    }
                ),
                f"Content-Type: application/json\r\nAuthorization: Token {self._site.token}\r\n",
            )
            for n in range(first, first + messages)
        ]

    def _our_calls(self, messages: int) -> list[bytes]:
        """What machines post to us: signed webhooks, from another phone each."""
        hook = self._house.hook
        return [request for _, request in webhooks(hook, messages, next(self._firsts))]


def _sent(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM outbound WHERE state = 'sent'").fetchone()
    return int(row[0]) if row else 0


def _form(path: str, fields: dict[str, str], headers: str) -> bytes:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    return _request(path, urlencode(fields), kind + headers)


def _request(path: str, body: str, headers: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: "
    return f"{head}{len(body.encode())}\r\n\r\n{body}".encode()


def _cookies(session: requests.Session) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)


def _address(n: int) -> str:
    """Another one for each, from the network that is kept for benchmarks (RFC 2544)."""
    return f"198.{18 + n // 65536 % 2}.{n // 256 % 256}.{n % 256}"


@contextmanager
def _mail_server() -> Iterator[tuple[int, int]]:
    """One that takes every mail and keeps none; its port and its process."""
    port = free_port()
    sink = ("-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}")
    with subprocess.Popen([sys.executable, "-m", "aiosmtpd", *sink]) as process:
        try:
            yield port, process.pid
        finally:
            process.terminate()
