"""An agent works on a case: everything is seen, nothing is said twice, and nobody sees too much."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask, g
from PIL import Image
from sqlalchemy import text, update

from channels.base import Attachment, Inbound, Location
from gateway import clock
from gateway.cases import By
from gateway.house import House
from gateway.models import (
    AddressRow,
    AttachmentRow,
    Audit,
    Case,
    Event,
    Message,
    OutboundRow,
    ReportRow,
    Template,
)
from gateway.web.desk.render import weight
from gateway.web.pages.tongues import TONGUES
from tests.conftest import CHANNELS
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, rows, sms, take
from tests.web.conftest import MakeApp
from tests.web.desk.conftest import Enter
from tests.web.desk.worker import Worker, words

EVIL = "<script>alert('%s')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The application with every channel; nothing is sent, because no worker runs."""
    return make_app(**CHANNELS)


@pytest.fixture
def case(house: House) -> Case:
    """A case in French, with its administration."""
    take(house, sms(FRENCH, received_at=clock.now()))
    (found,) = rows(house, Case)
    assert isinstance(found, Case)
    return found


@pytest.fixture
def amal(enter: Enter, case: Case) -> Worker:
    """An agent of the case's administration, with the case open."""
    worker = enter("agent", case.administration)
    worker.get(page_of(case))
    return worker


def page_of(case: Case) -> str:
    return f"/desk/cases/{case.number}"


def fields(worker: Worker, case: Case, act: str, **more: Any) -> dict[str, Any]:
    """The form of an act as the page holds it now, filled in."""
    page = worker.get(page_of(case)).text
    form = page.partition(f'id="do-{act}"')[2].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in hidden} | more


def said(house: House) -> list[str]:
    """What was said beside the acknowledgement."""
    return [row.key for row in rows(house, OutboundRow) if row.key != "acknowledged"]


# --- what one sees -------------------------------------------------------------------------------


def test_reading_a_case_is_written_down(house: House, amal: Worker, case: Case) -> None:
    (read,) = rows(house, Audit, act="read")
    assert (read.case_id, read.who) == (case.id, "The agent")


def test_what_became_of_a_message_is_told_in_plain_words(
    house: House, amal: Worker, case: Case
) -> None:
    def told(**values: Any) -> str:
        with house.store.write() as session:
            session.execute(update(OutboundRow).values(**values))
        return words(amal.get(page_of(case)))

    now = clock.now()
    assert "On its way" in words(amal.get(page_of(case)))
    assert "Waiting: the provider" in told(error="Twilio 20429", tries=2, due_at=now)
    assert "whether it arrived is not known" in told(state="sent", sent_at=now, provider_id="SM1")
    with house.store.write() as session:
        report = {"channel": "sms", "account": "", "provider_id": "SM1", "status": "delivered"}
        session.add(ReportRow(**report, code=None, opted_out=False, raw=b"", at=now))
    assert "Arrived 2" in told(state="delivered")
    assert "Did not arrive: Twilio 30003" in told(state="failed", error="Twilio 30003")
    with house.store.write() as session:
        session.execute(update(AddressRow).values(stopped_at=now))
    page = words(amal.get(page_of(case)))
    assert "the citizen asked to hear no more there" in page
    assert "The case is treated all the same" in page


def test_the_cost_of_an_sms_is_shown(amal: Worker, case: Case) -> None:
    assert "1 SMS" in words(amal.get(page_of(case)))


def test_a_second_person_is_seen(enter: Enter, house: House, amal: Worker, case: Case) -> None:
    page = words(enter("supervisor", case.administration).get(page_of(case)))
    assert "The agent is looking at this case too." in page
    answer = amal.post(f"{page_of(case)}/look", {"version": str(case.version)})
    assert answer.get_json() == {"others": ["The supervisor"], "changed": False}
    house.cases.say(case.number, "Nous regardons.", By("Driss"))
    answer = amal.post(f"{page_of(case)}/look", {"version": str(case.version)})
    assert answer.get_json()["changed"]


