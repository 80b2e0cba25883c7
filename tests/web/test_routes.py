"""Every address is on the list of those open to all, or lets nobody in without proof."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from gateway.web import hooks
from gateway.web.current import KEY
from tests.conftest import CHANNELS
from tests.web.conftest import MakeApp

#: Open to everyone, each with the reason why that is right.
PUBLIC = {
    "static": "style sheets and the mark",
    "pages.landing": "the way to the pages",
    "pages.home": "what this is",
    "pages.form": "the form",
    "pages.submit": "the form",
    "pages.send": "the form sent; CSRF and a rate limit",
    "pages.check": "what was just typed is read back to who typed it; CSRF",
    "pages.suggest": "a hint about a text; stores nothing, rate limited",
    "pages.receipt": "a signed, expiring link",
    "pages.verify": "a receipt's code is the proof; shows nothing of anyone",
    "pages.check_receipt": "the same, typed; CSRF and a rate limit",
    "pages.statistics": "figures about no fewer than five people",
    "pages.statistics_csv": "the same figures",
    "pages.questions": "what staff published",
    "pages.question": "what staff published",
    "pages.robots": "for search engines",
    "pages.favicon": "the mark",
    "pages.security": "whom to tell of a hole",
    "pages.follow": "the question for number and address",
    "pages.look": "number and address are the proof; rate limited",
    "pages.case": "a signed, expiring link",
    "pages.case_again": "back to that page",
    "pages.add": "that link; CSRF and a rate limit",
    "pages.rate": "the same",
    "pages.reopen": "the same",
    "pages.reach": "the same; a code proves the new address",
    "pages.code": "that link, and a signed one of fifteen minutes",
    "pages.type_code": "the same; CSRF, five tries",
    "pages.arrive": "shows nothing, uses nothing",
    "pages.link": "a one-time link: a button, and nothing of the case",
    "pages.use": "the link is the proof, once; CSRF",
    "pages.upload": "the same; it adds and shows nothing",
    "pages.upload_again": "back to that page",
    "pages.uploaded": "a word of thanks",
    "files.serve": "a signed link of ten minutes, made for who may see the case",
    "desk.login": "the question for mailbox and password",
    "desk.enter": "mailbox and password are the proof; CSRF, rate limited",
    "desk.demo": "a login without password, where the simulator is on and nowhere else; CSRF",
    "desk.password": "an invitation's link, which expires",
    "desk.chosen": "the same, used once; CSRF, rate limited",
    "prompts.recording": "sentences that every caller hears",
    "health.alive": "nothing but that we live",
    "health.ready": "nothing but what works",
    "health.metrics": "counts only, for the monitoring system",
}
#: Which providers call us, each with a signature or a secret that its adapter asks for.
PUSHED = ("sms", "telegram", "voice")
#: Behind a session of the desk.
SESSION = ("desk.",)
#: Behind a bearer token.
TOKEN = ("api.",)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The application without simulator, as in production."""
    return make_app(**CHANNELS)


def test_every_route_is_public_on_purpose_or_wants_a_token(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(TOKEN):
            address = rule.rule.replace("<number>", "264831592783")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert app.test_client().open(address, method=method).status_code == 401
        elif rule.endpoint.startswith(SESSION) and rule.endpoint not in PUBLIC:
            address = re.sub(r"<[^>]*>", "1", rule.rule)
            client = app.test_client()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                answer = client.open(address, method=method)
                # A form without its proof is refused before anybody asks who sends it.
                assert answer.status_code == (303 if method == "GET" else 400), address
                assert method != "GET" or answer.location.startswith("/desk/login")
        else:
            assert rule.endpoint in PUBLIC, f"{rule.endpoint} is new: who may use it, and why?"


def test_below_hooks_no_channel_hears_whoever_proves_nothing(app: Flask) -> None:
    client, channels = app.test_client(), app.extensions[KEY].channels
    answers = {name: client.post(f"{hooks.PATH}/{name}").status_code for name in channels}
    assert answers == {name: 403 if name in PUSHED else 404 for name in channels}


def test_without_the_simulator_its_address_does_not_exist(app: Flask) -> None:
    assert app.test_client().get("/simulator").status_code == 404


def test_every_answer_carries_the_headers_that_protect_its_reader(app: Flask) -> None:
    for path in ("/fr/", "/fr/submit", "/healthz", "/nowhere"):
        headers = app.test_client().get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_over_tls_a_browser_is_told_to_stay_there(app: Flask) -> None:
    answer = app.test_client().get("/fr/", base_url="https://guichet.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_only_the_map_that_is_set_may_be_asked_for_pictures(make_app: MakeApp) -> None:
    tiles = "https://tiles.example/{z}/{x}/{y}.png"
    page = make_app(MAP_TILES=tiles).test_client().get("/fr/submit")
    policy = page.headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob: https://tiles.example;" in policy
    assert f'data-tiles="{tiles}"' in page.text


def test_who_finds_a_hole_is_told_whom_to_tell(app: Flask, make_app: MakeApp) -> None:
    assert app.test_client().get("/.well-known/security.txt").status_code == 404
    other = make_app(SECURITY_CONTACT="mailto:security@guichet.example")
    told = other.test_client().get("/.well-known/security.txt").text
    assert "Contact: mailto:security@guichet.example\n" in told
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", told, re.MULTILINE)


def test_watchers_are_told_what_works_and_how_much_waits(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "ready")
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert "# TYPE guichet_sms_segments gauge" in metrics.text
