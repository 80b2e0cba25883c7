"""Receipts, private links and the follow page: who may see a case, and what they see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from channels.base import WireRequest
from channels.webform import WebForm
from gateway import clock
from gateway.house import House
from gateway.models import Case
from gateway.web.pages import links
from tests.web.pages.citizen import Citizen, number_on, payload, private_link, words

PHONE = "06 12-34-56-78"
#: A number that could be a case's: its check digits are right.
FREE = "2648 3159 2783"


def test_who_leaves_no_address_gets_a_private_link_that_works(citizen: Citizen) -> None:
    receipt = citizen.file("/fr/submit", payload("tifinagh-unreachable"))
    assert "seul moyen" in words(receipt)
    assert number_on(citizen.get(private_link(receipt))) == number_on(receipt)


def test_a_receipt_without_a_number_says_that_it_follows_and_shows_it_once_there(
    app: Flask, house: House, citizen: Citizen
) -> None:
    request = WireRequest("POST", "", "", {}, (), (("message", "نص"),), b"{}", clock.now())
    (item,) = WebForm().receive(request)
    kept = house.pipeline.accept("webform", item)
    with app.test_request_context():
        token = links.receipt_token(links.Sealed(kept.message_id, None, True), clock.now())
    assert "رسالتكم محفوظة" in words(citizen.get(f"/ar/receipt/{token}"))
    settled = house.pipeline.settle_now(kept)
    assert number_on(citizen.get(f"/ar/receipt/{token}")) == settled.number


@pytest.mark.parametrize("kind", ["receipt", "case"])
@pytest.mark.parametrize("damage", ["forged", "over", "of another kind"])
def test_a_link_that_is_not_good_shows_nothing(
    app: Flask, citizen: Citizen, kind: str, damage: str
) -> None:
    number = number_on(citizen.file("/fr/submit", payload("french")))
    now = clock.now()
    then = now - timedelta(days=1_000) if damage == "over" else now
    with app.test_request_context():
        tokens = {
            "receipt": links.receipt_token(links.Sealed(1, number, True), then),
            "case": links.case_token(number, links.PRIVATE, then),
        }
    if damage == "of another kind":
        tokens = {"receipt": tokens["case"], "case": tokens["receipt"]}
    token = tokens[kind]
    if damage == "forged":
        # Not the last letter: some of its bits mean nothing.
        token = ("A" if token[0] != "A" else "B") + token[1:]
    page = citizen.get(f"/fr/{kind}/{token}")
    assert page.status_code == 410
    assert "n’est plus valable" in words(page)


def test_what_shows_a_case_is_kept_in_no_cache(citizen: Citizen) -> None:
    receipt = citizen.file("/fr/submit", payload("french"))
    for page in (receipt, citizen.get(private_link(receipt))):
        assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "address", ["0612345678", "+212 6 12 34 56 78", "00212612345678", "٠٦١٢٣٤٥٦٧٨"]
)
@pytest.mark.parametrize("form", ["{0}{1}{2}", "{0} {1} {2}", "n° {0}-{1}-{2}", "‏#{0} {1} {2}"])
def test_number_and_address_show_the_case_however_they_are_written(
    citizen: Citizen, address: str, form: str
) -> None:
    number = number_on(citizen.file("/ar/submit", payload("arabic")))
    typed = form.format(number[:4], number[4:8], number[8:])
    sent = citizen.send("/ar/follow", {"number": typed, "address": address})
    assert sent.status_code == 303
    assert number_on(citizen.get(sent.location)) == number


def test_a_wrong_pair_is_told_alike_whether_or_not_there_is_such_a_case(
    citizen: Citizen,
) -> None:
    number = number_on(citizen.file("/fr/submit", payload("french")))
    told = []
    for tried in (number, FREE.replace(" ", "")):
        page = citizen.send("/fr/follow", {"number": tried, "address": PHONE})
        assert page.status_code == 422
        told.append(words(page).replace(tried, ""))
    assert told[0] == told[1]
    assert "Nous ne trouvons pas de dossier" in told[0]


@pytest.mark.parametrize(
    ("number", "address", "wrong"),
    [
        pytest.param("", "", ["number", "address"], id="nothing"),
        pytest.param("264831592784", PHONE, ["number"], id="a mistyped digit"),
        pytest.param("hello", PHONE, ["number"], id="no number"),
        pytest.param("\ud800", PHONE, ["number"], id="a broken character"),
    ],
)
def test_what_is_no_number_is_pointed_at(
    citizen: Citizen, number: str, address: str, wrong: list[str]
) -> None:
    typed = {"number": number.encode("utf-8", "replace").decode(), "address": address}
    page = citizen.send("/ar/follow", typed)
    assert page.status_code == 422
    for field in wrong:
        assert f'id="{field}-error"' in page.text


def test_guessing_is_slowed_down_and_others_are_not(app: Flask, citizen: Citizen) -> None:
    number = number_on(citizen.file("/ar/submit", payload("arabic")))
    opened = citizen.open("/ar/follow")
    guesses = [
        citizen.send(
            "/ar/follow", {"number": number, "address": f"06000000{n:02}"}, opened=opened
        ).status_code
        for n in range(11)
    ]
    assert guesses == [422] * 10 + [429]
    right = {"number": number, "address": PHONE}
    refused = citizen.send("/ar/follow", right, opened=opened)
    assert "محاولات كثيرة" in words(refused)
    assert int(refused.headers["Retry-After"]) > 0
    assert Citizen(app, "203.0.113.8").send("/ar/follow", right).status_code == 303


def test_the_case_tells_its_story_in_plain_words(citizen: Citizen, house: House) -> None:
    receipt = citizen.file("/fr/submit", payload("french"))
    number = number_on(receipt)
    house.cases.change(
        number, status="routed", message="Not ours.", administration="interior", actor="amal"
    )
    answer = "Un médecin arrive <script>alert(1)</script> lundi."
    house.cases.change(number, status="answered", message=answer, actor="amal")
    page = citizen.get(private_link(receipt))
    said = words(page)
    for told in ("Nous avons reçu", "Transmis à", "Réorienté vers", "Réponse donnée", answer):
        assert told in said
    assert "<script>" not in page.text
    assert "amal" not in said


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param(0, "ينتهي الأجل اليوم", id="due today"),
        pytest.param(2, "بقي يومان", id="two days left"),
        pytest.param(11, "بقي 11 يوما", id="eleven days left"),
        pytest.param(-3, "تأخر الجواب 3 أيام", id="three days late"),
    ],
)
def test_the_days_left_are_counted_and_a_late_answer_opens_the_mediators_door(
    citizen: Citizen, house: House, days: int, told: str
) -> None:
    receipt = citizen.file("/ar/submit", payload("arabic"))
    with house.store.write() as session:
        session.execute(update(Case).values(due_at=clock.now() + timedelta(days=days)))
    said = words(citizen.get(private_link(receipt)))
    assert told in said
    assert ("اللجوء إلى الوسيط مجانا" in said) is (days < 0)


@pytest.mark.parametrize(
    ("code", "days"), [("ar", "الاثنين – الجمعة"), ("fr", "lundi – vendredi"), ("en", "Monday")]
)
def test_the_case_tells_when_its_administration_is_open_and_where(
    citizen: Citizen, house: House, code: str, days: str
) -> None:
    receipt = citizen.file("/fr/submit", payload("french"))
    number = number_on(receipt)
    house.cases.change(
        number, status="routed", message="Theirs.", administration="cnss", actor="amal"
    )
    page = citizen.get(private_link(receipt).replace("/fr/", f"/{code}/"))
    assert days in words(page)
    assert 'href="https://www.cnss.ma"' in page.text
