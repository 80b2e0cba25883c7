"""The API changes a case for whoever holds a living token, and tells others nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from gateway.house import House
from gateway.models import Case, OutboundRow
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.gateway.messages_in import FRENCH, rows, sms, take
from tests.web.conftest import MakeApp


@pytest.fixture
def app(make_app: MakeApp, database_url: str) -> Flask:
    """The web application on an empty database."""
    return make_app(DATABASE_URL=database_url, **CHANNELS)


@pytest.fixture
def house(app: Flask) -> House:
    """The house behind it, with one case."""
    house: House = app.extensions[KEY]
    take(house, sms(FRENCH))
    return house


@pytest.fixture
def url(house: House) -> str:
    """Where that case is."""
    return f"/api/v1/cases/{rows(house, Case)[0].number}"


@pytest.fixture
def bearer(house: House) -> dict[str, str]:
    """The headers of somebody with a token."""
    return {"Authorization": f"Bearer {house.tokens.new('desk')}"}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer guessed", "Basic ZGVzazpkZXNr", "Bearer \udcff"]
)
def test_without_a_living_token_there_is_nothing(app: Flask, url: str, authorization: str) -> None:
    headers = {"Authorization": authorization.encode("utf-8", "surrogateescape").decode("latin-1")}
    for answer in (
        app.test_client().get(url, headers=headers),
        app.test_client().patch(url, headers=headers, json={"status": "closed"}),
    ):
        assert answer.status_code == 401
        assert "error" in answer.get_json()


def test_a_revoked_token_opens_nothing(
    app: Flask, house: House, url: str, bearer: dict[str, str]
) -> None:
    told = app.test_client().get(url, headers=bearer)
    assert told.status_code == 200
    assert told.headers["Cache-Control"] == "no-store"
    assert house.tokens.revoke("desk")
    assert app.test_client().get(url, headers=bearer).status_code == 401


def test_a_change_is_written_and_the_citizen_told(
    app: Flask, house: House, url: str, bearer: dict[str, str]
) -> None:
    answer = app.test_client().patch(
        url, headers=bearer, json={"status": "answered", "message": "Réparé ce matin."}
    )
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "answered"
    assert answer.get_json()["events"][-1]["actor"] == "desk"
    notice = rows(house, OutboundRow)[-1]
    assert (notice.key, notice.channel) == ("answered", "sms")
    assert "Réparé ce matin." in notice.text


def test_a_transfer_tells_the_citizen_where_to(
    app: Flask, house: House, url: str, bearer: dict[str, str]
) -> None:
    change = {"status": "routed", "administration": "environment", "message": "Not ours."}
    answer = app.test_client().patch(url, headers=bearer, json=change)
    assert answer.get_json()["administration"] == "environment"
    assert rows(house, OutboundRow)[-1].key == "transferred"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"status": "done"}, 422),
        ({"status": "answered"}, 422),
        ({"status": "inadmissible", "message": "No."}, 422),
        ({"status": "inadmissible", "message": "No.", "ground": "mood"}, 422),
        ({"status": "inadmissible", "message": " ", "ground": "competence"}, 422),
        ({"status": "answered", "message": "Yes.", "ground": "court"}, 422),
        ({"status": "closed"}, 422),
        ({"status": "routed", "administration": "environment"}, 422),
        ({"status": "routed"}, 422),
        ({"status": "routed", "administration": "nobody"}, 422),
        ({"status": "reopened"}, 422),
        ({"status": "closed", "administration": "environment"}, 422),
        ({"status": "closed", "message": "x" * 4001}, 400),
        ({"status": "closed", "colour": "red"}, 400),
        ({"status": 7}, 400),
        ({}, 400),
        ([], 400),
        ({"status": "closed", "version": 999}, 409),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    app: Flask, house: House, url: str, bearer: dict[str, str], change: object, status: int
) -> None:
    answer = app.test_client().patch(url, headers=bearer, json=change)
    assert answer.status_code == status
    assert answer.get_json()["error"]
    assert len(rows(house, OutboundRow)) == 1


def test_broken_json_and_unknown_numbers_are_told_as_such(
    app: Flask, bearer: dict[str, str]
) -> None:
    client = app.test_client()
    unknown = "/api/v1/cases/264831592783"
    assert client.patch(unknown, headers=bearer, data=b'{"status"').status_code == 400
    assert client.patch(unknown, headers=bearer, json={"status": "closed"}).status_code == 404
    assert client.get(unknown, headers=bearer).status_code == 404
    assert client.get("/api/v1/cases/hello", headers=bearer).status_code == 404
