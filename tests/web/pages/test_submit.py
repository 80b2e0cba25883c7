"""The form: however it is filled in, a case and a receipt, or a mistake pointed at."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway import clock
from gateway.house import House
from gateway.models import AttachmentRow, Message
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
    ],
)
def test_a_mistake_is_pointed_at_and_nothing_has_to_be_typed_again(
    citizen: Citizen, house: House, changed: dict[str, str], field: str
) -> None:
    filled = payload("french") | {"name": "Amina <b>"} | changed
    page = citizen.send("/fr/submit", filled)
    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-error"' in page.text
    assert 'role="alert" tabindex="-1" autofocus' in page.text
    assert "Amina &lt;b&gt;" in page.text
    assert '<option value="health" selected>' in page.text
    assert stored(house) == 0


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
