"""What every page of ours is held to in a real browser, the citizens' and the staff's alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import make_server

from tests.servers.service import PATIENCE

#: For people to look at, and kept by CI.
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
#: The smallest phone and an ordinary screen, in CSS pixels.
WIDTHS = (320, 1280)
#: WCAG 2.2 AA, and what axe's makers think wise beside it.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: WCAG 2.2, 2.5.8: what is no link within a sentence is at least so many pixels high.
_TAP = 24
#: What sends the form of a page for citizens.
SEND = "main form [type=submit]"
# Ticks and dots stand in a label that is larger.
_CONTROLS = (
    "a.button, button, nav a, select, textarea, summary, "
    "input:not([type=hidden], [type=radio], [type=checkbox])"
)
#: Those of them that are seen and lower than that. All at once: asked about one by one, they would
#: cost more than all the rest of a test.
_TOO_LOW = """([controls, least]) => [...document.querySelectorAll(controls)].filter((one) => {
  const { width, height } = one.getBoundingClientRect();
  return width && height && height < least && one.checkVisibility({ visibilityProperty: true });
}).map((one) => `${one.outerHTML} is ${one.getBoundingClientRect().height} pixels high`)"""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address at which the application really listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tab(
    browser: Browser,
    width: int = 1280,
    *,
    script: bool = True,
    scheme: Literal["light", "dark"] = "light",
    cookies: Any = None,
    allowed: str = "http://127.0.0.1:",
) -> Iterator[Page]:
    """A tab that fails the test when a script or our policy does, or when it asks for anything
    that is not ours nor ``allowed``. ``cookies`` as Playwright takes them, for who is logged in."""
    wrong: list[str] = []
    context = browser.new_context(
        java_script_enabled=script,
        viewport=ViewportSize(width=width, height=800),
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    if cookies:
        context.add_cookies(cookies)
    context.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("http://127.0.0.1:", "data:", "blob:", allowed))
            else wrong.append(asked.url)
        ),
    )
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if _is_fault(said.text) else None)
    yield page
    context.close()
    assert wrong == []


def turn(page: Page, by: str = SEND) -> None:
    """Click what leads to another page, and return when that one stands: nothing is looked at or
    written on the page that goes. Not for what a script answers without leaving the page."""
    with page.expect_navigation():
        page.locator(by).first.click()


def look(page: Page, name: str) -> None:
    """Take a picture, and see that nothing is wider than the window or too small to tap."""
    page.wait_for_load_state()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size is not None
    language = page.get_attribute("html", "lang")
    page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{size['width']}.png", full_page=True)
    # Playwright's own evaluate works with the page's JavaScript off.
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"], f"{name}: {wide} pixels wide"
    too_low = page.evaluate(_TOO_LOW, [_CONTROLS, _TAP])
    assert too_low == [], name


def look_wide(page: Page, name: str) -> None:
    """The same of the page that stands there, on the other screen: turning a telephone round loads
    nothing anew either."""
    page.set_viewport_size({"width": WIDTHS[1], "height": 800})
    look(page, name)
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})


def unfold(page: Page) -> None:
    """Open whatever a page folds away, so that it is looked at too."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")


def assert_accessible(page: Page, name: str) -> None:
    """Axe finds nothing; it needs a tab with JavaScript. It cannot judge the contrast of Arabic:
    the colours themselves are checked for that (``tests/web/pages/test_design.py``)."""
    asked = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=asked)
    told = [
        f"{one['id']}: {one['help']}\n    " + "\n    ".join(node["html"] for node in one["nodes"])
        for one in found.response["violations"]
    ]
    assert not told, f"{name} ({page.url}):\n" + "\n".join(told)


def walk(page: Page, most: int = 200) -> Iterator[str]:
    """Go through a page by the Tab key: each stop as ``tag#id`` or its words. Each shows that it
    has the focus, by an outline that is there only then."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(most):
        page.keyboard.press("Tab")
        stop, outline = page.evaluate(_STOP)
        if stop is None:
            return
        assert outline >= 2, f"{stop} does not show the focus"
        yield stop
    raise AssertionError("the Tab key never leaves the page")


#: What has the focus and how wide its outline is; a part of an element (the button of a choice of
#: files) counts as the element.
_STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return [null, 0];
  const style = getComputedStyle(at);
  const shown = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  const name = at.id ? `#${at.id}` : at.name ? `[${at.name}]` : at.innerText.trim();
  return [`${at.localName}${at.id || at.name ? "" : " "}${name}`, shown];
}"""


def _is_fault(said: str) -> bool:
    """Whether a line of the console tells of a broken policy or script; an answer of 4xx that a
    test asked for is none."""
    return "Content Security Policy" in said or "Uncaught" in said
