"""Reading a full mailbox: ``python -m benchmarks.mail [MAILS]`` prints rate and memory.

Lays so many mails (default 10,000, every twentieth with a photo of 200 kB) before a Dovecot of
our own, takes them in through the gateway's own road into a SQLite file, and looks at this
process's memory on the way. Needs root and Dovecot, as the tests do. The largest must not grow
with the number of mails.
"""

from __future__ import annotations

import base64
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import structlog

from gateway.house import build
from gateway.settings import load
from gateway.store import Store
from tests.channels.test_email import environ
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink

PHOTO = 200_000
STEPS = 5


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with Dovecot() as imap, SmtpSink() as smtp, tempfile.TemporaryDirectory() as folder:
        imap.deliver(*(mail(n) for n in range(mails)))
        read(imap, smtp, Path(folder), mails)


def mail(n: int, said: str = "") -> bytes:
    """One citizen's mail; every twentieth has a photo."""
    head = (
        f"From: citizen{n}@exemple.ma\r\nTo: plaintes@commune.example\r\nSubject: Plainte {n}\r\n"
        f"Message-ID: <{n}@exemple.ma>\r\nMIME-Version: 1.0\r\n"
    )
    text = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + (
        said or f"Le lampadaire {n} est cassé. " * 20
    )
    if n % 20:
        return (head + text).encode()
    photo = base64.encodebytes(os.urandom(PHOTO)).decode().replace("\n", "\r\n")
    return (
        f"{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{text}\r\n--b\r\n"
        f"Content-Type: image/jpeg; name=photo.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{photo}\r\n--b--\r\n"
    ).encode()


def read(imap: Dovecot, smtp: SmtpSink, folder: Path, mails: int) -> None:
    """Take all in, and print a line at each step."""
    store = Store(f"sqlite:///{folder}/guichet.db")
    store.migrate()
    store.close()
    house = build(
        load(
            {
                **environ(imap, smtp),
                "DATABASE_URL": f"sqlite:///{folder}/guichet.db",
                "ATTACHMENTS_URL": f"file:{folder}/attachments",
                "PUBLIC_URL": "https://guichet.example",
            }
        )
    )
    adapter = house.channels["email"]
    started = time.monotonic()
    print("| mails | seconds | mails/s | memory, MB |")
    print("|-|-|-|-|")
    for taken, item in enumerate(adapter.fetch(), 1):
        house.pipeline.accept("email", item)
        adapter.settle(item)
        if taken % max(1, mails // STEPS) == 0 or taken == 1:
            seconds = time.monotonic() - started
            print(f"| {taken:,} | {seconds:.1f} | {taken / seconds:.0f} | {memory():.0f} |")
    adapter.close()
    house.close()
    print(f"\nleft in the inbox: {imap.count()}, moved: {imap.count('Processed'):,}")


def memory() -> float:
    """What this process holds in memory now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
