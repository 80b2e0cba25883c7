"""A provider is told 2xx only for what is stored; else why not, or when to come again."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.models import Case, Message
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.fakes.twilio import signature
from tests.gateway.messages_in import rows
from tests.servers.postgres import Postgres
from tests.web.conftest import MakeApp

PUBLIC = "https://guichet.example"
TOKEN = CHANNELS["TWILIO_AUTH_TOKEN"]


#: What every application here is made with.
SETTINGS = {"PUBLIC_URL": PUBLIC, **CHANNELS}


@pytest.fixture
def app(make_app: MakeApp, database_url: str) -> Flask:
    """The web application on an empty database; nobody works behind it."""
    return make_app(DATABASE_URL=database_url, **SETTINGS)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Whoever calls."""
    return app.test_client()


def post(client: FlaskClient, path: str, token: str = TOKEN, **fields: str) -> TestResponse:
    """Post a form as Twilio does."""
    form = {"AccountSid": "AC1", "From": "+212612345678", **fields}
    sign = signature(PUBLIC + path, form.items(), token)
    return client.post(path, data=form, headers={"X-Twilio-Signature": sign})


def text(client: FlaskClient, token: str = TOKEN, **fields: str) -> int:
    """Post a text message; the status it gets."""
    return post(client, "/hooks/sms", token, **{"MessageSid": "SM1", **fields}).status_code


def test_a_signed_message_is_stored_whatever_host_it_came_to(
    app: Flask, client: FlaskClient
) -> None:
    assert text(client, Body="السلام عليكم") == 200
    (message,) = rows(app.extensions[KEY], Message)
    assert message.text == "السلام عليكم"
    assert b"MessageSid=SM1" in message.raw


def test_a_forged_message_is_not(app: Flask, client: FlaskClient) -> None:
    assert text(client, token="guessed", Body="x") == 403
    assert rows(app.extensions[KEY], Message) == []


def test_too_much_is_413(app: Flask, client: FlaskClient) -> None:
    assert text(client, Body="x" * 2_000_000) == 413
    assert rows(app.extensions[KEY], Message) == []


@pytest.mark.parametrize("path", ["/hooks/pigeon", "/hooks/webform", "/hooks/email", "/hooks"])
def test_a_channel_that_is_not_pushed_here_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"Body": "x"}).status_code == 404


def test_what_no_provider_does_to_a_webhook_is_not_allowed(client: FlaskClient) -> None:
    answer = client.delete("/hooks/sms")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


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


def test_while_the_database_is_away_providers_are_asked_to_come_again(make_app: MakeApp) -> None:
    with Postgres() as postgres:
        app = make_app(DATABASE_URL=postgres.database(), **SETTINGS)
        client = app.test_client()
        assert text(client, Body="x") == 200
        postgres.stop("immediate")
        for path in ("/hooks/sms", "/hooks/voice/recorded"):
            answer = post(client, path, MessageSid="SM2", CallSid="CA2", RecordingSid="RE2")
            assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        postgres.start()
        assert text(client, MessageSid="SM2", Body="x") == 200
        assert len(rows(app.extensions[KEY], Message)) == 2
        app.extensions[KEY].close()
