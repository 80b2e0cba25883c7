"""A whole application on a database of the test's own, and the browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright

from gateway.app import create_app
from gateway.house import House
from gateway.settings import load
from gateway.web.current import KEY
from tests.servers.service import PATIENCE
from tests.web.browser import serving

MakeApp = Callable[..., Flask]

#: Chromium as Debian ships it, as root, and without its own calls home.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that beeps, and nobody asked for leave.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture
def make_app(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeApp]:
    """Builds applications, all on the test's own database, each with the settings it is given."""
    built: list[Flask] = []
    path = tmp_path / "guichet.db"
    shutil.copy(sqlite_template, path)

    def make(**environ: str) -> Flask:
        settings = load(
            {
                "DATABASE_URL": f"sqlite:///{path}",
                "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
                "SECRET_KEY": "for the tests only",
                "PUBLIC_URL": "http://localhost",
                # Visitors without JavaScript cannot do the work that the form asks of browsers.
                "SUBMIT_EFFORT": "0",
                **environ,
            }
        )
        built.append(create_app(settings))
        return built[-1]

    yield make
    for app in built:
        app.extensions[KEY].close()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def house(app: Flask) -> House:
    house: House = app.extensions[KEY]
    return house


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address at which the application really listens."""
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser; without one these tests fail, because nothing else can prove a page.

    One per module and not per session: while it runs, nothing else in this thread may use asyncio.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "these tests need Chromium: make servers"
    with sync_playwright() as playwright:
        # What must come is waited for on a slow machine too.
        expect.set_options(timeout=PATIENCE * 1000)
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()
