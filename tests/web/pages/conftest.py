"""A citizen in front of the application, with a browser or by plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.web.browser import WIDTHS, tab
from tests.web.pages.citizen import Citizen


@pytest.fixture
def citizen(app: Flask) -> Citizen:
    return Citizen(app)


@pytest.fixture(params=WIDTHS, ids=[f"{width} px" for width in WIDTHS])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A tab without JavaScript."""
    with tab(chromium, request.param, script=False) as page:
        yield page
