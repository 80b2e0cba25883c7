"""Mail through the whole gateway: a server that dies again and again, loops, ids used twice."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import clock
from gateway.house import House, build
from gateway.models import Base, Case, Event, Message, OutboundRow
from gateway.settings import load
from tests.channels.test_email import environ, mail
from tests.gateway.messages_in import rows
from tests.road.running import eventually
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.skipif(
    not dovecot.is_installed() and not os.environ.get("CI"), reason="needs Dovecot and root"
)

MAILS = 1000
KILLS = 10


@pytest.fixture
def imap() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def house(imap: Dovecot, sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A gateway with the mail channel alone."""
    shutil.copy(sqlite_template, tmp_path / "guichet.db")
    with SmtpSink() as smtp:
        house = build(
            load(
                {
                    **environ(imap, smtp),
                    "DATABASE_URL": f"sqlite:///{tmp_path}/guichet.db",
                    "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                    "PUBLIC_URL": "https://guichet.example",
                    "POLL_SECONDS": "1",
                }
            )
        )
        yield house
        house.close()


def count(house: House, table: type[Base]) -> int:
    with house.store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def take_in(house: House) -> None:
    """Poll and process what came."""
    house.pipeline.poll("email")
    while house.pipeline.process():
        pass


def test_a_thousand_mails_come_once_though_the_server_is_killed_ten_times(
    house: House, imap: Dovecot
) -> None:
    """The poller is in the middle of reading each time; mail goes on arriving meanwhile."""
    stop = threading.Event()
    kills = 0

    def deliver() -> None:
        for n in range(MAILS):
            imap.deliver(mail(f"Le lampadaire {n} est cassé.", f"<{n}@exemple.ma>", f"c{n}@ex.ma"))

    def kill_now_and_then(_channel: str, taken: int) -> None:
        nonlocal kills
        if kills < KILLS and taken % 60 == 30:
            kills += 1
            imap.kill()
            threading.Timer(0.2, imap.start).start()

    writer = threading.Thread(target=deliver)
    poller = threading.Thread(
        target=house.pipeline.poll_until, args=("email", stop, kill_now_and_then)
    )
    writer.start()
    poller.start()
    try:
        eventually(lambda: count(house, Message) >= MAILS and kills == KILLS, "the last mail")
        writer.join()
        eventually(lambda: _is_empty(imap), "an empty inbox")
    finally:
        stop.set()
        poller.join()
    assert count(house, Message) == MAILS
    assert imap.count("Processed") == MAILS
    while house.pipeline.process():
        pass
    assert count(house, Case) == MAILS


def _is_empty(imap: Dovecot) -> bool:
    return imap.is_running and imap.count() == 0


def test_a_message_id_used_twice_is_two_messages_and_one_sent_twice_is_one(
    house: House, imap: Dovecot
) -> None:
    imap.put(mail("The lamp is broken", "<1@x>"), mail("The road is broken", "<1@x>"))
    imap.put(mail("The lamp is broken", "<1@x>"), b"From: a@b.ma\r\n\r\nno id at all")
    take_in(house)
    texts = [row.text for row in rows(house, Message)]
    assert texts == ["The lamp is broken", "The road is broken", "no id at all"]
    # What is answered to them names the id as their mailer knows it.
    assert {row.in_reply_to for row in rows(house, OutboundRow)} >= {"<1@x>"}


def test_a_burst_of_answers_makes_one_case(house: House, imap: Dovecot) -> None:
    imap.put(mail("The lamp is broken", "<0@x>"))
    for n in range(1, 20):
        answer = mail(f"and one more thing: {n}", f"<{n}@x>")
        imap.put(b"In-Reply-To: <0@x>\r\nReferences: <0@x>\r\n" + answer)
    take_in(house)
    assert count(house, Case) == 1
    assert count(house, Message) == 20


def test_two_machines_do_not_write_to_each_other_for_ever(house: House, imap: Dovecot) -> None:
    """A ticket system that says nowhere that it is a machine answers each receipt of ours."""
    for n in range(15):
        imap.put(mail(f"Ticket {n}: thank you for your message", f"<{n}@x>", "helpdesk@ex.ma"))
        take_in(house)
    assert count(house, Message) == 15
    limit = house.settings.email_auto_answers
    assert count(house, OutboundRow) == limit
    silent = [event for event in rows(house, Event) if event.kind == "not_answered"]
    assert len(silent) == 15 - limit
    assert silent[0].data["reason"] == "loop"
    # Others are answered all the same.
    imap.put(mail("The lamp is broken", "<other@x>", "somebody@ex.ma"))
    take_in(house)
    assert count(house, OutboundRow) == limit + 1


def test_answers_in_one_thread_are_acknowledged_twice_and_then_only_kept(
    house: House, imap: Dovecot
) -> None:
    # Long enough ago that what follows is no part of the same breath.
    imap.put(mail("The lamp is broken", "<0@x>"), at=clock.now() - timedelta(hours=1))
    take_in(house)
    for n in range(1, 6):
        imap.put(b"In-Reply-To: <0@x>\r\n" + mail(f"still broken on day {n}", f"<{n}@x>"))
        take_in(house)
    assert count(house, Case) == 1
    assert count(house, Message) == 6
    assert count(house, OutboundRow) == 2
