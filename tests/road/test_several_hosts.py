"""Web and workers on hosts of their own: one that is cut off and comes back loses nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from sqlalchemy import func, select

from gateway.files import files_at
from gateway.models import AttachmentRow, Case, Message, OutboundRow
from gateway.store import Store
from tests.fakes.server import Answer
from tests.fakes.twilio import SID, FakeTwilio, signature
from tests.road.hosts import Host, Network, network, why_not
from tests.road.providers import PDF, PUBLIC_URL
from tests.road.running import ON_THEIR_WAY, eventually
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer

_PORT = 8000
_PICTURE = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"


@dataclass
class Installation:
    """Two webs, two workers, and what they stand on."""

    webs: tuple[Host, Host]
    workers: tuple[Host, Host]
    twilio: FakeTwilio
    store: Store
    files: str

    def text(self, n: int, web: Host, **more: str) -> bool:
        """Hand the n-th citizen's text to a web, as Twilio does; whether it was taken."""
        form = {
            "MessageSid": f"SMh{n:031x}",
            "AccountSid": SID,
            "From": f"+2126{n:08d}",
            "To": "+15005550006",
            "Body": f"Les ordures débordent dans notre rue à Fès depuis {n} jours",
            **more,
        }
        signed = {"X-Twilio-Signature": signature(f"{PUBLIC_URL}/hooks/sms", form.items())}
        url = f"http://{web.address}:{_PORT}/hooks/sms"
        try:
            return requests.post(url, data=form, headers=signed, timeout=3).ok
        except requests.RequestException:
            return False

    def heard(self) -> Counter[str]:
        """How many texts each phone got."""
        return Counter(sent["To"] for sent in [*self.twilio.messages])

    def count(self, table: type[Case | Message]) -> int:
        """How many rows a table has."""
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Network]:
    """Four hosts beside this machine, which is the fifth."""
    if missing := why_not():
        pytest.skip(missing)
    with network(tmp_path, 4) as found:
        yield found


@pytest.fixture
def s3(hosts: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bucket on this machine, and in the environment how it is reached."""
    server = ThreadedMotoServer(ip_address=hosts.address, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="guichet")
    yield "s3://guichet/complaints"
    server.stop()


@pytest.fixture
def installation(hosts: Network, s3: str) -> Iterator[Installation]:
    """All of it, running."""
    with (
        Postgres(host=hosts.address) as postgres,
        RedisServer(hosts.address) as redis,
        FakeTwilio(hosts.address) as twilio,
    ):
        store = Store(postgres.database())
        store.migrate()
        environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if name.startswith(("AWS_", "PATH"))
            },
            **twilio.environ,
            "DATABASE_URL": store.engine.url.set(drivername="postgresql").render_as_string(),
            "REDIS_URL": redis.url,
            "ATTACHMENTS_URL": s3,
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": "for the tests only",
            "HOST": "0.0.0.0",
            "PORT": str(_PORT),
            "SWEEP_SECONDS": "1",
            "LEASE_SECONDS": "5",
        }
        here = Installation(hosts.hosts[:2], hosts.hosts[2:], twilio, store, s3)  # type: ignore[arg-type]  # four
        for host, command in zip(hosts.hosts, ("serve", "serve", "work", "work"), strict=True):
            host.run(command, environ)
        eventually(lambda: all(_is_ready(web) for web in here.webs), "the webs")
        eventually(
            lambda: all("*** Listening on" in one.log for one in here.workers), "the workers"
        )
        yield here
        for host in hosts.hosts:
            host.end()
        store.close()


def _is_ready(web: Host) -> bool:
    try:
        return requests.get(f"http://{web.address}:{_PORT}/readyz", timeout=3).ok
    except requests.RequestException:
        return False


def test_a_host_that_is_cut_off_and_comes_back_loses_nothing(installation: Installation) -> None:
    """Citizens write over both webs all the while; what one does not take is handed to the other,
    and then again, as a provider or a load balancer does."""
    here, first, second = installation, *installation.webs
    picture = {"NumMedia": "1", "MediaContentType0": "application/pdf"}
    picture |= {"MediaUrl0": here.twilio.url + _PICTURE}
    here.twilio.media[_PICTURE] = Answer(200, PDF, "application/pdf")

    def taken(n: int, **more: str) -> bool:
        web, other = (first, second) if n % 2 else (second, first)
        return here.text(n, web, **more) or here.text(n, other, **more)

    def write(numbers: range, **more: str) -> None:
        for n in numbers:
            eventually(partial(taken, n, **more), "a web that takes it")

    write(range(10), **picture)
    with here.workers[0].cut_off():
        # What it had in hand is free again once its claim is over; the other one does it all.
        write(range(10, 30))
        eventually(lambda: len(here.heard()) == 30, "every answer")
        with second.cut_off():
            write(range(30, 32))
    # Both of the text that the second took and could not say so, and of the first's.
    write(range(28, 34))
    eventually(lambda: here.text(34, second), "the second web")
    eventually(lambda: len(here.heard()) == 35, "every answer")
    eventually(lambda: _is_done(here.store), "the end of all work")
    assert here.count(Message) == here.count(Case) == 35
    assert sum(here.heard().values()) - 35 <= ON_THEIR_WAY
    with here.store.read() as session:
        kept = session.scalars(select(AttachmentRow.sha256)).all()
    assert [files_at(here.files).read(str(sha256)) for sha256 in kept] == [PDF] * 10
    assert all(host.is_up for host in (*here.webs, *here.workers))


def _is_done(store: Store) -> bool:
    with store.read() as session:
        sent = session.scalars(select(OutboundRow.state).distinct()).all()
        fetched = session.scalars(select(AttachmentRow.state).distinct()).all()
    return (sent, fetched) == (["sent"], ["stored"])
