"""A provider is told 2xx only for what is stored; else why not, or when to come again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.models import Case, Message
from gateway.settings import load
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.fakes.twilio import signature
from tests.gateway.messages_in import rows

PUBLIC = "https://guichet.example"
TOKEN = CHANNELS["TWILIO_AUTH_TOKEN"]


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The web application on an empty database; nobody works behind it."""
    app = create_app(
        load(
            {
                "DATABASE_URL": database_url,
                "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                "SECRET_KEY": "for the tests only",
                "PUBLIC_URL": PUBLIC,
                **CHANNELS,
            }
        )
    )
    yield app
    app.extensions[KEY].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Whoever calls."""
    return app.test_client()


def text(client: FlaskClient, signed: bool = True, **fields: str) -> int:
    """Post a text message as Twilio does; the status it gets."""
    form = {"MessageSid": "SM1", "AccountSid": "AC1", "From": "+212612345678", **fields}
    sign = signature(f"{PUBLIC}/hooks/sms", form.items(), TOKEN if signed else "guessed")
    return client.post("/hooks/sms", data=form, headers={"X-Twilio-Signature": sign}).status_code


def test_a_signed_message_is_stored_whatever_host_it_came_to(
    app: Flask, client: FlaskClient
) -> None:
    assert text(client, Body="السلام عليكم") == 200
    (message,) = rows(app.extensions[KEY], Message)
    assert message.text == "السلام عليكم"
    assert b"MessageSid=SM1" in message.raw


def test_a_forged_message_is_not(app: Flask, client: FlaskClient) -> None:
    assert text(client, signed=False, Body="x") == 403
    assert rows(app.extensions[KEY], Message) == []


def test_too_much_is_413(app: Flask, client: FlaskClient) -> None:
    assert text(client, Body="x" * 2_000_000) == 413
    assert rows(app.extensions[KEY], Message) == []


@pytest.mark.parametrize("path", ["/hooks/pigeon", "/hooks/webform", "/hooks/email", "/hooks"])
def test_a_channel_that_is_not_pushed_here_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"Body": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"%%%=%ff&=&&", "application/x-www-form-urlencoded"),
        (b'{"a":', "application/json"),
        (b"[1, 2", "application/json"),
        (b"\x00\xff" * 100, "application/octet-stream"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/hooks/sms", "/hooks/sms/status", "/hooks/voice", "/hooks/voice/recorded", "/hooks/telegram"],
)
def test_nonsense_is_never_our_fault(
    app: Flask, client: FlaskClient, path: str, body: bytes, kind: str
) -> None:
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": CHANNELS["TELEGRAM_SECRET_TOKEN"]}):
        answer = client.post(path, data=body, content_type=kind, headers=headers)
        assert answer.status_code < 500
    assert rows(app.extensions[KEY], Case) == []


def test_while_the_database_is_away_providers_are_asked_to_come_again(
    app: Flask, client: FlaskClient
) -> None:
    house = app.extensions[KEY]
    with house.store.write() as session:
        session.connection().exec_driver_sql("DROP TABLE attachments")
        session.connection().exec_driver_sql("ALTER TABLE messages RENAME TO elsewhere")
    assert text(client, Body="x") in (500, 503)
    with house.store.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO messages")
    assert text(client, Body="x") == 200
