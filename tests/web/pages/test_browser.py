"""The pages in a real browser with JavaScript off: nothing overflows, everything is reachable."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import make_server

from gateway.house import House

#: For people to look at, and kept by CI.
SCREENSHOTS = Path(__file__).parents[3] / "var" / "screenshots"

COMPLAINTS = {
    "ar": "السلام عليكم، المستشفى الإقليمي بسلا بدون طبيب منذ أسبوعين، والمرضى ينتظرون كل صباح.",
    "fr": "L'hôpital de Salé n'a plus de médecin depuis deux semaines ; les patients attendent.",
}
ANSWERS = {
    "ar": "عُيِّن طبيب جديد ابتداء من يوم الاثنين.\nنعتذر لكم عن هذا التأخير.",
    "fr": "Un nouveau médecin prend son service lundi.\nVeuillez excuser ce retard.",
}


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address at which the application really listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[320, 1280], ids=["320 px", "1280 px"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A tab without JavaScript that fails the test when it asks for anything not ours."""
    strangers: list[str] = []
    context = chromium.new_context(
        java_script_enabled=False, viewport=ViewportSize(width=request.param, height=800)
    )
    context.on(
        "request",
        lambda asked: (
            None if asked.url.startswith("http://127.0.0.1:") else strangers.append(asked.url)
        ),
    )
    yield context.new_page()
    context.close()
    assert strangers == []


def look(page: Page, name: str) -> None:
    """Take a picture, and see that nothing is wider than the window or too small to tap."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size is not None
    language = page.get_attribute("html", "lang")
    page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{size['width']}.png", full_page=True)
    # Playwright's own evaluate works with the page's JavaScript off.
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    for target in page.locator(
        "a.button, button, .tongues a, input:not([type=hidden]), select"
    ).all():
        box = target.bounding_box()
        assert box is None or box["height"] >= 20, target


def send(page: Page) -> None:
    page.locator("main form [type=submit]").click()


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_citizen_writes_follows_and_reads_the_answer(
    page: Page, site: str, house: House, language: str
) -> None:
    page.goto(f"{site}/{language}/")
    look(page, "home")
    page.locator(".hero .button").first.click()
    look(page, "submit")

    page.fill("#phone", "12")
    send(page)
    look(page, "submit-errors")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    assert page.input_value("#phone") == "12"

    page.fill("#message", COMPLAINTS[language])
    page.fill("#phone", "0612345678")
    page.select_option("#administration", "health")
    page.set_input_files(
        "#files", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    send(page)
    look(page, "receipt")
    shown = page.inner_text(".stub .number")
    number = re.sub(r"\D", "", shown)
    assert house.cases.view(number) is not None

    page.goto(f"{site}/{language}/follow")
    look(page, "follow")
    page.fill("#number", shown)
    page.fill("#address", "0600000000")
    send(page)
    look(page, "follow-wrong")
    page.fill("#address", "06 12 34 56 78")
    send(page)
    house.cases.change(number, status="answered", message=ANSWERS[language], actor="test")
    page.reload()
    look(page, "case")
    assert page.locator("blockquote").inner_text() == ANSWERS[language]


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_a_wrong_address_still_leads_home(page: Page, site: str, language: str) -> None:
    page.goto(f"{site}/{language}/nowhere")
    look(page, "404")
    page.locator("main .button").first.click()
    assert page.url == f"{site}/{language}/"
    look(page, "home")


def test_arabic_runs_from_the_right_and_numbers_do_not(page: Page, site: str) -> None:
    page.goto(f"{site}/ar/submit")
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate("getComputedStyle(document.querySelector('#phone')).direction") == "ltr"


def test_the_keyboard_reaches_the_form_past_the_head(page: Page, site: str) -> None:
    page.goto(f"{site}/fr/submit")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "message"


def test_an_old_session_costs_no_words(page: Page, site: str) -> None:
    """With cookies gone the form comes back filled in, and sending it once more is enough."""
    page.goto(f"{site}/ar/submit")
    page.fill("#message", COMPLAINTS["ar"])
    page.context.clear_cookies()
    send(page)
    look(page, "submit-expired")
    assert page.input_value("#message") == COMPLAINTS["ar"]
    send(page)
    assert "/ar/receipt/" in page.url
    look(page, "receipt-unreachable")
