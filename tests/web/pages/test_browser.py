"""The pages in a real browser, with and without JavaScript: nothing overflows, all is reachable."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Page, expect

from gateway import clock
from gateway.house import House
from tests.cases_in_bulk import filed, put
from tests.road.running import eventually
from tests.web.browser import (
    SEND,
    WIDTHS,
    assert_accessible,
    look,
    look_wide,
    serving,
    tab,
    turn,
    unfold,
    walk,
)
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, payload, private_link

COMPLAINTS = {
    "ar": "السلام عليكم، المستشفى الإقليمي بسلا بدون طبيب منذ أسبوعين، والمرضى ينتظرون كل صباح.",
    "fr": "L'hôpital de Salé n'a plus de médecin depuis deux semaines ; les patients attendent.",
}
ANSWERS = {
    "ar": "عُيِّن طبيب جديد ابتداء من يوم الاثنين.\nنعتذر لكم عن هذا التأخير.",
    "fr": "Un nouveau médecin prend son service lundi.\nVeuillez excuser ce retard.",
}
PDF: FilePayload = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
PHOTO: FilePayload = {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0"}

#: Every public page by its name, in each language. Those of one case come with the test.
PAGES = {
    "home": "",
    "submit": "submit",
    "follow": "follow",
    "questions": "questions",
    "question": "questions/the-number",
    "statistics": "statistics",
    "verify": "verify",
    "verify-wrong": "verify?code=made-up",
    "404": "nowhere",
}


def send(page: Page) -> None:
    """Send a form that a script answers on its page."""
    page.locator(SEND).first.click()


def pages_of_a_case(citizen: Citizen, language: str) -> dict[str, str]:
    """The paths that only who filed a case knows."""
    receipt = citizen.file(f"/{language}/submit", payload("french"))
    verify = re.search(r'href="(/\w+/verify\?code=[^"]+)"', receipt.text)
    assert verify
    return {
        "receipt": urlsplit(receipt.request.url).path,
        "case": private_link(receipt),
        "verified": verify[1],
    }


def some_statistics(house: House) -> None:
    now = clock.now()
    channels = ("sms", "sms", "sms", "webform", "voice", "voice", "telegram")
    administrations = ("health", "interior", "health", "narsa", "water-electricity", None)
    put(
        house.store,
        [
            filed(
                now - timedelta(days=n % 300),
                days=n % 37 if n % 4 else None,
                channel=channels[n % 7],
                administration=administrations[n % 6],
                language=("ar", "fr", "ary-Arab")[n % 3],
                rating=n % 5 + 1 if n % 3 else None,
                reopened=n % 9 == 0,
            )
            for n in range(600)
        ],
    )


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_every_page_is_accessible_and_fits(
    app: Flask, site: str, house: House, chromium: Browser, language: str
) -> None:
    some_statistics(house)
    paths = {name: f"/{language}/{path}" for name, path in PAGES.items()}
    paths |= pages_of_a_case(Citizen(app), language)
    with tab(chromium, WIDTHS[0]) as page:
        for name, path in paths.items():
            page.goto(site + path)
            unfold(page)
            look(page, name)
            assert_accessible(page, name)
            look_wide(page, name)


@pytest.mark.parametrize("path", ["", "submit", "statistics"])
def test_in_the_dark_too(site: str, house: House, chromium: Browser, path: str) -> None:
    some_statistics(house)
    with tab(chromium, scheme="dark") as page:
        page.goto(f"{site}/fr/{path}")
        look(page, f"dark-{path or 'home'}")
        assert_accessible(page, path)


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_citizen_without_javascript_writes_follows_and_reads_the_answer(
    page: Page, site: str, house: House, language: str
) -> None:
    page.goto(f"{site}/{language}/")
    turn(page, ".hero .button")

    page.fill("#phone", "12")
    turn(page)
    look(page, "submit-errors")
    expect(page.get_by_role("alert")).to_be_focused()
    assert page.input_value("#phone") == "12"

    page.fill("#message", COMPLAINTS[language])
    page.fill("#phone", "0612345678")
    page.select_option("#administration", "health")
    turn(page)
    look(page, "check")
    page.set_input_files("#files", PDF)
    turn(page)
    look(page, "receipt")
    shown = page.inner_text(".stub .number")
    number = re.sub(r"\D", "", shown)
    assert house.cases.view(number) is not None

    page.goto(f"{site}/{language}/follow")
    page.fill("#number", shown)
    page.fill("#address", "0600000000")
    turn(page)
    look(page, "follow-wrong")
    page.fill("#address", "06 12 34 56 78")
    turn(page)
    house.cases.change(number, status="answered", message=ANSWERS[language], actor="test")
    page.reload()
    look(page, "case-answered")
    assert ANSWERS[language].split("\n")[0] in page.inner_text("main")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_with_javascript_files_and_words_survive_the_reading_over(
    make_app: MakeApp, chromium: Browser, language: str
) -> None:
    """And the browser works for its form while its owner reads."""
    app = make_app(SUBMIT_EFFORT="50")
    with serving(app) as site, tab(chromium, 320) as page:
        page.goto(f"{site}/{language}/submit")
        page.fill("#message", COMPLAINTS[language])
        page.set_input_files("#files", PDF)
        page.set_input_files("#files", PHOTO)
        expect(page.locator(".chosen li")).to_have_count(2)
        expect(page.locator("#suggested button").first).to_be_visible()
        page.locator("#suggested button").first.click()
        assert page.input_value("#administration") == "health"
        look(page, "submit-filled")
        # Who clicks twice is shown it once, and goes back to the form.
        page.locator(SEND).first.dblclick()
        expect(page.locator("#send h2")).to_be_visible()
        expect(page.locator("main h1")).to_be_focused()
        expect(page.locator(".chosen li")).to_have_count(2)
        look(page, "check-files")
        assert_accessible(page, "check")
        page.locator("[name=step]").click()
        expect(page.locator("#message")).to_have_value(COMPLAINTS[language])
        expect(page.locator(".chosen li")).to_have_count(2)
        page.locator(".chosen button").first.click()
        expect(page.locator(".chosen li")).to_have_count(1)
        send(page)
        expect(page.locator("#send .chosen li")).to_have_count(1)
        send(page)
        expect(page.locator(".stub .number")).to_be_visible()
        # The script that forgets the draft runs once the page stands.
        eventually(lambda: page.evaluate("localStorage.length") == 0, "the end of the draft")


def test_a_draft_is_there_again_and_can_be_cleared(site: str, chromium: Browser) -> None:
    with tab(chromium) as page:
        page.goto(f"{site}/fr/submit")
        page.fill("#message", COMPLAINTS["fr"])
        page.fill("#phone", "0612345678")
        page.locator("[name=kind][value=question]").check()
        kept = "localStorage.getItem('guichet.draft') ?? ''"
        eventually(lambda: "question" in page.evaluate(kept), "the draft")
        assert "0612345678" not in page.evaluate(kept)
        page.goto(f"{site}/ar/submit")
        expect(page.locator("#message")).to_have_value(COMPLAINTS["fr"])
        look(page, "submit-draft")
        page.locator("#kept button").click()
        expect(page.locator("#message")).to_have_value("")
        expect(page.locator("#message")).to_be_focused()
        assert page.evaluate("localStorage.length") == 0


def test_the_position_of_the_device_goes_along_and_can_be_taken_out(
    site: str, chromium: Browser
) -> None:
    with tab(chromium, 320) as page:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation({"latitude": 34.0209, "longitude": -6.8416})
        page.goto(f"{site}/fr/submit")
        page.locator("[data-act=locate]").click()
        expect(page.locator("[name=latitude]")).to_have_value("34.020900")
        look(page, "submit-position")
        page.locator("[data-act=forget]").click()
        expect(page.locator("[name=latitude]")).to_have_value("")


def test_a_map_moves_its_pin_by_click_and_by_key(make_app: MakeApp, chromium: Browser) -> None:
    app = make_app(MAP_TILES="https://tiles.example/{z}/{x}/{y}.png")
    with serving(app) as site, tab(chromium, 320, allowed="https://tiles.example/") as page:
        page.route("https://tiles.example/**", lambda route: route.fulfill(body=b""))
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation({"latitude": 34.0209, "longitude": -6.8416})
        page.goto(f"{site}/fr/submit")
        page.locator("[data-act=locate]").click()
        expect(page.locator(".map img").first).to_be_attached()
        before = float(page.input_value("[name=longitude]"))
        page.locator(".map").press("ArrowRight")
        assert float(page.input_value("[name=longitude]")) > before
        page.locator(".map").click(position={"x": 10, "y": 10})
        assert float(page.input_value("[name=longitude]")) < before
        assert float(page.input_value("[name=latitude]")) > 34.0209
        assert_accessible(page, "map")
        # Pieces of the map that are still asked for need no answer any more.
        page.unroute_all(behavior="wait")


@pytest.mark.parametrize("path", ["submit", "follow", "statistics", "questions"])
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    site: str, chromium: Browser, path: str
) -> None:
    with tab(chromium) as page:
        page.goto(f"{site}/fr/{path}")
        stops = list(walk(page))
        assert stops[0] == "a Aller au contenu"
        wanted = {
            "submit": "textarea#message input[kind] input#files select#city select#administration "
            "input#phone input#email input[on_behalf]",
            "follow": "input#number input#address",
            "statistics": "",
            "questions": "input#q",
        }[path].split()
        assert [stop for stop in stops if stop in wanted] == wanted


def test_the_keyboard_alone_files_and_follows_a_case(site: str, chromium: Browser) -> None:
    with tab(chromium) as page:
        page.goto(f"{site}/fr/submit")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "message"
        page.keyboard.type(COMPLAINTS["fr"])
        _press_until(page, "#phone")
        page.keyboard.type("0612345678")
        page.keyboard.press("Enter")
        expect(page.locator("#send")).to_be_visible()
        _press_until(page, "#send [type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator(".stub .number")).to_be_visible()
        number = re.sub(r"\D", "", page.inner_text(".stub .number"))
        page.goto(f"{site}/fr/follow")
        _press_until(page, "#number")
        page.keyboard.type(number)
        page.keyboard.press("Tab")
        page.keyboard.type("0612345678")
        page.keyboard.press("Enter")
        page.wait_for_url("**/fr/case/*")


def _press_until(page: Page, selector: str) -> None:
    for _ in range(60):
        if page.evaluate("(at) => document.activeElement.matches(at)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never reaches {selector}")


def test_errors_are_announced_and_lead_to_their_fields(site: str, chromium: Browser) -> None:
    with tab(chromium) as page:
        page.goto(f"{site}/ar/submit")
        page.fill("#email", "amina")
        send(page)
        alert = page.locator("[role=alert]")
        expect(alert).to_be_focused()
        assert page.title().startswith("خطأ")
        assert_accessible(page, "submit-errors")
        page.get_by_role("alert").get_by_role("link").last.click()
        expect(page.locator("#email")).to_be_focused()
        for field in ("message", "email"):
            assert page.locator(f"#{field}").get_attribute("aria-invalid") == "true"
            described = page.locator(f"#{field}").get_attribute("aria-describedby") or ""
            assert f"{field}-error" in described.split()


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_a_wrong_address_still_leads_home(page: Page, site: str, language: str) -> None:
    page.goto(f"{site}/{language}/nowhere")
    turn(page, "main .button")
    assert page.url == f"{site}/{language}/"


def test_arabic_runs_from_the_right_and_numbers_do_not(page: Page, site: str) -> None:
    page.goto(f"{site}/ar/submit")
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate("getComputedStyle(document.querySelector('#phone')).direction") == "ltr"


def test_large_type_breaks_nothing(site: str, chromium: Browser) -> None:
    """Text twice as large (WCAG 1.4.4) on a screen half as wide is a phone of 320 pixels."""
    with tab(chromium, 640) as page:
        for path in ("", "submit", "statistics"):
            page.goto(f"{site}/ar/{path}")
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 640, path


def test_an_old_session_costs_no_words(page: Page, site: str) -> None:
    """With cookies gone the form comes back filled in, and sending it once more is enough."""
    page.goto(f"{site}/ar/submit")
    page.fill("#message", COMPLAINTS["ar"])
    page.context.clear_cookies()
    turn(page)
    look(page, "submit-expired")
    assert page.input_value("#message") == COMPLAINTS["ar"]
    turn(page)
    turn(page)
    assert "/ar/receipt/" in page.url
    look(page, "receipt-unreachable")
