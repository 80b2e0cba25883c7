"""Every page in every language, errors too."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select, text

from gateway.house import House
from gateway.models import Message
from gateway.web.current import KEY
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, payload, private_link, words

LANGUAGES = {
    "ar": ("ar", "rtl"),
    "zgh": ("zgh-Tfng", "ltr"),
    "fr": ("fr", "ltr"),
    "en": ("en", "ltr"),
}


PATHS = (
    "",
    "submit",
    "follow",
    "questions",
    "questions/the-number",
    "statistics",
    "verify",
    "nowhere",
)


def scripts(page: str) -> list[str]:
    return re.findall(r"<script[^>]*>", page)


def stored(house: House) -> int:
    with house.store.read() as session:
        return len(session.scalars(select(Message.id)).all())


@pytest.mark.parametrize(
    ("asked", "home"),
    [
        pytest.param("", "/ar/", id="nothing: Arabic"),
        pytest.param("ar-MA,fr;q=0.5", "/ar/", id="Arabic of Morocco"),
        pytest.param("fr-MA,fr;q=0.9,ar;q=0.8", "/fr/", id="French of Morocco"),
        pytest.param("en-GB", "/en/", id="English"),
        pytest.param("zgh", "/zgh/", id="Standard Moroccan Tamazight"),
        pytest.param("shi-Tfng,fr;q=0.5", "/zgh/", id="Tashelhit"),
        pytest.param("de,ja;q=0.5", "/ar/", id="none that we speak"),
        pytest.param(";;q=x,\xff", "/ar/", id="nonsense"),
    ],
)
def test_a_visitor_is_led_to_the_language_their_browser_asks_for(
    citizen: Citizen, asked: str, home: str
) -> None:
    page = citizen.get("/", headers={"Accept-Language": asked})
    assert page.request.path == home


def test_a_visitor_whose_language_we_lack_gets_the_counters_own(make_app: MakeApp) -> None:
    french = Citizen(make_app(DEFAULT_LANGUAGE="fr"))
    assert french.get("/", headers={"Accept-Language": "de"}).request.path == "/fr/"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_names_its_language_and_leads_to_the_others(
    citizen: Citizen, code: str, path: str
) -> None:
    page = citizen.get(f"/{code}/{path}")
    tag, direction = LANGUAGES[code]
    assert f'<html lang="{tag}" dir="{direction}">' in page.text
    assert page.text.count("<h1") == 1
    for other in LANGUAGES:
        there = f"/{other}/" if path == "nowhere" else f"/{other}/{path}"
        assert f'href="{there}"' in page.text


@pytest.mark.parametrize("path", PATHS)
def test_no_page_asks_anything_of_others_or_carries_script_or_style_of_its_own(
    citizen: Citizen, path: str
) -> None:
    page = citizen.get(f"/ar/{path}").text
    assert all(one.startswith('<script type="module" src="/static/') for one in scripts(page))
    assert "<style" not in page
    assert not re.search(r"<[^>]*\s(?:style|on\w+)=", page)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)


def test_the_home_page_shows_the_addresses_that_are_open(make_app: MakeApp) -> None:
    open_house = make_app(
        TWILIO_ACCOUNT_SID="AC00000000000000000000000000000001",
        TWILIO_AUTH_TOKEN="secret",
        TWILIO_FROM="+212530001122",
    )
    page = Citizen(open_house).get("/ar/")
    assert 'href="sms:+212530001122"' in page.text
    assert 'href="tel:+212530001122"' in page.text
    assert "mailto:" not in page.text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ar", "هذه الصفحة غير موجودة"),
        ("fr", "Cette page n’existe pas"),
        ("en", "There is no such page"),
        ("zgh", "ⵓⵔ ⵜⵍⵍⵉ ⵜⴰⵙⵏⴰ"),
    ],
)
def test_a_wrong_address_is_told_in_the_pages_language(
    citizen: Citizen, code: str, told: str
) -> None:
    page = citizen.get(f"/{code}/nowhere")
    assert page.status_code == 404
    assert told in words(page)


def test_what_is_too_large_is_told_in_the_pages_language(make_app: MakeApp) -> None:
    app = make_app(MAX_UPLOAD_MB="1")
    film = ("film.mp4", b"\0" * 1_100_000, "video/mp4")
    page = Citizen(app).send("/ar/submit", payload("arabic"), film)
    assert page.status_code == 413
    assert "الحجم أكبر من المسموح به" in words(page)
    assert stored(app.extensions[KEY]) == 0


@pytest.mark.parametrize("address", ["/fr/submit", "/fr/submit/check", "/desk/login"])
def test_more_than_one_can_type_is_not_taken(app: Flask, citizen: Citizen, address: str) -> None:
    """Whether or not files go along: the fields of each kind of form are measured alike."""
    endless = {**payload("french"), "message": "x" * 1_100_000}
    assert citizen.post(address, endless).status_code == 413
    bare = {"files": (BytesIO(b"%PDF-1.4"), "a.pdf", "application/pdf")}
    assert citizen.post(address, {**endless, **bare}).status_code == 413
    assert stored(app.extensions[KEY]) == 0


@pytest.mark.parametrize(
    ("code", "told"),
    [("ar", "أطول مما تسعه"), ("fr", "trop long"), ("en", "too long for the form")],
)
def test_a_text_of_many_pages_is_asked_for_as_a_file(
    app: Flask, citizen: Citizen, code: str, told: str
) -> None:
    page = citizen.send(f"/{code}/submit", {**payload("french"), "message": "mot " * 5001})
    assert page.status_code == 422
    assert told in words(page)
    assert stored(app.extensions[KEY]) == 0


@pytest.mark.parametrize(
    ("harm", "status"),
    [
        pytest.param("DROP TABLE events", 503, id="the database is away"),
        pytest.param("UPDATE cases SET candidates = '{'", 500, id="a fault of ours"),
    ],
)
def test_our_own_failure_is_told_in_the_pages_language(
    citizen: Citizen, house: House, harm: str, status: int
) -> None:
    receipt = citizen.file("/fr/submit", payload("french"))
    with house.store.write() as session:
        session.execute(text(harm))
    page = citizen.get(private_link(receipt))
    assert page.status_code == status
    assert "de notre côté" in words(page)


def test_machines_get_the_bare_status(citizen: Citizen) -> None:
    assert "<main" not in citizen.get("/hooks/nothing").text


@pytest.mark.parametrize("method", ["put", "delete", "options"])
def test_a_method_that_a_page_lacks_is_no_failure_of_ours(app: Flask, method: str) -> None:
    answer = app.test_client().open("/fr/submit", method=method.upper())
    assert answer.status_code < 500
    assert "POST" in answer.headers["Allow"]
