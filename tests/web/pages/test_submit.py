"""The form: however it is filled in, a case and a receipt, or a mistake pointed at."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from gateway import clock
from gateway.codes import digest
from gateway.house import House
from gateway.models import AttachmentRow, Case, Message
from gateway.web.current import KEY
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, number_on, payload, words

PHONE = "06 12-34-56-78"
#: A number that could be a case's: its check digits are right.
FREE = "2648 3159 2783"


def stored(house: House) -> int:
    with house.store.read() as session:
        return len(session.scalars(select(Message.id)).all())


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        pytest.param("ar", "arabic", "تم تسجيل رسالتكم", id="Arabic"),
        pytest.param("fr", "french", "Votre message est enregistré", id="French"),
        pytest.param("zgh", "tifinagh-unreachable", "ⵜⵜⵓⵙⴽⵍ ⵜⵓⵣⵉⵏⵜ", id="Tamazight"),
        pytest.param("en", "made-up", "Your message is registered", id="English, tampered with"),
    ],
)
def test_a_form_becomes_a_case_and_a_receipt(
    citizen: Citizen, house: House, code: str, name: str, said: str
) -> None:
    filled = payload(name)
    receipt = citizen.file(f"/{code}/submit", filled)
    assert said in words(receipt)
    case = house.cases.view(number_on(receipt))
    assert case is not None
    assert case.channel == "webform"
    assert case.text == filled["message"].replace("\r\n", "\n")


def test_what_was_chosen_is_believed_and_what_was_made_up_is_not(
    citizen: Citizen, house: House
) -> None:
    chosen = house.cases.view(number_on(citizen.file("/fr/submit", payload("french"))))
    assert chosen is not None
    assert chosen.administration == "health"
    citizen.file("/fr/submit", payload("made-up"))
    with house.store.read() as session:
        made_up = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert made_up is not None
    assert not {"kind", "city", "administration"} & set(made_up.hints)
    assert json.loads(made_up.raw or b"{}")["city"] == "atlantis"


def test_the_receipt_shows_number_administration_and_due_date(citizen: Citizen) -> None:
    said = words(citizen.file("/fr/submit", payload("french")))
    assert "Ministère de la Santé" in said
    assert str((clock.now() + timedelta(days=60)).year) in said


def test_no_address_of_ours_carries_anything_personal(citizen: Citizen) -> None:
    """Addresses end up in histories and logs, and what is signed is not encrypted."""
    filled = payload("french")
    location = citizen.send("/fr/submit", filled).location
    body = location.rsplit("/", 1)[1].split(".")[0]
    opened = urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    for personal in (filled["email"], filled["name"], filled["message"]):
        assert personal not in location + opened


@pytest.mark.parametrize("name", ["arabic", "french"])
def test_a_form_sent_twice_is_one_case(citizen: Citizen, house: House, name: str) -> None:
    opened = citizen.open("/ar/submit")
    photo = ("trou.jpg", b"\xff\xd8\xff\xe0", "image/jpeg")
    receipts = [
        citizen.get(citizen.send("/ar/submit", payload(name), photo, opened=opened).location)
        for _ in range(2)
    ]
    assert number_on(receipts[0]) == number_on(receipts[1])
    assert stored(house) == 1


def test_words_mended_after_going_back_are_not_lost(citizen: Citizen, house: House) -> None:
    opened = citizen.open("/fr/submit")
    citizen.send("/fr/submit", payload("french"), opened=opened)
    citizen.send("/fr/submit", payload("french") | {"message": "Mieux dit"}, opened=opened)
    assert stored(house) == 2


def test_files_are_kept_byte_for_byte(citizen: Citizen, house: House) -> None:
    pdf = b"%PDF-1.7\n" + bytes(range(256)) * 64
    names = ["facture ١.pdf", "../../etc/passwd"]
    sent = citizen.send(
        "/ar/submit", payload("arabic"), *((name, pdf, "application/pdf") for name in names)
    )
    assert sent.status_code == 303
    with house.store.read() as session:
        kept = session.scalars(select(AttachmentRow).order_by(AttachmentRow.position)).all()
    assert [one.filename for one in kept] == names
    for one in kept:
        assert one.content_type == "application/pdf"
        assert house.files.read(one.sha256 or "") == pdf


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"message": "  \r\n"}, "message", id="no words"),
        pytest.param({"phone": "12"}, "phone", id="no phone number"),
        pytest.param({"phone": "call me"}, "phone", id="words for a phone number"),
        pytest.param({"email": "amina at example"}, "email", id="no mailbox"),
        pytest.param({"pin": "12"}, "pin", id="no code"),
        pytest.param({"pin": "١٢٣٤"}, "pin", id="a code that no keypad types"),
        pytest.param({"national_id": "<b>"}, "national_id", id="no identity card"),
    ],
)
def test_a_mistake_is_pointed_at_and_nothing_has_to_be_typed_again(
    make_app: MakeApp, changed: dict[str, str], field: str
) -> None:
    app = make_app(SUBMIT_ASKS="name, id")
    filled = payload("french") | {"name": "Amina <b>"} | changed
    citizen = Citizen(app)
    opened = citizen.open("/fr/submit")
    assert citizen.post("/fr/submit", {**filled, **opened}).status_code == 422
    page = citizen.post("/fr/submit/check", {**filled, **opened})
    assert page.status_code == 422
    assert "Amina &lt;b&gt;" in page.text
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-error"' in page.text
    assert 'role="alert" tabindex="-1" autofocus' in page.text
    assert '<option value="health" selected>' in page.text
    assert stored(app.extensions[KEY]) == 0


def test_too_many_files_are_too_many(citizen: Citizen, house: House) -> None:
    files = [(f"{n}.txt", b"x", "text/plain") for n in range(11)]
    page = citizen.send("/ar/submit", payload("arabic"), *files)
    assert page.status_code == 422
    assert "أعيدوا اختيار ملفاتكم" in words(page)
    assert stored(house) == 0


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("سلام", id="a greeting"),
        pytest.param("where is my complaint?", id="asks where a case is"),
        pytest.param("stop", id="a word to a machine"),
        pytest.param(f"where is {FREE}", id="a number that is not theirs"),
    ],
)
def test_whatever_a_form_says_it_is_a_case_of_its_own(
    citizen: Citizen, house: House, said: str
) -> None:
    """The form proves no address: it must never touch, or reveal, what is filed from there."""
    earlier = number_on(citizen.file("/ar/submit", payload("arabic")))
    later = number_on(citizen.file("/ar/submit", payload("arabic") | {"message": said}))
    assert later != earlier


@pytest.mark.parametrize(
    "token", [pytest.param(None, id="missing"), pytest.param("forged", id="forged")]
)
def test_a_form_from_elsewhere_is_refused_and_keeps_its_words(
    citizen: Citizen, house: House, token: str | None
) -> None:
    page = citizen.post("/ar/submit", payload("arabic") | ({"csrf_token": token} if token else {}))
    assert page.status_code == 400
    assert payload("arabic")["message"].split("\r\n")[1] in page.text
    assert "يرجى الإرسال مرة أخرى" in words(page)
    assert stored(house) == 0


def test_a_form_is_read_back_before_it_is_sent(citizen: Citizen, house: House) -> None:
    filled = payload("french") | {"on_behalf": "1"}
    page = citizen.send("/fr/submit/check", filled, opened=citizen.open("/fr/submit"))
    said = words(page)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "Rien n’est encore envoyé" in said
    for shown in ("Ministère de la Santé", filled["email"], "Pour une autre personne"):
        assert shown in said
    assert stored(house) == 0
    receipt = citizen.get(citizen.post("/fr/submit", filled | _hidden(page)).location)
    case = house.cases.view(number_on(receipt))
    assert case is not None
    assert case.text == filled["message"].replace("\r\n", "\n")


def test_what_was_read_back_can_still_be_changed(citizen: Citizen) -> None:
    filled = payload("french") | {"step": "edit"}
    page = citizen.send("/fr/submit/check", filled, opened=citizen.open("/fr/submit"))
    assert filled["message"].split("\r\n")[0] in unescape(page.text)
    assert '<option value="health" selected>' in page.text


def test_reloading_the_page_that_reads_back_leads_to_the_form(citizen: Citizen) -> None:
    assert citizen.get("/fr/submit/check").request.path == "/fr/submit"


def test_place_code_and_for_whom_go_along(citizen: Citizen, house: House) -> None:
    filled = payload("french") | {
        "latitude": "34.0209",
        "longitude": "-6.8416",
        "on_behalf": "1",
        "pin": "4711",
        "national_id": "AB 123456",
    }
    assert citizen.post("/fr/submit", citizen.open("/fr/submit") | filled).status_code == 303
    with house.store.read() as session:
        case = session.scalars(select(Case)).one()
        message = session.scalars(select(Message)).one()
    assert case.location == {"latitude": 34.0209, "longitude": -6.8416, "label": None}
    assert case.on_behalf
    assert message.hints["national_id"] == "AB 123456"
    # Of the code only its HMAC is kept, wherever one looks.
    assert "pin" not in message.hints
    assert b"4711" not in (message.raw or b"")


def test_a_code_opens_the_case_from_any_phone(citizen: Citizen, house: House) -> None:
    number = number_on(citizen.file("/fr/submit", payload("french") | {"pin": "4711"}))
    with house.store.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.pin == digest(house.settings.secret_key, number, "4711")


@pytest.mark.parametrize("place", ["91,0", "0,181", "nan,0", "here,there", ",", "1e9,1"])
def test_a_place_that_is_not_on_earth_is_none(citizen: Citizen, house: House, place: str) -> None:
    latitude, longitude = place.split(",")
    sent = payload("french") | {"latitude": latitude, "longitude": longitude}
    assert citizen.post("/fr/submit", citizen.open("/fr/submit") | sent).status_code == 303
    with house.store.read() as session:
        assert session.scalars(select(Case.location)).one() is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("photo.jpg", b"<!DOCTYPE html><script>alert(1)</script>", id="a web page"),
        pytest.param("photo.svg", b"<svg onload='alert(1)'/>", id="a drawing with a script"),
        pytest.param("photo.png", b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", id="hidden"),
        pytest.param("facture.pdf.exe", b"MZ" + bytes(200), id="a program"),
        pytest.param("facture.pdf.exe. ", b"text", id="a program by its name"),
        pytest.param("photo.jpg", b"", id="nothing in it"),
    ],
)
def test_what_would_harm_who_opens_it_is_sent_back(
    citizen: Citizen, house: House, name: str, content: bytes
) -> None:
    page = citizen.send("/ar/submit", payload("arabic"), (name, content, "image/jpeg"))
    assert page.status_code == 422
    assert 'id="files-error"' in page.text
    assert stored(house) == 0


@pytest.mark.parametrize(
    ("asks", "shown"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("name", ("name",), id="a name"),
        pytest.param("name,id", ("name", "national_id"), id="a name and a card"),
    ],
)
def test_who_one_is_is_asked_only_where_the_deployment_asks(
    make_app: MakeApp, asks: str, shown: tuple[str, ...]
) -> None:
    page = Citizen(make_app(SUBMIT_ASKS=asks)).get("/fr/submit").text
    for field in ("name", "national_id"):
        assert (f'id="{field}"' in page) is (field in shown)


def ask(app: Flask, text: object) -> TestResponse:
    client = app.test_client()
    page = client.get("/fr/submit").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    headers = {"X-CSRFToken": token[1]}
    return client.post("/fr/submit/suggest", json={"text": text}, headers=headers)


def test_words_point_to_an_administration_and_leave_no_trace(app: Flask, house: House) -> None:
    answer = ask(app, "L'hôpital de Salé n'a plus de médecin depuis deux semaines")
    assert answer.json
    assert answer.json[0] == {"slug": "health", "label": "Ministère de la Santé"}
    assert stored(house) == 0


@pytest.mark.parametrize("text", ["", "oui", None, 7, ["a", "b", "c", "d"], "x " * 20_000])
def test_words_that_point_nowhere_are_no_trouble(app: Flask, text: object) -> None:
    answer = ask(app, text)
    assert answer.status_code in (200, 413)
    assert answer.status_code == 413 or isinstance(answer.json, list)


def test_another_sites_page_gets_no_suggestions(app: Flask) -> None:
    assert app.test_client().post("/fr/submit/suggest", json={"text": "a b c"}).status_code == 400


def _hidden(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}
