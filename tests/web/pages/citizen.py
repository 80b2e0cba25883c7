"""A citizen at a browser without JavaScript: Flask's client that keeps cookies and fills forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl

from flask import Flask
from inscriptis import get_text
from werkzeug.test import TestResponse

PAYLOADS = Path(__file__).parents[2] / "payloads" / "webform"
_NUMBER = re.compile(r"\b(\d{4}) (\d{4}) (\d{4})\b")


def payload(name: str) -> dict[str, str]:
    """A form as a browser sent it, but for what the page itself put in."""
    form = (PAYLOADS / f"{name}.form").read_text(encoding="utf-8").strip()
    fields = dict(parse_qsl(form, keep_blank_values=True))
    return {key: value for key, value in fields.items() if key not in ("submission", "language")}


def words(page: TestResponse) -> str:
    """What a page says to someone who reads it."""
    return str(get_text(page.text))


def number_on(page: TestResponse) -> str:
    """The case number that a page shows."""
    found = _NUMBER.search(words(page))
    assert found, "the page shows no number"
    return "".join(found.groups())


class Citizen:
    """One browser."""

    def __init__(self, app: Flask, address: str = "203.0.113.7") -> None:
        self._client = app.test_client()
        self._from = {"REMOTE_ADDR": address}

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Open an address, and go where it sends one."""
        return self._client.get(
            url, headers=headers, environ_overrides=self._from, follow_redirects=True
        )

    def post(self, url: str, fields: Mapping[str, object]) -> TestResponse:
        """Send a form without what its page would have put in."""
        return self._client.post(url, data=dict(fields), environ_overrides=self._from)

    def open(self, url: str) -> dict[str, str]:
        """The hidden fields of the form at an address."""
        hidden = _Hidden()
        hidden.feed(self.get(url).text)
        return hidden.fields

    def send(
        self,
        url: str,
        fields: Mapping[str, str],
        *files: tuple[str, bytes, str],
        opened: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Fill in the form at an address (or one opened earlier) and send it."""
        opened = self.open(url) if opened is None else opened
        attached = [(BytesIO(content), name, kind) for name, content, kind in files]
        return self.post(url, {**fields, **opened, **({"files": attached} if attached else {})})

    def file(self, url: str, fields: Mapping[str, str]) -> TestResponse:
        """Send a form and look at its receipt."""
        sent = self.send(url, fields)
        assert sent.status_code == 303, words(sent)
        return self.get(sent.location)


def private_link(receipt: TestResponse) -> str:
    """The private link to its case that a receipt holds."""
    found = re.search(r'href="[^"]*?(/\w+/case/[^"]+)"', receipt.text)
    assert found, "the receipt has no private link"
    return unescape(found[1])


class _Hidden(HTMLParser):
    """Collects the hidden fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input" and named.get("type") == "hidden":
            self.fields[named["name"] or ""] = named["value"] or ""
