"""Who may send a form: browsers that worked for it, slow ones, and no machine by the thousand."""

from __future__ import annotations

import html
import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from altcha import Challenge, Payload, solve_challenge
from flask import Flask
from itsdangerous import TimestampSigner

from gateway import clock
from gateway.house import House
from gateway.web.current import KEY
from tests.web.conftest import MakeApp
from tests.web.pages.citizen import Citizen, number_on, payload, words
from tests.web.pages.test_submit import stored

SOLVER = Path(__file__).parents[3] / "gateway" / "web" / "static" / "effort.js"
COST = 20


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(SUBMIT_EFFORT=str(COST))


def read_over(citizen: Citizen, fields: dict[str, str]) -> dict[str, str]:
    """The fields of the page on which a form is read back, with its challenge."""
    page = citizen.send("/fr/submit/check", fields)
    assert page.status_code == 200, words(page)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    challenge = re.search(r'data-challenge="([^"]+)"', page.text)
    assert challenge
    shown = {name: html.unescape(value) for name, value in hidden.items()}
    return {**shown, "challenge": html.unescape(challenge[1])}


def solved(challenge: str) -> str:
    known = Challenge.from_dict(json.loads(challenge))
    solution = solve_challenge(known)
    assert solution
    return Payload(known, solution).to_base64()


def proved(fields: dict[str, str]) -> dict[str, str]:
    return {**fields, "effort": solved(fields.pop("challenge"))}


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    """Let time pass, for us and for the signature that tells when a page was shown."""
    then = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: then)
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(then.timestamp()))


def test_a_browser_that_worked_for_it_is_let_in_at_once(citizen: Citizen) -> None:
    sent = citizen.post("/fr/submit", proved(read_over(citizen, payload("french"))))
    assert sent.status_code == 303
    assert number_on(citizen.get(sent.location))


def test_our_solver_and_altchas_agree(app: Flask) -> None:
    """The browser's half is ours: what it finds is what the library accepts."""
    house: House = app.extensions[KEY]
    challenge = json.dumps(house.effort.challenge(clock.now()))
    script = f"import('{SOLVER}').then(({{solve}}) => solve({challenge}).then(console.log))"
    found = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert house.effort.proves(found.stdout.strip(), "form", clock.now())


def test_the_same_form_twice_is_one_case_and_one_proof_is_good_for_one_form(
    citizen: Citizen, house: House
) -> None:
    fields = proved(read_over(citizen, payload("french")))
    numbers = {number_on(citizen.get(citizen.post("/fr/submit", fields).location)) for _ in "12"}
    assert len(numbers) == 1
    other = citizen.post("/fr/submit", fields | {"message": "Autre chose", "opened": ""})
    assert other.status_code == 200
    assert "Rien n’est encore envoyé" in words(other)
    assert stored(house) == 1


@pytest.mark.parametrize(
    "effort",
    [
        pytest.param("", id="none"),
        pytest.param("bm90IGpzb24=", id="no JSON"),
        pytest.param("é" * 20, id="no base64"),
        pytest.param("A" * 100_000, id="endless"),
    ],
)
def test_what_is_no_proof_lets_nobody_in(citizen: Citizen, house: House, effort: str) -> None:
    fields = read_over(citizen, payload("french")) | {"effort": effort, "opened": ""}
    assert citizen.post("/fr/submit", fields).status_code == 200
    assert stored(house) == 0


def test_a_challenge_made_easier_by_its_solver_is_worth_nothing(
    citizen: Citizen, house: House
) -> None:
    fields = read_over(citizen, payload("french"))
    challenge = json.loads(fields["challenge"])
    challenge["parameters"]["keyPrefix"] = ""
    cheap = proved(fields | {"challenge": json.dumps(challenge), "opened": ""})
    assert citizen.post("/fr/submit", cheap).status_code == 200
    assert stored(house) == 0


def test_a_solution_is_over_after_some_hours(
    citizen: Citizen, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = proved(read_over(citizen, payload("french")))
    monkeypatch.setattr("altcha.v2.time.time", lambda: clock.now().timestamp() + 5 * 3600)
    assert not house.effort.proves(fields["effort"], "form", clock.now())


def test_a_browser_without_javascript_is_let_in_after_a_moment(
    citizen: Citizen, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = read_over(citizen, payload("french"))
    hasty = citizen.post("/fr/submit", fields)
    assert hasty.status_code == 422
    assert "Patientez 12 secondes" in words(hasty)
    assert payload("french")["message"].split("\r\n")[0] in html.unescape(hasty.text)
    assert stored(house) == 0
    # The page that asked to wait counts from when the form was first read over.
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', hasty.text))
    assert again["opened"] == fields["opened"]
    later(monkeypatch, seconds=13)
    assert citizen.post("/fr/submit", fields).status_code == 303
    assert stored(house) == 1


def test_a_forged_or_borrowed_waiting_time_is_none(
    citizen: Citizen, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = (read_over(citizen, payload("french")) for _ in "12")
    later(monkeypatch, seconds=13)
    for opened in ("forged", theirs["opened"]):
        assert citizen.post("/fr/submit", mine | {"opened": opened}).status_code == 200
    assert stored(house) == 0


def test_without_proof_of_work_only_some_are_let_in_and_their_words_stay(
    app: Flask, citizen: Citizen, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without proof sends six; its neighbours behind other addresses are not kept out,
    nor is a browser behind the same one that works for its form."""
    forms = [read_over(citizen, payload("french")) for _ in range(8)]
    neighbour = Citizen(app, "203.0.113.8")
    beside = read_over(neighbour, payload("arabic"))
    later(monkeypatch, seconds=13)
    answers = [citizen.post("/fr/submit", fields) for fields in forms]
    assert [answer.status_code for answer in answers] == [303] * 6 + [429] * 2
    assert "Réessayez dans dix minutes" in words(answers[-1])
    assert payload("french")["message"].split("\r\n")[0] in html.unescape(answers[-1].text)
    assert neighbour.post("/ar/submit", beside).status_code == 303
    monkeypatch.undo()
    assert citizen.post("/fr/submit", proved(forms[-1])).status_code == 303
    assert stored(house) == 8


def test_forms_without_proof_leave_no_trace_however_many(citizen: Citizen, house: House) -> None:
    fields = read_over(citizen, payload("french")) | {"opened": ""}
    answers = {
        citizen.post("/fr/submit", fields | {"message": f"spam {n}"}).status_code
        for n in range(200)
    }
    assert answers == {200}
    assert stored(house) == 0
