"""What an attacker tries on the pages that show a case, and what comes of it: nothing."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update

from channels.base import Attachment
from gateway import clock
from gateway.codes import digest
from gateway.house import House
from gateway.models import AddressRow, Case, Event, Guesses, LinkRow, Message, OutboundRow
from gateway.web.current import KEY
from gateway.web.pages import links
from tests.conftest import CHANNELS
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, words
from tests.web.pages.filing import TYPED, app, file, number, visit
from tests.web.pages.test_one_time import made

__all__ = ["app", "number"]

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
STRANGER = "+212699999999"


def history(house: House) -> list[tuple[str, int]]:
    """Everything that an act could have changed."""
    with house.store.read() as session:
        counts = [
            (table.__tablename__, len(session.scalars(select(table)).all()))
            for table in (Message, Event, OutboundRow)
        ]
        used = session.scalars(select(LinkRow.used_at)).all()
    return [*counts, ("used", sum(at is not None for at in used))]


@pytest.fixture
def over(house: House, number: str) -> str:
    """A case with an answer, so that every form but one is on its page."""
    house.cases.change(number, status="answered", message="Oui.", actor="amal")
    return number


# Other people's cases


def test_a_token_for_one_case_opens_no_other(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    other = file(house, "Les ordures débordent à Casablanca.", STRANGER)
    mine, theirs = (visit(app, one).rpartition("/")[2] for one in (number, other))
    payload, _, _ = theirs.partition(".")
    _, _, signature = mine.partition(".")
    for forged in (f"{payload}.{signature}", number, payload, f"{theirs[:-2]}AA", "%00", "a" * 999):
        assert citizen.get(f"/fr/case/{forged}").status_code in (404, 410)


@pytest.mark.parametrize("kind", ["receipt", "proof"])
def test_a_token_for_another_thing_opens_no_case(
    app: Flask, citizen: Citizen, number: str, kind: str
) -> None:
    now = clock.now()
    with app.test_request_context():
        token = {
            "receipt": links.receipt_token(links.Sealed(1, number, True), now),
            "proof": links.proof_token(number, 1, now),
        }[kind]
    assert citizen.get(f"/fr/case/{token}").status_code == 410


@pytest.mark.parametrize("act", ["add", "rate", "reopen", "reach"])
def test_nothing_is_done_to_a_case_by_a_forged_or_old_token(
    app: Flask, house: House, citizen: Citizen, number: str, act: str
) -> None:
    before = history(house)
    opened = citizen.open("/fr/follow")
    fields = {"message": "a", "score": "1", "reason": "a", "reach": "a@example.ma", **opened}
    for page in ("/fr/case/forged", visit(app, number, lifetime=-links.VISIT)):
        assert citizen.post(f"{page}/{act}", fields).status_code == 410
    assert history(house) == before


def test_a_code_for_one_case_is_not_typed_for_another(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    other = file(house, "Les ordures débordent à Casablanca.", STRANGER)
    asked = citizen.send(f"{visit(app, number)}/reach", {"reach": "thief@example.ma"})
    code = asked.location.rpartition("/")[2]
    assert citizen.get(f"{visit(app, other)}/code/{code}").status_code == 410


# Scripts in what others wrote


def test_no_word_and_no_file_name_becomes_markup(
    app: Flask, house: House, citizen: Citizen
) -> None:
    photo = Attachment(SCRIPT, "image/png", b"\x89PNG\r\n\x1a\n")
    number = file(house, f"La route est cassée à Fès {SCRIPT}", "+212612345678", photo)
    page = visit(app, number)
    house.cases.change(number, status="awaiting_citizen", message=SCRIPT, actor=SCRIPT)
    citizen.send(f"{page}/add", {"message": SCRIPT}, (SCRIPT + ".png", b"\x89PNG", "image/png"))
    house.cases.change(number, status="answered", message=SCRIPT, actor=SCRIPT)
    citizen.send(f"{page}/rate", {"score": "5", "word": SCRIPT})
    citizen.send(f"{page}/reopen", {"reason": SCRIPT})
    typed = citizen.send(f"{page}/reach", {"reach": SCRIPT})
    asked = citizen.send("/fr/follow", {"number": SCRIPT, "address": SCRIPT})
    linked = citizen.get(f"/fr/follow?number={SCRIPT}")
    for shown in (citizen.get(page), typed, asked, linked):
        assert SCRIPT not in shown.text
        assert "<script>alert" not in shown.text
        assert "<img src=x" not in shown.text
        assert ">49" not in shown.text
    assert SCRIPT in words(citizen.get(page))


# Forms sent from elsewhere


@pytest.mark.parametrize("act", ["add", "rate", "reopen", "reach"])
def test_a_form_from_another_site_does_nothing(
    app: Flask, house: House, citizen: Citizen, over: str, act: str
) -> None:
    before = history(house)
    fields = {"message": "a", "score": "1", "reason": "a", "reach": "a@example.ma"}
    assert citizen.post(f"{visit(app, over)}/{act}", fields).status_code == 400
    assert history(house) == before


@pytest.mark.parametrize("purpose", ["case", "upload"])
def test_a_link_is_not_used_from_another_site(
    house: House, citizen: Citizen, number: str, purpose: str
) -> None:
    link = made(house, purpose)  # type: ignore[arg-type]  # both are purposes
    before = history(house)
    for act in ("", "/file"):
        assert citizen.post(f"/fr{link}{act}", {}).status_code == 400
    assert history(house) == before


def test_a_planted_session_opens_nothing_and_signs_nothing(
    app: Flask, citizen: Citizen, number: str
) -> None:
    """A case is opened by its address alone, so that a cookie of the attacker's is worth nothing,
    to them or to whoever carries it."""
    thief = Citizen(app, "198.51.100.9")
    page = visit(app, number)
    opened = thief.open(page)
    assert citizen.post(f"{page}/add", {**opened, "message": "a"}).status_code == 400
    assert number not in citizen.get("/fr/follow").text.replace(" ", "")


# Leading visitors astray


@pytest.mark.parametrize(
    "address",
    [
        "/fr/follow?done=https://evil.example&next=//evil.example",
        "/l///evil.example",
        "/fr/l/%2F%2Fevil.example",
        "/fr//evil.example/",
        "/%5Cevil.example",
    ],
)
def test_no_address_leads_away(app: Flask, citizen: Citizen, address: str) -> None:
    answer = app.test_client().get(address)
    there = urlsplit(answer.headers.get("Location", "/"))
    assert there.hostname in (None, "localhost")
    assert not re.search(r'href="(?:https?:)?//evil', answer.text)


def test_what_was_done_is_told_in_our_words_only(app: Flask, citizen: Citizen, number: str) -> None:
    page = citizen.get(f"{visit(app, number)}?done=You+have+won")
    assert "You have won" not in page.text
    assert 'role="status"' not in page.text


# Guessing


def test_guesses_are_counted_for_all_processes_together(make_app: MakeApp) -> None:
    apps = [make_app(**CHANNELS, GUESSES_PER_NETWORK="4") for _ in range(2)]
    house: House = apps[0].extensions[KEY]
    number = file(house)
    for turn in range(4):
        citizen = Citizen(apps[turn % 2])
        wrong = {"number": number, "address": f"06000000{turn:02}"}
        assert citizen.send("/fr/follow", wrong).status_code == 422
    right = {"number": number, "address": TYPED}
    assert [Citizen(app).send("/fr/follow", right).status_code for app in apps] == [429, 429]
    assert Citizen(apps[0], "203.0.113.8").send("/fr/follow", right).status_code == 303
    with house.store.read() as session:
        keys = session.scalars(select(Guesses.key)).all()
    assert not any("203.0.113" in key for key in keys)


@pytest.fixture
def pinned(house: House, number: str) -> str:
    """A case whose citizen chose the code 4711."""
    secret = house.settings.secret_key
    with house.store.write() as session:
        session.execute(update(Case).values(pin=digest(secret, number, "4711")))
    return number


@pytest.mark.parametrize("typed", ["4711", "٤٧١١", " 4711 "])
def test_number_and_the_citizens_code_open_a_case(
    citizen: Citizen, pinned: str, typed: str
) -> None:
    sent = citizen.send("/fr/follow", {"number": pinned, "address": typed})
    assert sent.status_code == 303


def test_a_code_is_not_guessed(house: House, citizen: Citizen, pinned: str) -> None:
    for wrong in range(5):
        tried = citizen.send("/fr/follow", {"number": pinned, "address": f"000{wrong}"})
        assert tried.status_code == 422
    assert citizen.send("/fr/follow", {"number": pinned, "address": "4711"}).status_code == 422


def test_a_phone_that_many_use_opens_a_case_only_with_its_code(
    house: House, citizen: Citizen, pinned: str
) -> None:
    with house.store.write() as session:
        session.execute(update(AddressRow).values(shared=True))
    assert citizen.send("/fr/follow", {"number": pinned, "address": TYPED}).status_code == 422
    assert citizen.send("/fr/follow", {"number": pinned, "address": "4711"}).status_code == 303


# What is left behind


def test_pages_of_a_case_leave_nothing_in_caches_indexes_and_referrers(
    app: Flask, house: House, citizen: Citizen, over: str
) -> None:
    page = visit(app, over)
    for shown in (
        citizen.get(page),
        citizen.send(f"{page}/rate", {}),
        citizen.get(made(house, "case")),
        citizen.get(made(house, "upload")),
    ):
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["X-Robots-Tag"] == "noindex"
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert "unsafe" not in shown.headers["Content-Security-Policy"]


def test_logs_hold_no_number_no_address_and_no_token(
    app: Flask, house: House, citizen: Citizen, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    link = made(house, "case")
    page = visit(app, number)
    with caplog.at_level(logging.DEBUG):
        citizen.send("/fr/follow", {"number": number, "address": TYPED})
        citizen.send("/fr/follow", {"number": number, "address": "0600000000"})
        citizen.send(f"{page}/reach", {"reach": "fatima@example.ma"})
        citizen.send(f"{page}/add", {"message": "Encore fermé."})
        citizen.get(link)
    told = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    for secret in (number, "612345678", "600000000", "fatima", link[3:], "Encore", page[9:]):
        assert secret not in told
