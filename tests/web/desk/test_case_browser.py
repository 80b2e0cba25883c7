"""The page of a case in a real browser: by keyboard alone, in both ways of writing."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from channels.base import Attachment, Location
from gateway import clock
from gateway.cases import By
from gateway.house import House
from gateway.models import Case, OutboundRow, Template
from tests.conftest import CHANNELS
from tests.gateway.messages_in import ARABIC, rows, sms, take
from tests.web.browser import (
    WIDTHS,
    assert_accessible,
    look,
    tab,
    turn,
    unfold,
    walk,
)
from tests.web.conftest import MakeApp
from tests.web.desk.worker import PASSWORD, hire


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(**CHANNELS)


@pytest.fixture
def case(house: House) -> Case:
    """A case with a photo, a recording, a place, a note and an answer."""
    photo = io.BytesIO()
    Image.new("RGB", (640, 400), "#7a9").save(photo, "JPEG")
    message = sms(
        ARABIC,
        received_at=clock.now() - timedelta(days=3),
        sender_name="فاطمة",
        location=Location(34.03, -5.0, "فاس"),
        attachments=(
            Attachment("صورة.jpg", "image/jpeg", photo.getvalue()),
            Attachment("enregistrement.ogg", "audio/ogg", b"OggS" + bytes(200)),
        ),
    )
    take(house, message)
    (case,) = rows(house, Case)
    house.cases.note(case.number, "Appelé la régie : équipe en route.", By("Driss"))
    house.cases.say(case.number, "نعمل على إصلاح العطب.", By("Driss"))
    with house.store.write() as session:
        for language, title in (("ar", "طلب العنوان"), ("fr", "Demande d'adresse")):
            session.add(Template(administration=None, language=language, title=title, text=title))
    found = rows(house, Case)[0]
    assert isinstance(found, Case)
    return found


def log_in(page: Page, site: str, house: House, case: Case, language: str) -> None:
    """Come in at the door, on the way to the case, with the keyboard alone."""
    who = hire(house, "supervisor", case.administration)
    house.staff.set_language(who.id, language)
    page.goto(f"{site}/desk/login?next=/desk/cases/{case.number}")
    page.focus("#email")
    page.keyboard.type(who.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/desk/cases/{case.number}")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_page_is_accessible_and_fits(
    site: str, house: House, case: Case, chromium: Browser, language: str
) -> None:
    with tab(chromium, WIDTHS[0]) as page:
        log_in(page, site, house, case, language)
        look(page, "desk-case")
        unfold(page)
        assert_accessible(page, "desk-case")
        page.set_viewport_size({"width": WIDTHS[1], "height": 800})
        look(page, "desk-case-unfolded")


def test_in_the_dark_too(site: str, house: House, case: Case, chromium: Browser) -> None:
    with tab(chromium, scheme="dark") as page:
        log_in(page, site, house, case, "fr")
        unfold(page)
        look(page, "dark-desk-case")
        assert_accessible(page, "desk-case in the dark")


def test_every_stop_of_the_tab_key_is_seen(
    site: str, house: House, case: Case, chromium: Browser
) -> None:
    with tab(chromium) as page:
        log_in(page, site, house, case, "fr")
        stops = list(walk(page))
    for wanted in ("textarea#reply-message", "textarea#note-message", "input#files"):
        assert wanted in stops


def test_an_agent_answers_a_case_with_the_keyboard_alone(
    site: str, house: House, case: Case, chromium: Browser
) -> None:
    with tab(chromium) as page:
        log_in(page, site, house, case, "fr")
        page.keyboard.press("r")
        page.keyboard.type("Bonjour, l'eau est revenue hier soir dans votre quartier.")
        # They are told, while they write, that this is not the citizen's language.
        page.locator(".counter .other").wait_for()
        page.keyboard.press("Control+a")
        page.keyboard.type("عاد الماء إلى حيكم مساء أمس بعد إصلاح القناة.")
        page.locator(".counter .other").wait_for(state="detached")
        expect(page.locator(".counter")).to_have_text("2 SMS")
        page.keyboard.press("Control+Enter")
        page.locator("[role=status]").wait_for()
        look(page, "desk-case-answered")
    (answer,) = rows(house, OutboundRow, key="answered")
    assert "عاد الماء" in answer.text
    assert rows(house, Case)[0].status == "answered"


def test_a_count_that_was_overtaken_by_another_is_not_shown(
    site: str, house: House, case: Case, chromium: Browser
) -> None:
    late: list[Route] = []
    with tab(chromium) as page:
        log_in(page, site, house, case, "fr")
        page.route("**/check", lambda route: late.append(route), times=1)
        with page.expect_request("**/check"):
            page.fill("#reply-message", "عاد الماء")
        with page.expect_response("**/check"):
            page.fill("#reply-message", "عاد الماء إلى حيكم مساء أمس بعد إصلاح القناة.")
        expect(page.locator(".counter")).to_have_text("2 SMS")
        with page.expect_response("**/check"):
            late.pop().fulfill(json={"segments": 1, "other": True})
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.inner_text(".counter").strip() == "2 SMS"


def test_a_template_goes_in_where_the_cursor_stands(
    site: str, house: House, case: Case, chromium: Browser
) -> None:
    with tab(chromium) as page:
        log_in(page, site, house, case, "ar")
        page.fill("#reply-message", "السلام عليكم\n")
        page.select_option("#template", label="طلب العنوان")
        page.click("[data-insert]")
        assert page.input_value("#reply-message") == "السلام عليكم\nطلب العنوان"
        assert page.evaluate("document.activeElement.id") == "reply-message"
    assert not rows(house, OutboundRow, key="answered")


def test_without_a_script_the_answer_is_sent_all_the_same(
    site: str, house: House, case: Case, chromium: Browser
) -> None:
    with tab(chromium, script=False) as page:
        log_in(page, site, house, case, "fr")
        page.fill("#reply-message", "Bonjour, l'eau est revenue hier soir dans votre quartier.")
        turn(page, "#do-reply .button >> nth=-1")
        assert "SMS" in page.inner_text(".counter")
        turn(page, "#do-reply .button:not(.quiet)")
        page.check("[name=any_language]")
        turn(page, "#do-reply .button:not(.quiet)")
        page.locator("[role=status]").wait_for()
    assert rows(house, Case)[0].status == "answered"
