"""The door of the desk: who gets in, and how others try to."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from gateway import clock
from gateway.house import House
from gateway.models import Audit, UserSession
from tests.gateway.messages_in import rows
from tests.web.conftest import MakeApp
from tests.web.desk.conftest import Enter
from tests.web.desk.worker import PASSWORD, Worker, hire, words

SECOND = "quatre petits mots"


def test_every_page_of_the_desk_wants_a_session(app: Flask) -> None:
    """Whoever has none is sent to the login, and anything they sent is not done."""
    stranger = Worker(app)
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("desk.") or rule.endpoint in (
            "desk.login",
            "desk.enter",
            "desk.demo",
            "desk.password",
            "desk.chosen",
        ):
            continue
        address = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            stranger.get("/desk/login")
            answer = stranger.client.get(address) if method == "GET" else stranger.post(address, {})
            assert answer.status_code == 303, f"{method} {address}"
            assert answer.location.startswith("/desk/login"), f"{method} {address}"


def test_one_logs_in_works_and_logs_out(app: Flask, house: House) -> None:
    who = hire(house, "agent", "health")
    worker = Worker(app)
    assert worker.log_in(who).status_code == 303
    assert "The agent" in words(worker.get("/desk/account"))
    kept = worker.cookie
    assert kept is not None
    assert worker.post("/desk/logout", {}).location == "/desk/login"
    assert worker.cookie is None
    assert house.logins.user_of(kept, clock.now()) is None, "it ends on the server too"


def test_the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(
    make_app: MakeApp,
) -> None:
    app = make_app(PUBLIC_URL="https://guichet.example")
    who = hire(app.extensions["guichet"], "agent")
    client = app.test_client()
    base = "https://guichet.example"
    form = client.get("/desk/login", base_url=base).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    answer = client.post(
        "/desk/login",
        base_url=base,
        headers={"Referer": f"{base}/desk/login"},
        data={"csrf_token": token[1], "email": who.email, "password": PASSWORD},
    )
    cookies = [one for one in answer.headers.getlist("Set-Cookie") if "guichet_" in one]
    assert len(cookies) == 2
    for cookie in cookies:
        for flag in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/desk"):
            assert flag in cookie


@pytest.mark.parametrize(
    ("email", "password"),
    [
        pytest.param("agent-all@example.ma", "wrong", id="a wrong password"),
        pytest.param("nobody@example.ma", PASSWORD, id="no such account"),
        pytest.param("invited@example.ma", "", id="no password chosen yet"),
        pytest.param("gone@example.ma", PASSWORD, id="a disabled account"),
    ],
)
def test_whatever_is_wrong_is_told_alike(
    app: Flask, house: House, email: str, password: str
) -> None:
    hire(house, "agent")
    house.staff.add("invited@example.ma", "", "agent", None, "fr", clock.now(), by="test")
    gone = house.staff.add("gone@example.ma", "", "agent", None, "fr", clock.now(), by="test")
    house.staff.set_password(gone.id, PASSWORD, clock.now(), by="test")
    house.staff.disable(gone.id, clock.now(), by="test")
    worker = Worker(app)
    worker.get("/desk/login")
    answer = worker.post("/desk/login", {"email": email, "password": password, "lang": "en"})
    assert answer.status_code == 422
    assert "do not belong together" in words(answer)
    assert worker.cookie is None


def test_guessing_is_slowed_down_per_address_and_per_account(app: Flask, house: House) -> None:
    """An account that does not exist is slowed down like one that does."""
    who = hire(house, "agent")
    worker = Worker(app)
    worker.get("/desk/login")
    statuses = [
        worker.post("/desk/login", {"email": f"{n}@example.ma", "password": "x"}).status_code
        for n in range(11)
    ]
    assert statuses == [422] * 10 + [429]
    for email in (who.email, "nobody@example.ma"):
        for n in range(20):
            other = Worker(app, f"198.51.100.{n}")
            other.get("/desk/login")
            assert other.post("/desk/login", {"email": email, "password": "x"}).status_code == 422
        late = Worker(app, "198.51.100.99")
        late.get("/desk/login")
        assert (
            late.post("/desk/login", {"email": email, "password": PASSWORD}).status_code == 429
        ), email


def test_nobody_is_locked_out_by_what_others_guess(app: Flask, house: House) -> None:
    """Neither who has been here before, nor who is sent a link for a new password."""
    who, other = hire(house, "agent", "health"), hire(house, "agent")
    here, thief, there = (
        Worker(app, address) for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
    )
    here.log_in(who)
    here.post("/desk/logout", {})
    thief.get("/desk/login")
    for email in [who.email] * 6 + [other.email] * 6:
        tried = thief.post("/desk/login", {"email": email, "password": "x"})
    assert tried.status_code == 429
    assert here.log_in(who).status_code == 303
    assert here.log_in(other).status_code == 429, "known to one account is not known to another"
    link = f"/desk/password/{house.staff.invite(other.id, clock.now(), by='test')}"
    there.get(link)
    there.post(link, {"password": SECOND, "again": SECOND})
    assert there.log_in(other, SECOND).status_code == 303


def test_a_known_browser_guesses_slowly_too(app: Flask, house: House) -> None:
    who = hire(house, "agent")
    here = Worker(app)
    here.log_in(who)
    here.post("/desk/logout", {})
    here.get("/desk/login")
    sent = [here.post("/desk/login", {"email": who.email, "password": "x"}) for _ in range(11)]
    assert [one.status_code for one in sent] == [422] * 10 + [429]


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_a_form_that_another_site_sends_is_refused_though_it_knows_the_token(
    enter: Enter, house: House, origin: str
) -> None:
    worker = enter("agent")
    worker.get("/desk/account")
    worker.client.environ_base["HTTP_SEC_FETCH_SITE"] = origin
    assert worker.post("/desk/account", {"language": "ar"}).status_code == 400
    worker.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    assert worker.post("/desk/account", {"language": "ar"}).status_code == 303


def test_a_session_that_was_planted_is_never_the_one_that_logs_in(app: Flask, house: House) -> None:
    who = hire(house, "agent")
    worker = Worker(app)
    worker.client.set_cookie("guichet_desk", "planted", path="/desk")
    worker.log_in(who)
    assert worker.cookie not in (None, "planted")
    assert house.logins.user_of("planted", clock.now()) is None
    first = worker.cookie or ""
    worker.log_in(who)
    assert worker.cookie != first
    assert house.logins.user_of(first, clock.now()) is None, "logging in again ends the old one"


def test_a_form_of_another_site_changes_nothing(enter: Enter, house: House) -> None:
    worker = enter("admin")
    before = len(house.staff.users())
    answer = worker.post(
        "/desk/users",
        {"email": "mole@example.ma", "role": "admin", "language": "fr"},
        csrf=False,
    )
    assert answer.status_code == 400
    assert len(house.staff.users()) == before
    assert worker.post("/desk/logout", {}, csrf=False).status_code == 400
    assert (
        worker.post("/desk/login", {"email": "x", "password": "y"}, csrf=False).status_code == 400
    )


def test_the_proof_against_other_sites_changes_with_the_login(app: Flask, house: House) -> None:
    """A cookie planted before it proves nothing afterwards."""
    worker = Worker(app)
    worker.get("/desk/login")
    planted = worker._csrf
    worker.log_in(hire(house, "agent"))
    answer = worker.client.post("/desk/account", data={"csrf_token": planted, "language": "fr"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/desk/queues/late?city=fes", "/desk/queues/late?city=fes"),
        ("/desk", "/desk"),
        ("https://evil.example/desk/", "/desk/"),
        ("//evil.example/desk/", "/desk/"),
        ("/\\evil.example", "/desk/"),
        ("\\\\evil.example/desk", "/desk/"),
        ("javascript:alert(1)", "/desk/"),
        ("/desk/\r\nSet-Cookie: a=b", "/desk/"),
        ("/simulator", "/desk/"),
        ("/deskevil", "/desk/"),
        ("http:/desk/", "/desk/"),
    ],
)
def test_the_login_leads_on_to_the_desk_only(
    app: Flask, house: House, asked: str, goes: str
) -> None:
    worker = Worker(app)
    assert worker.log_in(hire(house, "agent"), going=asked).location == goes


def test_who_was_on_the_way_somewhere_gets_there(app: Flask) -> None:
    door = Worker(app).get("/desk/queues/late?city=fes")
    assert 'name="next" value="/desk/queues/late?city=fes"' in door.text


def test_the_simulators_accounts_open_from_the_login_and_only_with_it(
    app: Flask, make_app: MakeApp
) -> None:
    stranger = Worker(app)
    stranger.get("/desk/login")
    assert stranger.post("/desk/demo", {"role": "admin"}).status_code == 404
    demo = make_app(SIMULATOR="1", PUBLIC_URL="http://localhost:8000")
    try:
        visitor = Worker(demo)
        assert "Agent" in words(visitor.get("/desk/login?lang=en"))
        assert visitor.post("/desk/demo", {"role": "king"}).status_code == 404
        assert visitor.post("/desk/demo", {"role": "agent", "lang": "fr"}).status_code == 303
        assert visitor.get("/desk/").status_code == 200
    finally:
        demo.extensions["simulator"].stop()


def test_an_invitation_lets_one_choose_a_password(app: Flask, house: House) -> None:
    who = house.staff.add("amal@example.ma", "Amal", "agent", None, "en", clock.now(), by="test")
    link = f"/desk/password/{house.staff.invite(who.id, clock.now(), by='test')}"
    worker = Worker(app)
    worker.get(link)
    assert worker.post(link, {"password": PASSWORD, "again": "other"}).status_code == 422
    assert worker.post(link, {"password": "short", "again": "short"}).status_code == 422
    chosen = worker.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert (chosen.status_code, chosen.location) == (303, "/desk/login")
    assert worker.get(link).status_code == 410
    assert worker.log_in(who).status_code == 303


def test_a_new_password_wants_the_old_one_and_ends_the_other_sessions(
    app: Flask, house: House
) -> None:
    who = hire(house, "agent")
    here, there = Worker(app), Worker(app)
    here.log_in(who)
    there.log_in(who)
    wrong = {"old": "not it", "password": SECOND, "again": SECOND}
    assert here.post("/desk/account/password", wrong).status_code == 422
    long = {"old": PASSWORD, "password": "x" * 201, "again": "x" * 201}
    assert "too long" in words(here.post("/desk/account/password", long))
    assert here.post("/desk/account/password", {**wrong, "old": PASSWORD}).status_code == 303
    assert "Your account" in words(here.get("/desk/account"))
    assert there.get("/desk/account").request.path == "/desk/login"


def test_one_sees_and_ends_ones_own_sessions(app: Flask, house: House) -> None:
    who = hire(house, "agent")
    here, there = Worker(app), Worker(app)
    here.log_in(who)
    there.log_in(who)
    assert "Where you are logged in" in words(here.get("/desk/account"))
    here.post("/desk/account/sessions", {})
    assert there.get("/desk/account").request.path == "/desk/login"
    assert here.get("/desk/account").request.path == "/desk/account"
    assert len([one for one in rows(house, UserSession) if one.revoked_at]) == 1
    assert {"login"} <= {one.act for one in rows(house, Audit)}


def test_the_desk_speaks_the_language_of_who_works_there(enter: Enter) -> None:
    worker = enter("agent")
    for language, direction, said in (
        ("ar", "rtl", "حسابكم"),
        ("fr", "ltr", "Votre compte"),
        ("en", "ltr", "Your account"),
    ):
        worker.get("/desk/account")
        worker.post("/desk/account", {"language": language})
        page = worker.get("/desk/account")
        assert f'<html lang="{language}" dir="{direction}">' in page.text
        assert said in words(page)
