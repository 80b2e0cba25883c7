"""Cases that are there already, for tests of what their citizens see and do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from channels.base import Attachment, Inbound
from gateway import clock
from gateway.house import House
from gateway.models import Message
from gateway.web.current import KEY
from gateway.web.pages import links
from tests.conftest import CHANNELS
from tests.gateway.messages_in import sms
from tests.web.conftest import MakeApp

PHONE = "+212612345678"
TYPED = "06 12 34 56 78"
TEXT = "L'hôpital de Salé n'a plus de médecin depuis deux semaines."


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """A counter with every channel."""
    return make_app(**CHANNELS)


@pytest.fixture
def number(house: House) -> str:
    """The number of a case that somebody filed by SMS."""
    return file(house)


def file(
    house: House,
    text: str = TEXT,
    sender: str = PHONE,
    *files: Attachment,
    ago: timedelta = timedelta(0),
) -> str:
    """File a case by SMS; its number. What comes within two minutes belongs together."""
    item = sms(text, sender, received_at=clock.now() - ago, attachments=files)
    return take(house, "sms", item)


def take(house: House, channel: str, item: Inbound) -> str:
    """Let a message come in; the number of the case that it is about."""
    receipt = house.pipeline.accept(channel, item)
    while house.pipeline.process():
        pass
    settled = house.pipeline.settle_now(receipt)
    assert settled.number
    return settled.number


def visit(app: Flask, number: str, language: str = "fr", lifetime: timedelta = links.VISIT) -> str:
    """The address of a case's page, for who was let in."""
    with app.test_request_context():
        return f"/{language}/case/{links.case_token(number, lifetime, clock.now())}"


def messages(app: Flask, channel: str = "webform") -> list[Message]:
    """What came in over a channel, oldest first."""
    house: House = app.extensions[KEY]
    with house.store.read() as session:
        found = session.scalars(
            select(Message).where(Message.channel == channel).order_by(Message.id)
        )
        return list(found)