def test_other_cases_are_named_only_to_who_may_see_them(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    with house.store.write() as session:
        session.execute(update(Message).values(received_at=clock.now() - timedelta(days=9)))
        session.execute(update(Case).values(status="closed"))
    take(house, sms("Le médecin de l'hôpital de Salé a refusé de soigner mon fils hier soir"))
    other = rows(house, Case)[-1]
    assert other.id != case.id
    with house.store.write() as session:
        session.execute(update(Case).where(Case.id == other.id).values(administration="health"))
    assert other.number not in amal.get(page_of(case)).text
    assert other.number[:4] in enter("supervisor").get(page_of(case)).text


# --- attackers -----------------------------------------------------------------------------------


ACTS = (
    "reply note accept begin take leave assign transfer extend refuse merge reopen sort "
    "look check".split()
)


def test_a_case_of_somebody_elses_does_not_exist(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    """The answer is that of a number nobody has, whatever is asked."""
    stranger = enter("agent", "health")
    (message,) = rows(house, Message)
    for path in ("", "/files/1", f"/original/{message.id}", "/sent/1/0"):
        assert stranger.get(page_of(case) + path).status_code == 404
        assert stranger.get("/desk/cases/264831592783" + path).status_code == 404
    for act in ACTS:
        sent = stranger.post(f"{page_of(case)}/{act}", {"message": "x", "what": "answer"})
        assert sent.status_code == 404, act
    assert said(house) == []
    assert not rows(house, Event, actor="The agent")


def test_without_a_session_there_is_only_the_login(app: Flask, case: Case) -> None:
    stranger = Worker(app)
    assert (
        "Log in" in words(stranger.get(page_of(case) + "?lang=en"))
        or stranger.get(page_of(case)).request.path == "/desk/login"
    )
    for act in ACTS:
        assert stranger.post(f"{page_of(case)}/{act}", {}).status_code in (303, 400)


def test_without_the_forms_own_token_nothing_is_done(
    house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="answer", message="Réparé.")
    del form["csrf_token"]
    for act in ACTS:
        assert amal.post(f"{page_of(case)}/{act}", form, csrf=False).status_code == 400
    assert said(house) == []


def test_an_auditor_reads_and_does_nothing(enter: Enter, house: House, case: Case) -> None:
    auditor = enter("auditor")
    page = auditor.get(page_of(case))
    assert page.status_code == 200
    assert "<textarea" not in page.text
    for act in ACTS[:-2]:
        assert auditor.post(f"{page_of(case)}/{act}", {"message": "x"}).status_code == 404
    assert said(house) == []


def test_a_file_of_another_case_is_not_had_through_ones_own(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    other = sms(
        ARABIC, sender="+212699999999", attachments=(Attachment("secret.txt", content=b"secret"),)
    )
    take(house, other)
    (file,) = rows(house, AttachmentRow)
    foreign = rows(house, Message)[-1]
    assert amal.get(f"{page_of(case)}/files/{file.id}").status_code == 404
    assert amal.get(f"{page_of(case)}/original/{foreign.id}").status_code == 404


@pytest.mark.parametrize("channel", ["sms", "telegram", "email", "voice", "webform"])
def test_nothing_a_citizen_sends_becomes_part_of_the_page(
    enter: Enter, house: House, channel: str
) -> None:
    sender = {"email": "evil@b.ma", "telegram": "4711"}.get(channel, PHONE)
    hints = {"message_id": f"<{EVIL % 'id'}@b.ma>", "transcriber": EVIL % "machine"}
    if channel == "webform":
        hints |= {"reply_tel": PHONE}
    item = Inbound(
        external_id=f"{channel}-1",
        account=EVIL % "account",
        sender=sender,
        sender_name=EVIL % "name",
        text=f"L'eau est coupée à Fès depuis deux jours {EVIL % 'text'}",
        subject=EVIL % "subject",
        raw=(EVIL % "raw").encode(),
        received_at=clock.now(),
        location=Location(34.03, -5.0, EVIL % "place"),
        attachments=(
            Attachment(EVIL % "file" + ".jpg", "image/jpeg", b"\xff\xd8\xff\xe0 no picture"),
            Attachment(EVIL % "html" + ".html", "text/html", (EVIL % "page").encode()),
        ),
        hints=hints,
    )
    take(house, item, channel=channel)
    found = rows(house, Case)
    assert found
    house.cases.note(found[0].number, EVIL % "note", By(EVIL % "agent"))
    admin = enter("admin")
    page = admin.get(page_of(found[0])).text
    assert "alert(" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    kept = admin.post(f"{page_of(found[0])}/note", {"message": " ", "into": EVIL % "typed"})
    assert "<script>alert" not in kept.text
    for file in rows(house, AttachmentRow):
        got = admin.get(f"{page_of(found[0])}/files/{file.id}")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.mimetype in ("application/octet-stream", "image/jpeg")
        assert "sandbox" in got.headers["Content-Security-Policy"]
        assert "<" not in got.headers["Content-Disposition"]


# --- what one does -------------------------------------------------------------------------------


def test_an_answer_goes_to_the_citizen_once_however_often_it_is_sent(
    house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    for _ in range(2):
        sent = amal.post(f"{page_of(case)}/reply", form)
        assert sent.status_code == 303
    assert said(house) == ["answered"]
    assert rows(house, Case)[0].status == "answered"
    assert [row.act for row in rows(house, Audit)].count("reply") == 2


def test_no_answer_overwrites_another_and_no_word_is_lost(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    driss = enter("supervisor", case.administration)
    other = fields(driss, case, "reply", what="ask", message="Dans quelle rue habitez-vous ?")
    assert driss.post(f"{page_of(case)}/reply", other).status_code == 303
    refused = amal.post(f"{page_of(case)}/reply", form)
    assert refused.status_code == 409
    assert "Votre rue a été nettoyée ce matin." in words(refused)
    assert "Somebody changed this case" in words(refused)
    assert said(house) == ["question"]
    # Having looked, they send it again from the page that told them.
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    assert amal.post(f"{page_of(case)}/reply", form).status_code == 303
    assert said(house) == ["question", "answered"]


def test_no_word_is_lost_when_the_case_was_closed_meanwhile(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    driss = enter("supervisor", case.administration)
    other = fields(driss, case, "reply", what="close", message="La benne est passée lundi matin.")
    driss.post(f"{page_of(case)}/reply", other)
    refused = amal.post(f"{page_of(case)}/reply", form)
    assert refused.status_code == 409
    assert "Votre rue a été nettoyée ce matin." in words(refused)


def test_nothing_is_done_to_a_case_that_cannot_be_written_into_the_trail(
    house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    with house.store.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audits WHEN new.act = 'reply'"
                " BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    assert amal.post(f"{page_of(case)}/reply", form).status_code == 500
    assert said(house) == []
    assert rows(house, Case)[0].status == case.status


def test_one_works_through_a_queue_without_going_back_to_it(
    house: House, amal: Worker, case: Case
) -> None:
    take(house, sms(FRENCH, sender=STRANGER, received_at=clock.now()))
    with house.store.write() as session:
        session.execute(update(Case).values(administration=case.administration, status="routed"))
    later = rows(house, Case)[1].number
    here = f"{page_of(case)}?queue=unassigned"
    assert f"{later}?queue=unassigned" in amal.get("/desk/queues/unassigned").text
    form = fields(amal, case, "reply", what="answer", message="Votre rue a été nettoyée ce matin.")
    sent = amal.post(f"{page_of(case)}/reply?queue=unassigned", form)
    assert sent.location == here
    assert re.search(
        rf'rel="next" href="/desk/cases/{later}\?queue=unassigned"', amal.get(here).text
    )
    last = amal.get(f"/desk/cases/{later}?queue=unassigned").text
    assert 'rel="next"' not in last
    assert 'href="/desk/queues/unassigned"' in last
    for unknown in ("disputed", "nonsense", "//evil.example"):
        assert f"queue={unknown}" not in amal.get(f"{page_of(case)}?queue={unknown}").text


def test_another_language_than_the_citizens_is_sent_only_when_meant(
    house: House, amal: Worker, case: Case
) -> None:
    arabic = "تم جمع النفايات من الشارع صباح اليوم، ونعتذر لكم عن التأخير"
    form = fields(amal, case, "reply", what="answer", message=arabic)
    warned = amal.post(f"{page_of(case)}/reply", form)
    assert warned.status_code == 422
    assert "This looks like Arabic, and the citizen writes French." in words(warned)
    assert arabic in words(warned)
    assert said(house) == []
    amal.post(f"{page_of(case)}/reply", form | {"any_language": "1"})
    assert said(house) == ["answered"]


def test_the_counter_knows_what_the_sms_will_cost(amal: Worker, case: Case) -> None:
    def count(message: str) -> dict[str, Any]:
        form = fields(amal, case, "reply", what="say", message=message)
        found: dict[str, Any] = amal.post(f"{page_of(case)}/check", form).get_json()
        return found

    assert count(" ")["segments"] is None
    assert count("Nous regardons.") == {"segments": 1, "narrow": False, "other": None}
    assert count("Nous regardons. " * 20)["segments"] == 3
    assert count("تم جمع النفايات من الشارع صباح اليوم")["other"] == "ar"


def test_a_preview_shows_what_will_arrive_and_sends_nothing(
    house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "reply", what="say", message="Nous regardons.", preview="1")
    page = words(amal.post(f"{page_of(case)}/reply", form))
    assert "What the citizen will get" in page
    assert "Au sujet de votre dossier" in page
    assert said(house) == []


def test_a_template_goes_into_the_answer_without_a_script(
    house: House, amal: Worker, case: Case
) -> None:
    with house.store.write() as session:
        session.add(
            Template(administration=None, language="fr", title="Adresse", text="À quelle adresse ?")
        )
    template = str(rows(house, Template)[-1].id)
    form = fields(amal, case, "reply", message="Bonjour.", template=template, insert="1")
    page = amal.post(f"{page_of(case)}/reply", form)
    assert "Bonjour.\n\nÀ quelle adresse ?</textarea>" in page.text
    assert said(house) == []


def test_a_transfer_leaves_the_desk_of_whoever_made_it(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    form = fields(amal, case, "transfer", administration="health", message="Déchets d'hôpital")
    sent = amal.post(f"{page_of(case)}/transfer", form)
    assert sent.headers["Location"] == "/desk/"
    assert amal.get(page_of(case)).status_code == 404
    receiver = enter("agent", "health")
    page = words(receiver.get(page_of(case)))
    assert "Sent to you by" in page
    assert "Déchets d'hôpital" in page
    receiver.post(f"{page_of(case)}/accept", fields(receiver, case, "accept"))
    assert rows(house, Case)[0].accepted_at is not None


def test_triage_routes_with_one_click(enter: Enter, house: House, case: Case) -> None:
    with house.store.write() as session:
        session.execute(
            update(Case).values(
                administration=None, status="received", candidates=[["health", 0.41]]
            )
        )
    triage = enter("triage")
    form = fields(triage, case, "transfer")
    assert form["administration"] == "health"
    triage.post(f"{page_of(case)}/transfer", form)
    assert rows(house, Case)[0].administration == "health"


@pytest.mark.parametrize(
    ("act", "more", "told"),
    [
        ("refuse", {"ground": ""}, "Choose a ground"),
        ("refuse", {"ground": "competence"}, "which door"),
        ("refuse", {"ground": "<script>"}, "Choose a ground"),
        ("transfer", {"administration": "health", "message": ""}, "Say why"),
        ("transfer", {"administration": "triage", "message": ""}, "Say why"),
        ("transfer", {"administration": "nobody", "message": "x"}, "another administration"),
        ("extend", {"until": "2020-01-01", "message": "Encore."}, "new date"),
        ("extend", {"until": "9999-12-31", "message": "Encore."}, "new date"),
        ("extend", {"until": "soon", "message": "Encore."}, "new date"),
        ("merge", {"into": "12"}, "no such case"),
        ("reply", {"what": "answer", "message": " "}, "must be words"),
        ("reply", {"what": "answer", "message": "x" * 4001, "any_language": "1"}, "too long"),
        ("reply", {"what": "mood", "message": "x"}, "cannot be done"),
        ("note", {"message": ""}, "must be words"),
        ("sort", {"kind": "mood"}, "cannot be done"),
        ("assign", {"user": "999"}, "cannot be done"),
        ("reopen", {}, "cannot be done"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    enter: Enter, house: House, case: Case, act: str, more: dict[str, str], told: str
) -> None:
    worker = enter("supervisor", case.administration)
    form = {**fields(worker, case, act), "version": str(case.version), **more}
    refused = worker.post(f"{page_of(case)}/{act}", form)
    assert refused.status_code == 422
    assert told in words(refused)
    assert said(house) == []
    assert rows(house, Case)[0].version == case.version


def test_a_double_is_joined_only_to_what_one_sees(house: House, amal: Worker, case: Case) -> None:
    take(house, sms(ARABIC, sender="+212699999999"))
    other = rows(house, Case)[-1]
    assert other.administration != case.administration
    form = fields(amal, case, "merge", into=other.number)
    refused = amal.post(f"{page_of(case)}/merge", form)
    assert refused.status_code == 422
    # As for a number that nobody has, and with what was typed still there.
    assert "no such case" in words(refused)
    assert f'value="{other.number}"' in refused.text
    assert rows(house, Case)[0].merged_into is None


def test_an_interim_reply_and_a_refusal_reach_the_citizen(
    house: House, amal: Worker, case: Case
) -> None:
    until = (clock.now() + timedelta(days=75)).date().isoformat()
    form = fields(amal, case, "extend", until=until, message="Nous attendons le laboratoire.")
    assert amal.post(f"{page_of(case)}/extend", form).status_code == 303
    form = fields(amal, case, "refuse", ground="court", message="")
    assert amal.post(f"{page_of(case)}/refuse", form).status_code == 303
    assert said(house) == ["extended", "inadmissible"]
    assert "tribunal" in rows(house, OutboundRow)[-1].text
    page = words(amal.get(page_of(case)))
    assert "Before a court" in page
    assert "Open it again" in page


def test_a_supervisor_gives_a_case_and_an_agent_takes_it(
    enter: Enter, house: House, amal: Worker, case: Case
) -> None:
    amal.post(f"{page_of(case)}/take", fields(amal, case, "take"))
    assert rows(house, Case)[0].assignee_id is not None
    assert amal.post(f"{page_of(case)}/assign", {"user": ""}).status_code == 404
    supervisor = enter("supervisor", case.administration)
    supervisor.post(f"{page_of(case)}/assign", fields(supervisor, case, "assign", user=""))
    assert rows(house, Case)[0].assignee_id is None


def test_an_agents_file_goes_along_by_mail(enter: Enter, house: House) -> None:
    item = sms(FRENCH, sender="a@b.ma", subject="Ordures", received_at=clock.now())
    take(house, item, channel="email")
    (case,) = rows(house, Case)
    worker = enter("admin")
    picture = io.BytesIO()
    Image.new("RGB", (3, 3)).save(picture, "PNG")
    file = (io.BytesIO(picture.getvalue()), "rue\u202egnp.exe")
    form = fields(worker, case, "reply", what="answer", message="Voir la photo.", files=file)
    assert worker.post(f"{page_of(case)}/reply", form).status_code == 303
    (answer,) = rows(house, OutboundRow, key="answered")
    assert answer.files[0][2] == "image/png"
    got = worker.get(f"{page_of(case)}/sent/{answer.id}/0")
    assert got.data == picture.getvalue()
    assert "\u202e" not in got.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("language", "size", "told"),
    [("fr", 1, "1 ko"), ("fr", 25_400, "25 ko"), ("ar", 25_400, "25"), ("fr", 1_480_000, "1,5 Mo")],
)
def test_a_files_size_is_told_in_the_agents_language(
    app: Flask, language: str, size: int, told: str
) -> None:
    with app.test_request_context():
        g.tongue = TONGUES[language]
        shown = weight(size).replace("\N{NO-BREAK SPACE}", " ")
    assert told in shown.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "yte" not in shown


def test_words_without_end_are_cut_on_the_page_and_whole_in_the_message(
    house: House, amal: Worker, case: Case
) -> None:
    with house.store.write() as session:
        session.execute(update(Message).values(text="x" * 30_000))
    page = amal.get(page_of(case)).text
    assert "x" * 19_999 + "…" in page
    assert f"/desk/cases/{case.number}/original/" in page
