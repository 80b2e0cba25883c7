"""Every address is on the list of those open to all, or lets nobody in without proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from gateway.app import create_app
from gateway.settings import load
from gateway.web.current import KEY
from tests.conftest import CHANNELS

#: Open to everyone, each with the reason why that is right.
PUBLIC = {
    "static": "style sheets and the mark",
    "pages.landing": "the way to the pages",
    "pages.home": "what this is",
    "pages.form": "the form",
    "pages.submit": "the form",
    "pages.send": "the form sent; CSRF and a rate limit",
    "pages.receipt": "a signed, expiring link",
    "pages.follow": "the question for number and address",
    "pages.look": "number and address are the proof; rate limited",
    "pages.case": "a signed, expiring link",
    "hooks.receive": "the adapter proves the provider's signature",
    "prompts.recording": "sentences that every caller hears",
    "health.alive": "nothing but that we live",
    "health.ready": "nothing but what works",
    "health.metrics": "counts only, for the monitoring system",
}
#: Behind a bearer token.
TOKEN = ("api.",)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application without simulator, as in production."""
    return create_app(
        load(
            {
                "DATABASE_URL": f"sqlite:///{tmp_path}/g.db",
                "SECRET_KEY": "for the tests only",
                **CHANNELS,
            }
        )
    )


def test_every_route_is_public_on_purpose_or_wants_a_token(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(TOKEN):
            address = rule.rule.replace("<number>", "264831592783")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert app.test_client().open(address, method=method).status_code == 401
        else:
            assert rule.endpoint in PUBLIC, f"{rule.endpoint} is new: who may use it, and why?"
    app.extensions[KEY].close()


def test_without_the_simulator_its_address_does_not_exist(app: Flask) -> None:
    assert app.test_client().get("/simulator").status_code == 404


def test_every_answer_carries_the_headers_that_protect_its_reader(app: Flask) -> None:
    for path in ("/fr/", "/fr/submit", "/healthz", "/nowhere"):
        headers = app.test_client().get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_watchers_are_told_what_works_and_how_much_waits(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "ready")
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert "# TYPE guichet_sms_segments gauge" in metrics.text
