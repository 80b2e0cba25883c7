"""What is counted: everything that comes in, is processed and goes out, by channel and outcome."""

from __future__ import annotations

import re
from collections.abc import Callable

from prometheus_client import REGISTRY
from sqlalchemy import update

from channels.base import Report
from gateway import clock
from gateway.house import House
from gateway.metrics import page
from gateway.models import Message
from gateway.pipeline.accept import accept
from tests.conftest import MakeHouse
from tests.gateway.messages_in import FRENCH, STRANGER, sms

#: What an operator needs to see, by the names under which a scrape holds it.
NEEDED = {
    "guichet_accepted_total", "guichet_accept_seconds_count", "guichet_processed_total",
    "guichet_process_seconds_count", "guichet_understand_seconds_count", "guichet_sent_total",
    "guichet_send_seconds_count", "guichet_messages", "guichet_outbound", "guichet_due",
    "guichet_due_seconds", "guichet_spool_limit", "guichet_sms_segments",
}  # fmt: skip


def counted(name: str, **labels: str) -> float:
    """A counter of this process."""
    return REGISTRY.get_sample_value(name, labels) or 0


def gained(name: str, **labels: str) -> Callable[[], float]:
    """How much a counter has grown since."""
    before = counted(name, **labels)
    return lambda: counted(name, **labels) - before


def test_it_can_be_scraped(house: House) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    house.pipeline.process()
    house.pipeline.deliver("sms")
    scraped = page(house.store, clock.now(), 100).decode()
    names = {re.split("[{ ]", line)[0] for line in scraped.splitlines()}
    assert names >= NEEDED


def test_all_that_is_accepted_is_counted_also_what_is_polled(house: House) -> None:
    new, again, reports = (
        gained("guichet_accepted_total", channel="email", was=was)
        for was in ("new", "again", "report")
    )
    mail = sms(FRENCH, sender="fatima@exemple.ma")
    # As a poller does, and as the hooks do.
    accept(house.pipeline.parts, "email", mail)
    house.pipeline.accept("email", mail)
    house.pipeline.accept("email", Report("<1@exemple.ma>", "", "delivered", b""))
    assert (new(), again(), reports()) == (1, 1, 1)


def test_messages_are_counted_by_what_became_of_them(make_house: MakeHouse) -> None:
    house = make_house(PROCESS_TRIES="2")
    done = gained("guichet_processed_total", channel="sms", outcome="done", wish="new")
    failed, shunted = (
        gained("guichet_processed_total", channel="sms", outcome=outcome, wish="")
        for outcome in ("failed", "shunted")
    )
    house.pipeline.accept("sms", sms(FRENCH))
    bad = house.pipeline.accept("sms", sms(FRENCH, STRANGER)).message_id
    for _ in range(2):
        with house.store.write() as session:
            broken = {"location": {"nonsense": 1}, "due_at": clock.now()}
            session.execute(update(Message).where(Message.id == bad).values(**broken))
        house.pipeline.process()
    assert (done(), failed(), shunted()) == (1, 1, 1)
