"""What the desk's pages show and to whom, and what they do."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from gateway.clock import now as _now
from gateway.house import House
from gateway.models import Article, Audit, Case, Message, Template
from gateway.roles import Role
from gateway.web.desk.acts import ACTS
from tests.gateway.messages_in import FRENCH, rows, sms, take
from tests.many_cases import fill
from tests.web.desk.conftest import Enter
from tests.web.desk.worker import words

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"

#: Every page by the roles that may open it.
PAGES = {
    "/desk/account": "agent supervisor triage auditor admin",
    "/desk/queues/all": "agent supervisor triage auditor admin",
    "/desk/queues/mine": "agent supervisor triage admin",
    "/desk/queues/triage": "agent supervisor triage auditor admin",
    "/desk/queues/late": "agent supervisor auditor admin",
    "/desk/queues/nonsense": "",
    "/desk/aside": "triage admin",
    "/desk/aside/1": "triage admin",
    "/desk/audit": "auditor admin",
    "/desk/audit.csv": "auditor admin",
    "/desk/users": "admin",
    "/desk/templates": "supervisor admin",
    "/desk/templates/new": "supervisor admin",
    "/desk/articles": "admin",
    "/desk/articles/new": "admin",
}


@pytest.fixture
def shunted(house: House) -> Message:
    """A message that could not be processed."""
    take(house, sms(EVIL, sender="+212612345678", raw=EVIL.encode()))
    with house.store.write() as session:
        session.execute(update(Message).values(state="shunted", error="ValueError", tries=5))
    message: Message = rows(house, Message)[0]
    return message


def number_of(house: House, **facts: object) -> str:
    """A case of the ministry of health."""
    take(house, sms(FRENCH))
    case = rows(house, Case)[-1]
    with house.store.write() as session:
        session.execute(
            update(Case)
            .where(Case.id == case.id)
            .values({"administration": "health", "status": "routed", **facts})
        )
    return str(case.number)


@pytest.mark.parametrize("role", ["agent", "supervisor", "triage", "auditor", "admin"])
def test_each_role_opens_its_pages_and_no_others(
    enter: Enter, shunted: Message, role: Role
) -> None:
    """What is not theirs answers like what does not exist."""
    worker = enter(role)
    opened = {path for path in PAGES if worker.get(path).status_code == 200}
    assert opened == {path for path, roles in PAGES.items() if role in roles.split()}
    assert {worker.get(path).status_code for path in PAGES if path not in opened} == {404}


def test_every_page_in_every_language_works_without_script_or_style_in_it(
    enter: Enter, house: House, shunted: Message
) -> None:
    number_of(house)
    worker = enter("admin")
    for language in ("ar", "fr", "en"):
        worker.get("/desk/account")
        worker.post("/desk/account", {"language": language})
        for path in PAGES:
            page = worker.get(path)
            if page.mimetype != "text/html" or page.status_code != 200:
                continue
            assert page.text.count("<h1") == 1, path
            assert "<style" not in page.text, path
            assert not re.search(r"<[^>]*\s(?:style|on\w+)=", page.text), path
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Frame-Options"] == "DENY"
            assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_a_case_of_another_administration_is_a_case_that_does_not_exist(
    enter: Enter, house: House
) -> None:
    number = number_of(house)
    ours, theirs = enter("agent", "health"), enter("agent", "justice")
    for list_ in ("/desk/queues/all", f"/desk/queues/all?q={number}"):
        assert f"/desk/cases/{number}" in ours.get(list_).text
        assert f"/desk/cases/{number}" not in theirs.get(list_).text
    unknown, forbidden = (theirs.get(f"/desk/cases/{one}") for one in ("264831592783", number))
    assert (unknown.status_code, forbidden.status_code) == (404, 404)
    assert words(unknown) == words(forbidden)


def test_a_list_names_a_channel_that_is_in_service_no_more(enter: Enter, house: House) -> None:
    number_of(house, channel="email")
    assert "email" not in house.channels
    assert "Mail" in words(enter("agent", "health").get("/desk/queues/all")).split()


def test_a_page_that_did_not_look_through_everything_says_so_and_goes_on(
    enter: Enter, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes the end of a page for the end of the list."""
    monkeypatch.setattr("gateway.lists.LOOKED", 2)
    monkeypatch.setattr("gateway.lists.FURTHER", 4)
    fill(house.store, [], 9, _now())
    worker, path = enter("admin"), "/desk/queues/all?city=nowhere"
    for _ in range(2):
        page = worker.get(path)
        assert "Looked through the cases received since" in words(page)
        assert "Nothing so far." in words(page)
        (path,) = re.findall(r'rel="next" href="([^"]+)">Go on looking', page.text)
        path = unescape(path)
    assert "Nothing more." in words(worker.get(path))


