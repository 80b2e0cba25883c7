"""Somebody of the staff at a browser without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from flask import Flask
from inscriptis import get_text
from werkzeug.test import TestResponse

from gateway import clock
from gateway.house import House
from gateway.roles import Role, StaffView
from gateway.web.desk.current import COOKIE

PASSWORD = "trois petits mots"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def words(page: TestResponse) -> str:
    """What a page says to someone who reads it."""
    return str(get_text(page.text))


def hire(
    house: House, role: Role, administration: str | None = None, *, name: str = ""
) -> StaffView:
    """An account with a password."""
    who = house.staff.add(
        f"{name or role}-{administration or 'all'}@example.ma",
        name or f"The {role}",
        role,
        administration,
        "en",
        clock.now(),
        by="test",
    )
    house.staff.set_password(who.id, PASSWORD, clock.now(), by="test")
    return who


class Worker:
    """One browser."""

    def __init__(self, app: Flask, address: str = "203.0.113.9") -> None:
        self.client = app.test_client()
        self._from = {"REMOTE_ADDR": address}
        self._csrf = ""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Open an address, and go where it sends one."""
        page = self.client.get(
            url, headers=headers, environ_overrides=self._from, follow_redirects=True
        )
        if found := _CSRF.search(page.text if page.mimetype == "text/html" else ""):
            self._csrf = unescape(found[1])
        return page

    def post(self, url: str, fields: Mapping[str, object], *, csrf: bool = True) -> TestResponse:
        """Send a form of the page that was opened last."""
        token = {"csrf_token": self._csrf} if csrf else {}
        return self.client.post(
            url, data={**token, **fields}, environ_overrides=self._from, follow_redirects=False
        )

    def log_in(
        self, who: StaffView | str, password: str = PASSWORD, going: str = ""
    ) -> TestResponse:
        """Fill in the login's form."""
        self.get("/desk/login")
        email = who if isinstance(who, str) else who.email
        sent = self.post("/desk/login", {"email": email, "password": password, "next": going})
        self.get("/desk/account")
        return sent

    @property
    def cookie(self) -> str | None:
        """The session's token, as the browser keeps it."""
        found = self.client.get_cookie(COOKIE, path="/desk")
        return found.value if found else None
