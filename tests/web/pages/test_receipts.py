"""Receipts: printed, pointed a camera at, and checked by anyone without telling of anyone."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update

from gateway.house import House
from gateway.models import Case
from gateway.receipts import Receipts, digest_of
from gateway.settings import load
from gateway.store import Store
from gateway.web.current import KEY
from normalizer.tracking import spaced
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, number_on, payload, words


@pytest.fixture
def filed(citizen: Citizen) -> dict[str, str]:
    """What a receipt shows: number, short code, and the address that checks it."""
    receipt = citizen.file("/fr/submit", payload("french"))
    short = re.search(r'class="code"><bdi dir="ltr">([^<]+)<', receipt.text)
    verify = re.search(r'href="(/fr/verify\?code=[^"]+)"', receipt.text)
    assert short
    assert verify
    return {"number": number_on(receipt), "short": short[1], "verify": unescape(verify[1])}


def test_a_receipt_leads_a_camera_to_its_case(citizen: Citizen) -> None:
    receipt = citizen.file("/ar/submit", payload("arabic"))
    number = number_on(receipt)
    assert f'href="/ar/follow?number={number}"' in receipt.text
    assert '<svg viewBox="0 0 ' in receipt.text
    assert f'value="{number}"' in citizen.get(f"/ar/follow?number={number}").text


def test_its_address_proves_it_to_anyone_without_the_database(
    app: Flask, filed: dict[str, str], house: House
) -> None:
    with house.store.write() as session:
        session.execute(update(Case).values(text="changed", number="000000000000"))
    anyone = Citizen(app, "198.51.100.1").get(filed["verify"])
    assert "Ce récépissé est authentique" in words(anyone)
    assert spaced(filed["number"]) in anyone.text
    assert anyone.headers["X-Robots-Tag"] == "noindex"


def test_nothing_personal_stands_on_the_page_that_checks(
    citizen: Citizen, filed: dict[str, str]
) -> None:
    page = citizen.get(filed["verify"]).text
    for personal in (payload("french")["email"], payload("french")["message"][:20], "Santé"):
        assert personal not in page


@pytest.mark.parametrize("typed", ["{}", "  {} ", "lower", "no hyphens", "letters for digits"])
def test_number_and_code_are_checked_as_people_type_them(
    citizen: Citizen, filed: dict[str, str], typed: str
) -> None:
    short = filed["short"]
    changed = {
        "lower": short.lower(),
        "no hyphens": short.replace("-", " "),
        "letters for digits": short.replace("0", "O").replace("1", "l"),
    }
    fields = {"number": filed["number"], "short": changed.get(typed, typed.format(short))}
    assert "authentique" in words(citizen.send("/fr/verify", fields))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"short": "0000-0000-00000"}, id="a made-up code"),
        pytest.param({"short": "é" * 13}, id="no code at all"),
        pytest.param({"number": "2648 3159 2783"}, id="another number"),
    ],
)
def test_what_we_never_gave_is_said_to_be_none_of_ours(
    citizen: Citizen, filed: dict[str, str], change: dict[str, str]
) -> None:
    page = citizen.send("/fr/verify", {**filed, **change})
    assert page.status_code == 422
    assert "Nous n’avons pas délivré ce récépissé" in words(page)


def test_a_code_with_any_sign_changed_is_not_ours(filed: dict[str, str], house: House) -> None:
    code = filed["verify"].partition("=")[2]
    assert house.receipts.read(code)
    for place in range(len(code)):
        forged = code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]
        # Some bits of the last sign mean nothing.
        assert place == len(code) - 1 or house.receipts.read(forged) is None


@pytest.mark.parametrize("code", ["", "A", "é", "A" * 500, "%00", "=" * 58])
def test_nonsense_for_a_code_is_no_receipt(citizen: Citizen, code: str) -> None:
    assert citizen.get(f"/fr/verify?code={quote(code)}").status_code in (200, 422)


def test_the_text_that_was_sent_is_known_again_however_its_lines_break(
    citizen: Citizen, filed: dict[str, str]
) -> None:
    message = payload("french")["message"]
    for text, told in (
        (message, "Oui"),
        (message.replace(" ", "\r\n"), "Oui"),
        (message + " Et encore.", "Non"),
    ):
        page = citizen.send(filed["verify"], {"text": text})
        assert f"{told} :" in words(page), text


def test_guessing_codes_is_slowed_down(citizen: Citizen, filed: dict[str, str]) -> None:
    opened = citizen.open("/fr/verify")
    guess = {**opened, "number": filed["number"], "short": "0000-0000-00000"}
    answers = [citizen.post("/fr/verify", guess).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]


def test_keys_can_be_changed_and_old_receipts_stay_good(make_app: MakeApp) -> None:
    app = make_app(RECEIPT_KEYS="first")
    number = number_on(Citizen(app).file("/fr/submit", payload("french")))
    house: House = app.extensions[KEY]
    statement = house.receipts.statement(number)
    assert statement
    code, short = house.receipts.code(statement), house.receipts.short(statement)
    url = house.settings.database_url
    store = Store(url)
    for keys, good in (("second, first", True), ("second", False)):
        settings = load({"DATABASE_URL": url, "SECRET_KEY": "other", "RECEIPT_KEYS": keys})
        receipts = Receipts(settings, store)
        assert (receipts.read(code) is not None) is good
        assert (receipts.check(number, short) is not None) is good
    store.close()


def test_a_text_has_the_same_digest_in_any_unicode_form() -> None:
    assert digest_of("é à\r\nÇ") == digest_of("e\u0301  a\u0300 C\u0327")
    assert digest_of("a b") != digest_of("ab")