@pytest.mark.parametrize("path", ["/desk/queues/all", "/desk/queues/all?q=alert", "/desk/aside"])
def test_what_citizens_write_never_becomes_part_of_a_page(
    enter: Enter, house: House, shunted: Message, path: str
) -> None:
    number_of(house, subject=EVIL, text=EVIL, city=EVIL, channel=EVIL[:40])
    page = enter("admin").get(path)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_what_is_searched_for_never_becomes_part_of_a_page(enter: Enter) -> None:
    said = f'"{EVIL}'
    asked = dict.fromkeys(("q", "city", "after", "since", "assignee", "status"), said)
    page = enter("admin").get(f"/desk/queues/all?{urlencode(asked)}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_looking_through_a_list_is_written_down(enter: Enter, house: House) -> None:
    number = number_of(house)
    enter("agent", "health").get("/desk/queues/unassigned?q=ordures")
    line = rows(house, Audit, act="list")[-1]
    assert line.data == {"queue": "unassigned", "asked": {"q": "ordures"}, "cases": [number]}
    assert line.who == "The agent"


def test_an_auditor_filters_the_trail_and_takes_it_along(enter: Enter, house: House) -> None:
    number = number_of(house)
    enter("agent", "health").get(f"/desk/cases/{number}")
    auditor = enter("auditor")
    page = words(auditor.get(f"/desk/audit?case={number[:4]}+{number[4:]}"))
    assert "The agent" in page
    lines = page.split("As CSV")[1]
    assert "Case opened" in lines
    assert "Login" not in lines
    exported = list(csv.DictReader(StringIO(auditor.get("/desk/audit.csv").text)))
    assert exported[0]["act"] == "audit exported"
    assert [one["case"] for one in exported if one["act"] == "read"] == [number]
    (only,) = csv.DictReader(StringIO(auditor.get(f"/desk/audit.csv?case={number}").text))
    assert (only["act"], only["who"]) == ("read", "The agent")
    assert list(csv.DictReader(StringIO(auditor.get("/desk/audit.csv?case=nonsense").text))) == []


def test_every_act_has_its_words_in_the_trail(enter: Enter) -> None:
    """What the code calls an act is for the file; people read words, and can choose each."""
    gateway = Path(__file__).parents[3] / "gateway"
    code = "\n".join(file.read_text() for file in gateway.rglob("*.py"))
    pages = "\n".join(file.read_text() for file in (gateway / "web" / "desk").glob("*.py"))
    api = (gateway / "web" / "api.py").read_text()
    acts = {
        *ACTS,
        *("user enabled", "user disabled"),
        *re.findall(r'audit\.note\([^"\n]*"([a-z ]+)"', code),
        *re.findall(r'\bnote\("([a-z ]+)"', pages),
        *re.findall(r'\b_(?:note|done)\(\s*"([a-z ]+)"', pages + api),
    }
    assert {"read", "list", "login refused", "user changed", "return"} <= acts
    auditor = enter("auditor")
    shown = re.findall(
        r"<option value=\"([a-z ]+)\">([^<]+)</option>", auditor.get("/desk/audit").text
    )
    assert acts <= {value for value, _ in shown}
    assert [value for value, told in shown if value == told.strip()] == []


def test_a_spreadsheet_runs_nothing_of_the_trail(enter: Enter, house: House) -> None:
    house.staff.add("a@example.ma", "=cmd|' /C calc'!A0", "agent", None, "fr", _now(), by="=1+1")
    text = enter("auditor").get("/desk/audit.csv").text
    assert "'=1+1" in text
    assert ",=1+1" not in text


def test_a_message_that_was_set_aside_is_seen_downloaded_and_tried_again(
    enter: Enter, house: House, shunted: Message
) -> None:
    worker = enter("triage")
    page = worker.get("/desk/aside")
    assert "ValueError" in words(page)
    raw = worker.get(f"/desk/aside/{shunted.id}")
    assert raw.data == EVIL.encode()
    assert raw.mimetype == "application/octet-stream"
    assert raw.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in raw.headers["Content-Security-Policy"]
    worker.get("/desk/aside")
    worker.post("/desk/aside", {"id": [shunted.id, "x", "9" * 30]})
    (message,) = rows(house, Message)
    assert (message.state, message.tries) == ("new", 0)
    assert [one.act for one in rows(house, Audit)][-2:] == ["download", "retry"]
    assert worker.get(f"/desk/aside/{shunted.id}").status_code == 404, "it is an ordinary one now"


def test_an_administrator_makes_accounts_and_hands_over_what_no_mail_carries(
    enter: Enter, house: House
) -> None:
    worker = enter("admin")
    worker.get("/desk/users")
    form = {
        "email": "amal@example.ma",
        "name": f"Amal {EVIL}",
        "role": "agent",
        "administration": "health",
        "language": "fr",
    }
    page = worker.post("/desk/users", form)
    link = re.search(r"http://localhost(/desk/password/\w+)", page.text)
    assert link
    assert "<script>alert" not in page.text
    assert worker.get(link[1]).status_code == 200
    worker.get("/desk/users")
    assert worker.post("/desk/users", form).status_code == 422
    amal = house.staff.find("amal@example.ma")
    assert amal
    assert amal.administration == "health"
    assert worker.post("/desk/users/change", {"id": amal.id, "act": "disable"}).status_code == 303
    assert worker.get(link[1]).status_code == 410
    assert worker.post("/desk/users/change", {"id": amal.id, "act": "enable"}).status_code == 303
    myself = house.staff.find("admin-all@example.ma")
    assert myself
    for act in ("disable", "change"):
        answer = worker.post("/desk/users/change", {"id": myself.id, "act": act, "role": "agent"})
        assert answer.status_code == 404, "nobody shuts themselves out"
    assert worker.get(f"/desk/users/{myself.id}").status_code == 404


def test_an_administrator_gives_an_account_another_place(enter: Enter, house: House) -> None:
    number = number_of(house)
    amal, worker = enter("agent", "justice"), enter("admin")
    who = house.staff.find("agent-justice@example.ma")
    assert who
    assert amal.get(f"/desk/cases/{number}").status_code == 404
    assert '<option value="justice" selected>' in worker.get(f"/desk/users/{who.id}").text
    form = {"id": who.id, "act": "change", "role": "supervisor", "administration": "health"}
    assert worker.post("/desk/users/change", {**form, "administration": "x"}).status_code == 400
    assert worker.post("/desk/users/change", {**form, "role": "king"}).status_code == 400
    assert worker.post("/desk/users/change", form).status_code == 303
    assert amal.get(f"/desk/cases/{number}").status_code == 200, "from the next click on"
    for other in (enter("supervisor"), amal):
        assert other.get(f"/desk/users/{who.id}").status_code == 404


def test_a_supervisor_writes_templates_for_their_own_administration(
    enter: Enter, house: House
) -> None:
    with house.store.write() as session:
        session.add(Template(administration="justice", language="fr", title="X", text="x"))
        session.add(Template(administration=None, language="fr", title="Tous", text="Bonjour"))
    worker = enter("supervisor", "health")
    worker.get("/desk/templates/new")
    text = {"title": "Merci", "text": "Merci de\r\nvotre patience.", "language": "fr"}
    sent = worker.post("/desk/templates/new", {**text, "administration": "justice"})
    assert sent.status_code == 303
    mine = rows(house, Template)[-1]
    assert (mine.administration, mine.text) == ("health", "Merci de\nvotre patience.")
    page = words(worker.get("/desk/templates"))
    assert "Tous" in page
    assert "Merci" in page
    assert "X" not in page.split()
    for other in (1, 2):
        assert worker.get(f"/desk/templates/{other}").status_code == 404
        worker.get("/desk/templates")
        assert worker.post(f"/desk/templates/{other}", {**text, "drop": "1"}).status_code == 404
    assert worker.post(f"/desk/templates/{mine.id}", {**text, "title": ""}).status_code == 422
    assert worker.post(f"/desk/templates/{mine.id}", {**text, "drop": "1"}).status_code == 303
    assert len(rows(house, Template)) == 2


def test_questions_and_answers_are_looked_at_before_they_are_kept(
    enter: Enter, house: House
) -> None:
    worker = enter("admin")
    worker.get("/desk/articles/new")
    form = {
        "slug": "how-to-begin",
        "language": "fr",
        "title": "Combien de temps ?",
        "text": f"**Soixante jours.**\n\n{EVIL} [ici](javascript:alert(1))",
        "position": "3",
        "published": "1",
    }
    looked = worker.post("/desk/articles/new", {**form, "look": "1"})
    assert "<strong>Soixante jours.</strong>" in looked.text
    assert "<script>alert" not in looked.text
    assert 'href="javascript' not in looked.text
    before = len(rows(house, Article))
    assert worker.post("/desk/articles/new", form).status_code == 303
    assert len(rows(house, Article)) == before + 1
    kept = rows(house, Article, slug="how-to-begin")[0]
    assert (kept.title, kept.position, kept.published) == ("Combien de temps ?", 3, True)
    assert worker.post("/desk/articles/new", form).status_code == 422, "the name is taken"
    assert worker.post("/desk/articles/new", {**form, "slug": "Ä!"}).status_code == 422
    assert worker.post(f"/desk/articles/{kept.id}", {**form, "drop": "1"}).status_code == 303
    assert rows(house, Article, slug="how-to-begin") == []
