"""The simulator's page in a real browser: what is sent on a device is answered on that device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.road.running import eventually
from tests.servers.service import PATIENCE
from tests.web.visitor import Visitor, running

#: For people to look at.
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"

NUMBER = re.compile(r"\d{4} \d{4} \d{4}")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the simulator of a gateway that really runs."""
    with running(tmp_path_factory.mktemp("gateway")) as url:
        yield url


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, simulator: str) -> Iterator[Page]:
    """The page, as wide as the test says; it fails the test when its script or its policy does,
    or when it asks anybody else for anything."""
    wide = getattr(request, "param", 1440)
    context = chromium.new_context(
        viewport=ViewportSize(width=wide, height=900), reduced_motion="reduce"
    )
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    tab.on(
        "request",
        lambda asked: (
            None if asked.url.startswith("http://127.0.0.1:") else wrong.append(asked.url)
        ),
    )
    tab.set_default_timeout(PATIENCE * 1000)
    tab.goto(f"{simulator}/")
    yield tab
    context.close()
    assert wrong == []


def test_a_text_is_answered_and_its_case_lies_on_the_desk(page: Page) -> None:
    page.get_by_label("Text message").fill(
        "L'éclairage de l'avenue Hassan II à Rabat est en panne."
    )
    page.get_by_label("Send the text").click()
    answer = page.locator("#sms-thread .bubble:not(.mine)").last
    number = answer.locator(".number").inner_text()
    expect(answer).to_contain_text("delivered")
    case = page.locator("#cases li", has_text=number)
    case.get_by_label("Message to the citizen").fill("C'est réparé depuis ce matin.")
    case.get_by_role("button", name="Tell the citizen").click()
    expect(page.locator("#sms-thread .bubble:not(.mine)").last).to_contain_text("C'est réparé")
    expect(case.locator(".pill")).to_have_text("answered")


def test_what_one_types_at_the_desk_goes_on_when_another_case_comes(
    page: Page, simulator: str
) -> None:
    others = Visitor(simulator)
    others.do("sms", "lucia", text="El puente de Ifrane se ha derrumbado esta noche.")
    reply = page.locator("#cases li", has_text="Ifrane").get_by_label("Message to the citizen")
    reply.focus()
    others.do("sms", "idir", text="La route d'Azrou est coupée par la neige depuis hier.")
    expect(page.locator("#cases li").first).to_contain_text("Azrou")
    expect(reply).to_be_focused()


def test_the_page_looks_for_news_once_at_a_time_and_shows_it_once(page: Page) -> None:
    # As on a busy machine, where an answer takes longer than the page waits after an act.
    page.evaluate("""() => {
        const { fetch } = window;
        window.looking = window.most = 0;
        window.fetch = async (asked, ...more) => {
            if (!asked.startsWith("state")) return fetch(asked, ...more);
            window.most = Math.max(window.most, ++window.looking);
            await new Promise((go) => setTimeout(go, 2000));
            window.looking--;
            return fetch(asked);
        };
    }""")
    page.get_by_label("Text message").fill("La fontaine de la place est à sec.")
    eventually(lambda: page.evaluate("window.looking"), "a look")
    page.get_by_label("Send the text").click()
    asked = page.locator("#sms-thread .mine", has_text="La fontaine")
    expect(asked.locator("xpath=following-sibling::*[1]")).to_contain_text(NUMBER)
    expect(asked).to_have_count(1)
    assert page.evaluate("window.most") == 1


def test_a_ready_message_goes_by_one_click_and_another_person_does_not_see_it(page: Page) -> None:
    page.get_by_label("Send by Telegram: ⵜⴰⵎⴰⵣⵉⵖⵜ").click()
    expect(page.locator("#telegram-thread")).to_contain_text(NUMBER)
    page.get_by_text("Idir Ouazzani").click()
    expect(page.locator("#telegram-thread .bubble")).to_have_count(0)
    page.get_by_text("أمينة برادة").first.click()
    expect(page.locator("#telegram-thread")).to_contain_text(NUMBER)


