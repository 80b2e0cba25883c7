"""One-time links on the portal: scanners do not use them up, and each opens its own thing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from gateway import clock, links
from gateway.house import House
from gateway.models import AttachmentRow, Case
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, number_on, words
from tests.web.pages.filing import app, file, messages, number

__all__ = ["app", "number"]

FILM = ("film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 1_500_000, "video/mp4")


def made(house: House, purpose: links.Purpose, age: timedelta = timedelta(0)) -> str:
    """The address of a link to the first case, as a notice carries it."""
    with house.store.write() as session:
        case = session.scalars(select(Case).order_by(Case.id)).one()
        token = links.make(
            session,
            purpose,
            clock.now() - age,
            case=case,
            address=case.address,
            lifetime=links.CASE,
        )
    return f"/l/{token}"


def test_a_link_leads_to_its_case_in_the_language_of_the_case(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = citizen.get(made(house, "case"), headers={"Accept-Language": "en"})
    assert page.request.path.startswith("/fr/l/")
    assert number not in page.text.replace(" ", "")
    shown = citizen.send(page.request.path, {})
    assert shown.status_code == 303
    assert number_on(citizen.get(shown.location)) == number


def test_looking_does_not_use_a_link_and_pressing_does(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    """A mail scanner and a chat's preview come first; the citizen still gets in, once."""
    link = made(house, "case")
    for address in ("198.51.100.1", "198.51.100.2"):
        scanner = Citizen(app, address)
        assert scanner.get(link).status_code == 200
    page = citizen.get(link).request.path
    assert citizen.send(page, {}).status_code == 303
    assert citizen.get(link).status_code == 410
    assert citizen.post(page, citizen.open("/fr/follow")).status_code == 410


@pytest.mark.parametrize(
    ("purpose", "age"),
    [
        pytest.param("case", links.CASE, id="over"),
        pytest.param("invitation", timedelta(0), id="of another purpose"),
        pytest.param(None, timedelta(0), id="made up"),
    ],
)
def test_a_link_that_is_not_good_shows_nothing_and_says_not_why(
    app: Flask,
    house: House,
    citizen: Citizen,
    number: str,
    purpose: links.Purpose | None,
    age: timedelta,
) -> None:
    link = made(house, purpose, age) if purpose else "/l/23456789abcd"
    page = citizen.get(link, headers={"Accept-Language": "fr"})
    assert page.status_code == 410
    assert "n’est plus valable" in words(page)
    opened = citizen.open("/fr/follow")
    for act in ("", "/file"):
        assert citizen.post(f"/fr{link}{act}", opened).status_code == 410


def test_a_file_too_large_for_its_channel_is_added_by_its_link_once(
    make_app: MakeApp,
) -> None:
    app = make_app(**CHANNELS, MAX_UPLOAD_MB="1", LARGE_UPLOAD_MB="2")
    house: House = app.extensions[KEY]
    file(house)
    citizen = Citizen(app)
    page = citizen.get(made(house, "upload")).request.path
    sent = citizen.send(f"{page}/file", {}, FILM)
    assert sent.status_code == 303
    assert "Votre fichier est dans votre dossier" in words(citizen.get(sent.location))
    (message,) = messages(app)
    assert message.case_id == 1
    with house.store.read() as session:
        (kept,) = session.scalars(select(AttachmentRow))
    assert kept.size == len(FILM[1])
    assert citizen.get(page).status_code == 410


def test_a_failed_upload_does_not_use_the_link(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = citizen.get(made(house, "upload")).request.path
    refused = citizen.send(f"{page}/file", {})
    assert refused.status_code == 422
    assert 'id="files-error"' in refused.text
    harmful = citizen.send(f"{page}/file", {}, ("a.html", b"<script>1</script>", "text/html"))
    assert harmful.status_code == 422
    assert citizen.get(page).status_code == 200


def test_an_upload_link_shows_no_case(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = citizen.get(made(house, "upload"))
    assert number not in page.text.replace(" ", "")
    assert citizen.send(page.request.path, {}).status_code == 410


def test_the_other_languages_keep_the_link(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = citizen.get(made(house, "case")).request.path
    arabic = citizen.get(page.replace("/fr/", "/ar/", 1))
    assert 'dir="rtl"' in arabic.text
    assert f'href="{page}"' in arabic.text
