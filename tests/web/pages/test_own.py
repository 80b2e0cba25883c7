"""The page of a case: its story in plain words, and what its citizen can do there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from channels.base import Attachment
from gateway import clock
from gateway.house import House
from gateway.models import AddressRow, AttachmentRow, Case, Event, OutboundRow
from tests.web.pages.citizen import Citizen, words
from tests.web.pages.filing import TEXT, app, file, messages, number, visit

__all__ = ["app", "number"]

ANSWER = "Un nouveau médecin prend son service lundi."
PHOTO = ("photo.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 64, "image/jpeg")


def answered(house: House, number: str, status: str = "answered") -> None:
    house.cases.change(number, status=status, message=ANSWER, actor="amal")


def one(house: House, number: str) -> Case:
    with house.store.read() as session:
        return session.scalars(select(Case).where(Case.number == number)).one()


def events(house: House, kind: str) -> list[Event]:
    with house.store.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind)))


def test_the_page_shows_what_both_sides_said_and_the_names_of_files(
    app: Flask, house: House, citizen: Citizen
) -> None:
    photo = Attachment("facade.jpg", "image/jpeg", PHOTO[1])
    number = file(house, TEXT, "+212612345678", photo)
    house.cases.change(number, status="awaiting_citizen", message="Quel étage ?", actor="amal")
    citizen.send(f"{visit(app, number)}/add", {"message": "Au deuxième."}, PHOTO)
    answered(house, number)
    said = words(citizen.get(visit(app, number)))
    for told in (TEXT, "facade.jpg", "Quel étage ?", "Au deuxième.", "photo.jpg", ANSWER):
        assert told in said
    assert "amal" not in said


def test_what_is_added_joins_the_case_and_its_file_too(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = visit(app, number)
    sent = citizen.send(f"{page}/add", {"message": "Encore fermé ce matin."}, PHOTO)
    assert sent.status_code == 303
    assert "C’est maintenant dans votre dossier." in words(citizen.get(sent.location))
    (message,) = messages(app)
    assert message.case_id == one(house, number).id
    with house.store.read() as session:
        (kept,) = session.scalars(select(AttachmentRow))
    assert (kept.filename, kept.state) == ("photo.jpg", "stored")


def test_a_form_sent_twice_is_added_once(app: Flask, citizen: Citizen, number: str) -> None:
    page = visit(app, number)
    opened = citizen.open(page)
    for _ in range(2):
        citizen.send(f"{page}/add", {"message": "Encore fermé."}, opened=opened)
    assert len(messages(app)) == 1


def test_an_answer_to_the_administrations_question_goes_back_to_work(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    house.cases.change(number, status="awaiting_citizen", message="Quel étage ?", actor="amal")
    said = words(citizen.get(visit(app, number)))
    assert said.index("Votre réponse") < said.index("Quel étage ?") < said.index(TEXT)
    citizen.send(f"{visit(app, number)}/add", {"message": "Au deuxième."})
    assert one(house, number).status == "in_progress"


@pytest.mark.parametrize(
    ("form", "fields", "wrong"),
    [
        pytest.param("add", {"message": "  "}, "message", id="nothing to add"),
        pytest.param("add", {"message": "x" * 20_001}, "message", id="more than a form takes"),
        pytest.param("reach", {"reach": "12"}, "reach", id="no address"),
        pytest.param("reach", {"reach": ""}, "reach", id="nothing where to answer"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_beside_it(
    app: Flask, citizen: Citizen, number: str, form: str, fields: dict[str, str], wrong: str
) -> None:
    page = citizen.send(f"{visit(app, number)}/{form}", fields)
    assert page.status_code == 422
    assert f'id="{wrong}-error"' in page.text
    assert f'href="#{wrong}"' in page.text
    assert page.text.count("autofocus") == 1


@pytest.mark.parametrize(
    ("form", "fields", "wrong"),
    [
        pytest.param("rate", {}, "score", id="no mark"),
        pytest.param("rate", {"score": "6"}, "score", id="a mark that there is not"),
        pytest.param("reopen", {"reason": " "}, "reason", id="no reason"),
    ],
)
def test_what_is_wrong_after_the_answer_is_said_too(
    app: Flask,
    house: House,
    citizen: Citizen,
    number: str,
    form: str,
    fields: dict[str, str],
    wrong: str,
) -> None:
    answered(house, number)
    page = citizen.send(f"{visit(app, number)}/{form}", fields)
    assert page.status_code == 422
    assert f'id="{wrong}-error"' in page.text
    assert one(house, number).rating is None


def test_who_was_answered_gives_a_mark_and_a_word(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    answered(house, number)
    sent = citizen.send(f"{visit(app, number)}/rate", {"score": "4", "word": "enfin"})
    case = one(house, number)
    assert (case.rating, case.rating_word) == (4, "enfin")
    assert "Votre note : 4 sur 5" in words(citizen.get(sent.location))


def test_who_is_not_content_has_the_case_opened_again_with_a_reason(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    answered(house, number, "closed")
    sent = citizen.send(f"{visit(app, number)}/reopen", {"reason": "Toujours pas de médecin."})
    case = one(house, number)
    assert (case.status, case.reopened) == ("reopened", 1)
    said = words(citizen.get(sent.location))
    assert "Toujours pas de médecin." in said
    assert "Vous avez demandé un nouvel examen" in said


def test_an_open_case_is_neither_rated_nor_opened_again(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    page = visit(app, number)
    for form, fields in (("rate", {"score": "1"}), ("reopen", {"reason": "vite"})):
        assert f"/{form}" not in citizen.get(page).text
        citizen.send(f"{page}/{form}", fields, opened=citizen.open(page))
    case = one(house, number)
    assert (case.rating, case.reopened) == (None, 0)


@pytest.mark.parametrize("status", ["answered", "closed"])
@pytest.mark.parametrize(("score", "shown"), [("1", True), ("2", True), ("4", False)])
def test_a_bad_mark_shows_the_mediators_door(
    app: Flask, house: House, citizen: Citizen, number: str, status: str, score: str, shown: bool
) -> None:
    answered(house, number, status)
    page = visit(app, number)
    assert "mediateur.ma" not in citizen.get(page).text
    citizen.send(f"{page}/rate", {"score": score})
    assert ("mediateur.ma" in citizen.get(page).text) is shown


def test_a_late_answer_shows_the_mediators_door(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    with house.store.write() as session:
        session.execute(update(Case).values(due_at=clock.now() - timedelta(days=3)))
    page = citizen.get(visit(app, number))
    assert "3 jours" in words(page)
    assert "mediateur.ma" in page.text


def test_a_long_open_page_costs_no_words(app: Flask, citizen: Citizen, number: str) -> None:
    page = citizen.post(f"{visit(app, number)}/add", {"message": "Encore fermé."})
    assert page.status_code == 400
    assert "Encore fermé." in page.text
    assert messages(app) == []


def code_sent(house: House) -> tuple[str, str]:
    """The code on its way, and where to."""
    with house.store.read() as session:
        sent = session.scalars(select(OutboundRow).where(OutboundRow.key == "proof_code")).all()
        return sent[-1].facts["code"], sent[-1].address.value


def test_who_proves_another_address_is_answered_there_and_the_old_one_hears_of_it(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    asked = citizen.send(f"{visit(app, number)}/reach", {"reach": "fatima@example.ma"})
    code, to = code_sent(house)
    assert to == "fatima@example.ma"
    done = citizen.send(asked.location, {"code": code})
    assert done.status_code == 303
    case = one(house, number)
    assert case.channel == "email"
    with house.store.read() as session:
        moved = session.scalars(select(OutboundRow).where(OutboundRow.key == "moved")).one()
    assert moved.address.value == "+212612345678"
    assert "nouvelle adresse" in words(citizen.get(done.location))
    shown = citizen.send("/fr/follow", {"number": number, "address": "Fatima@example.ma"})
    assert shown.status_code == 303


def test_a_wrong_code_moves_nothing(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    asked = citizen.send(f"{visit(app, number)}/reach", {"reach": "fatima@example.ma"})
    code, _ = code_sent(house)
    wrong = "000000" if code != "000000" else "111111"
    page = citizen.send(asked.location, {"code": wrong})
    assert page.status_code == 422
    assert one(house, number).channel == "sms"


def test_to_be_answered_elsewhere_opens_nobody_elses_cases(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    """A form may name anybody's phone: who follows it proves an address for that case alone."""
    other = file(house, "Les ordures débordent à Casablanca.", ago=timedelta(hours=1))
    assert other != number
    asked = citizen.send(f"{visit(app, number)}/reach", {"reach": "thief@example.ma"})
    citizen.send(asked.location, {"code": code_sent(house)[0]})
    with house.store.read() as session:
        contacts = set(session.scalars(select(AddressRow.contact_id)))
    assert len(contacts) == 2
    tried = citizen.send("/fr/follow", {"number": other, "address": "thief@example.ma"})
    assert tried.status_code == 422


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_the_page_is_there_in_every_language(
    app: Flask, house: House, citizen: Citizen, number: str, language: str
) -> None:
    answered(house, number)
    page = citizen.get(visit(app, number, language))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    back = citizen.send(f"{visit(app, number, language)}/rate", {})
    for other in ("ar", "fr", "zgh", "en"):
        assert citizen.get(f"/{other}/" + back.request.path.split("/", 2)[2]).status_code == 200


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(TEXT, "Vos mots le disent", id="words"),
    ],
)
def test_why_it_is_there_is_told_in_plain_words(
    app: Flask, house: House, citizen: Citizen, text: str, told: str
) -> None:
    number = file(house, text)
    assert one(house, number).administration == "health"
    assert told in words(citizen.get(visit(app, number)))


def test_what_a_person_decided_is_told_as_that(
    app: Flask, house: House, citizen: Citizen, number: str
) -> None:
    house.cases.change(
        number, status="routed", message="Pas à nous.", administration="interior", actor="amal"
    )
    said = words(citizen.get(visit(app, number)))
    assert "Une personne l’a examiné" in said
    assert "Pas à nous." not in said
