"""Following a case in a real browser: narrow and wide, both directions, with and without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from channels.base import Attachment
from gateway import clock
from gateway.house import House
from gateway.models import Case, OutboundRow
from tests.web.browser import SEND, assert_accessible, look, tab, turn, unfold, walk
from tests.web.pages.filing import app, file, messages, visit
from tests.web.pages.test_one_time import made

__all__ = ["app"]

COMPLAINTS = {
    "ar": "السلام عليكم، المستشفى الإقليمي بسلا بدون طبيب منذ أسبوعين، والمرضى ينتظرون كل صباح.",
    "fr": "L'hôpital de Salé n'a plus de médecin depuis deux semaines ; les patients attendent.",
}
QUESTIONS = {"ar": "في أي مصلحة؟", "fr": "Dans quel service ?"}
ANSWERS = {
    "ar": "عُيِّن طبيب جديد ابتداء من يوم الاثنين.\nنعتذر لكم عن هذا التأخير.",
    "fr": "Un nouveau médecin prend son service lundi.\nVeuillez excuser ce retard.",
}
LONG_NAME = "IMG_20261114_091512_facade_de_l_hopital_regional_entree_principale_copie_2.jpg"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_citizen_answers_rates_and_has_their_case_opened_again(
    app: Flask, page: Page, site: str, house: House, language: str
) -> None:
    photo = Attachment(LONG_NAME, "image/jpeg", JPEG)
    number = file(house, COMPLAINTS[language], "+212612345678", photo)
    page.goto(f"{site}/{language}/follow")
    look(page, "follow")
    page.fill("#number", number)
    page.fill("#address", "06 12 34 56 78")
    turn(page)
    look(page, "case-open")

    house.cases.change(number, status="awaiting_citizen", message=QUESTIONS[language], actor="test")
    page.reload()
    turn(page, "form[action$='/add'] [type=submit]")
    look(page, "case-nothing-said")
    expect(page.get_by_role("alert")).to_be_focused()
    page.locator(".summary a").click()
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("2")
    page.set_input_files("#files", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": JPEG})
    turn(page, "form[action$='/add'] [type=submit]")
    look(page, "case-added")
    assert page.locator("[role=status]").is_visible()

    house.cases.change(number, status="answered", message=ANSWERS[language], actor="test")
    page.goto(f"{site}{visit(app, number, language)}")
    look(page, "case-answered")
    assert page.locator("blockquote").last.inner_text() == ANSWERS[language]
    page.locator("[name=score][value='2']").check()
    turn(page, "form[action$='/rate'] [type=submit]")
    look(page, "case-rated")
    page.fill("#reason", COMPLAINTS[language])
    turn(page, "form[action$='/reopen'] [type=submit]")
    look(page, "case-reopened")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_late_case_is_answered_elsewhere_after_a_code(
    app: Flask, page: Page, site: str, house: House, language: str
) -> None:
    number = file(house, COMPLAINTS[language])
    with house.store.write() as session:
        session.execute(update(Case).values(due_at=clock.now() - timedelta(days=3)))
    page.goto(f"{site}{visit(app, number, language)}")
    page.locator("details.act summary").click()
    look(page, "case-late")
    page.fill("#reach", "fatima@example.ma")
    turn(page, "details.act [type=submit]")
    look(page, "code")
    page.fill("#code", "1")
    turn(page)
    look(page, "code-wrong")
    with house.store.read() as session:
        sent = session.scalars(select(OutboundRow).where(OutboundRow.key == "proof_code")).one()
    page.fill("#code", sent.facts["code"])
    turn(page)
    look(page, "case-moved")


@pytest.mark.parametrize("language", ["ar", "fr"])
@pytest.mark.parametrize("purpose", ["case", "upload"])
def test_a_one_time_link_in_a_browser(
    app: Flask, page: Page, site: str, house: House, language: str, purpose: str
) -> None:
    file(house, COMPLAINTS[language])
    page.goto(f"{site}{made(house, purpose)}")  # type: ignore[arg-type]  # both are purposes
    assert page.get_attribute("html", "lang") == language
    look(page, f"link-{purpose}")
    if purpose == "upload":
        page.set_input_files("#files", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": JPEG})
    turn(page)
    look(page, f"link-{purpose}-used")


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_every_state_of_the_page_is_accessible(
    app: Flask, site: str, chromium: Browser, house: House, language: str
) -> None:
    number = file(
        house, COMPLAINTS["fr"], "+212612345678", Attachment(LONG_NAME, "image/jpeg", JPEG)
    )
    link = visit(app, number, language)
    with tab(chromium) as page:
        for status in ("awaiting_citizen", "answered", "reopened"):
            house.cases.change(number, status=status, message=ANSWERS["fr"], actor="test")
            for form in ("", "/add" if status == "awaiting_citizen" else "/rate"):
                page.goto(f"{site}{link}")
                if form and page.locator(f"form[action$='{form}']").count():
                    turn(page, f"form[action$='{form}'] [type=submit]")
                unfold(page)
                assert_accessible(page, f"case-{status}{form}")
        for purpose in ("case", "upload"):
            page.goto(f"{site}/{language}{made(house, purpose)}")
            assert_accessible(page, f"link-{purpose}")


def test_the_keyboard_reaches_everything_on_the_page(
    app: Flask, site: str, chromium: Browser, house: House
) -> None:
    number = file(house, COMPLAINTS["fr"])
    house.cases.change(number, status="answered", message=ANSWERS["fr"], actor="test")
    with tab(chromium) as page:
        page.goto(f"{site}{visit(app, number)}")
        stops = list(walk(page))
    for wanted in ("input[score]", "input#word", "textarea#reason", "button Rouvrir mon dossier"):
        assert wanted in stops


def test_a_large_file_shows_its_progress_where_there_is_javascript(
    app: Flask, site: str, chromium: Browser, house: House
) -> None:
    file(house, COMPLAINTS["fr"])
    with tab(chromium) as page:
        page.goto(f"{site}{made(house, 'upload')}")
        turn(page)
        expect(page.locator("#files-error")).to_be_visible()
        assert page.locator("main [role=alert]").is_visible()
        page.set_input_files("#files", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": JPEG})
        expect(page.locator(".chosen")).to_contain_text("a.jpg")
        page.locator(SEND).first.click()
        page.wait_for_url("**/fr/uploaded")
    assert [one.case_id for one in messages(app)] == [1]
