"""The desk's lists and rooms in a real browser: readable, reachable, and quick by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from gateway import clock
from gateway.house import House
from gateway.models import Message, Template
from tests.gateway.messages_in import ARABIC, FRENCH, sms, take
from tests.many_cases import fill
from tests.web.browser import WIDTHS, assert_accessible, look, look_wide, serving, tab, walk
from tests.web.desk.worker import PASSWORD, hire

ROOMS = {
    "queue": "/desk/queues/all",
    "queue-late": "/desk/queues/late",
    "queue-empty": "/desk/queues/all?city=fes&kind=remark&q=introuvable",
    "aside": "/desk/aside",
    "audit": "/desk/audit",
    "users": "/desk/users",
    "user": "/desk/users/1",
    "templates": "/desk/templates",
    "template": "/desk/templates/1",
    "articles": "/desk/articles",
    "article": "/desk/articles/1",
    "account": "/desk/account",
    "nothing": "/desk/nothing",
}


@pytest.fixture
def site(app: Flask, house: House) -> Iterator[str]:
    """An application with years of work in it, some of it late."""
    who = hire(house, "agent", "health", name="أمل")
    fill(house.store, [who], 300, clock.now())
    take(house, sms("???"))
    with house.store.write() as session:
        session.execute(update(Message).values(state="shunted", error="ValueError", tries=5))
        session.add(Template(administration=None, language="ar", title="شكر", text="شكرا لكم."))
    with serving(app) as address:
        yield address


def log_in(page: Page, site: str, house: House, language: str) -> None:
    who = hire(house, "admin")
    house.staff.set_language(who.id, language)
    page.goto(f"{site}/desk/")
    page.fill("#email", who.email)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/queues/*")


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_room_is_readable_and_accessible(
    chromium: Browser, site: str, house: House, language: str
) -> None:
    with tab(chromium, WIDTHS[0]) as page:
        page.goto(f"{site}/desk/login?lang={language}")
        look(page, "desk-login")
        assert_accessible(page, "desk-login")
        look_wide(page, "desk-login")
        log_in(page, site, house, language)
        assert page.get_attribute("html", "lang") == language
        for name, path in ROOMS.items():
            page.goto(f"{site}{path}")
            look(page, f"desk-{name}")
            assert_accessible(page, f"desk-{name}")
            look_wide(page, f"desk-{name}")
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        look(page, "desk-help")
        assert_accessible(page, "desk-help")
        look_wide(page, "desk-help")


def test_the_dark_look_is_accessible_too(chromium: Browser, site: str, house: House) -> None:
    with tab(chromium, scheme="dark") as page:
        log_in(page, site, house, "fr")
        for path in ("/desk/queues/all", "/desk/audit", "/desk/users"):
            page.goto(f"{site}{path}")
            assert_accessible(page, path)


def test_one_goes_through_a_list_by_keys(chromium: Browser, site: str, house: House) -> None:
    with tab(chromium) as page:
        log_in(page, site, house, "fr")
        page.keyboard.press("g")
        page.keyboard.press("a")
        page.wait_for_url("**/queues/all")
        links = page.locator("[data-list] a")
        assert links.count() > 2
        for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
            page.keyboard.press(key)
            assert links.nth(at).evaluate("one => one === document.activeElement"), (key, at)
        page.keyboard.press("n")
        page.wait_for_url("**after=*")
        page.keyboard.press("/")
        page.keyboard.type("coupure jk?")
        assert page.input_value("#q") == "coupure jk?", "a letter that is typed is no command"
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        target = links.first.get_attribute("href")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{target}")


def test_all_of_it_works_by_the_tab_key_and_without_javascript(
    chromium: Browser, site: str, house: House
) -> None:
    with tab(chromium, script=False) as page:
        log_in(page, site, house, "fr")
        page.goto(f"{site}/desk/queues/all")
        stops = list(walk(page))
        assert stops[0].startswith("a Aller au contenu")
        assert "input#q" in stops
        assert len(stops) > 60
        page.click("summary")
        page.select_option("select[name=status]", "closed")
        page.click(".filters button")
        page.wait_for_url("**status=closed*")
        page.fill("#q", ARABIC.split()[0])
        page.keyboard.press("Enter")
        page.wait_for_url("**/queues/all?q=*")


def test_what_is_being_written_outlives_a_reload(
    chromium: Browser, site: str, house: House
) -> None:
    with tab(chromium) as page:
        log_in(page, site, house, "fr")
        page.goto(f"{site}/desk/templates/new")
        page.fill("#text", FRENCH)
        page.reload()
        assert page.input_value("#text") == FRENCH
        page.fill("#title", "Ordures")
        page.click("main button[type=submit]")
        page.wait_for_url("**/templates")
        page.goto(f"{site}/desk/templates/new")
        assert page.input_value("#text") == ""