def test_a_call_is_led_by_keys_and_keeps_what_was_said(page: Page) -> None:
    page.get_by_label("Call", exact=True).click()
    captions = page.locator("#captions")
    for key, heard in (("2", "signaler un problème"), ("1", "le nom de votre ville")):
        page.locator(f"[data-key='{key}']").click()
        expect(captions).to_contain_text(heard)
    page.locator("#call-wait").click()
    page.locator("#rec").click()
    page.locator("[data-key='#']").click()
    expect(captions).to_contain_text("Pour le garder")
    page.locator("[data-key='1']").click()
    expect(captions).to_contain_text("quatre chiffres")
    page.locator("#call-wait").click()
    expect(captions).to_contain_text("Votre numéro est le")
    expect(page.locator("#call-state")).to_have_text("The call has ended")
    expect(page.get_by_role("button", name="listen")).to_be_visible()


def test_what_the_microphone_hears_is_what_the_call_records(page: Page) -> None:
    page.get_by_label("Call", exact=True).click()
    for key, heard in (("5", "To tell us of a problem"), ("1", "the name of your city")):
        page.locator(f"[data-key='{key}']").click()
        expect(page.locator("#captions")).to_contain_text(heard)
    page.locator("#call-wait").click()
    page.get_by_label("my microphone").check()
    page.locator("#rec").click()
    expect(page.locator("#rec-time")).to_have_text(re.compile("0:0[2-9]|0:[1-5]|[1-9]:"))
    page.locator("#rec").click()
    expect(page.locator("#captions")).to_contain_text("To keep it, press 1")
    kept = page.evaluate("""async () => {
        const { entries } = await (await fetch("state?since=0")).json();
        const { file } = entries.findLast((entry) => entry.data.what === "recorded").data;
        const answer = await fetch(`file/${file}`);
        return [answer.headers.get("content-type"), (await answer.arrayBuffer()).byteLength];
    }""")
    # One second of a telephone's sound is 16,000 bytes; a busy machine leaves out some.
    assert kept[0] == "audio/x-wav"
    assert kept[1] > 8_000


def test_a_mail_with_a_photo_is_answered_and_shows_its_headers(page: Page) -> None:
    page.get_by_role("button", name="Write").click()
    page.get_by_label("Subject").fill("Lampadaire")
    page.get_by_label("Text", exact=True).fill("Le lampadaire de ma rue à Rabat est cassé.")
    page.get_by_label("add the photo").check()
    page.locator("#mail-form .go").click()
    page.locator("#mails .unread").first.click()
    expect(page.locator("#mail-text")).to_contain_text(NUMBER)
    page.locator("#mailbox summary").click()
    expect(page.locator("#mail-headers")).to_contain_text("auto-replied")


def test_the_form_in_its_frame_answers_on_the_phone(page: Page) -> None:
    form = page.frame_locator("#form")
    page.locator("[data-tongue=fr]").click()
    # What is written before the French form has come is written into the Arabic one, and what is
    # sent before its script runs is sent without the work that lets it in at once.
    expect(form.locator("html")).to_have_attribute("lang", "fr")
    expect(form.locator("#position")).to_be_visible()
    form.locator("textarea").first.fill("La route de Fès est coupée depuis lundi.")
    form.locator("input[type=tel]").first.fill("06 12 34 56 78")
    form.locator("#form [type=submit]").click()
    form.locator("#send [type=submit]").first.click()
    expect(form.locator("body")).to_contain_text(NUMBER)
    shown = NUMBER.search(form.locator("body").inner_text())
    assert shown
    expect(page.locator("#sms-thread")).to_contain_text(shown[0])


def test_the_wire_shows_the_signature(page: Page) -> None:
    page.get_by_label("Send by SMS: English").click()
    expect(page.locator("#wire-last")).to_contain_text("/hooks/sms")
    page.locator("#wire summary").click()
    page.locator("#wire-list button", has_text="A text arrives").first.click()
    expect(page.locator("#wire-shown mark").first).to_have_text("X-Twilio-Signature:")


@pytest.mark.parametrize("page", [390, 1024, 1440], indirect=True)
def test_nothing_overflows_and_every_device_can_be_reached(page: Page) -> None:
    page.get_by_label("Send by SMS: English").click()
    expect(page.locator("#sms-thread .mine").first).to_be_visible()
    wide = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    for device in ("sms", "voice", "telegram", "email", "webform"):
        if wide < 752:
            page.locator(f"[data-tab={device}]").click()
        expect(page.locator(f"#{device} .shell")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"simulator-{wide}.png")
