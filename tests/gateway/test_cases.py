"""What people do to a case is written down, told where the law wants it, and never done twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, text, update

from channels.base import Attachment
from gateway import clock
from gateway.cases import GROUNDS, By, CaseError, Conflict, UnknownCase
from gateway.house import House
from gateway.models import AddressRow, Case, CaseAddress, Event, Label, Message, OutboundRow, User
from gateway.notices import Notices
from gateway.visits import may_see
from tests.conftest import MakeHouse
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, rows, sms, take

AMAL = By("Amal")


@pytest.fixture
def number(house: House) -> str:
    """A case, with its citizen's acknowledgement on its way."""
    take(house, sms(FRENCH, received_at=clock.now()))
    return str(rows(house, Case)[0].number)


def case_of(house: House, number: str) -> Case:
    (case,) = rows(house, Case, number=number)
    assert isinstance(case, Case)
    return case


def keys(house: House, **where: Any) -> list[str]:
    """What was said to citizens, without acknowledgements."""
    said = [row.key for row in rows(house, OutboundRow, **where)]
    return [key for key in said if not key.startswith("acknowledged")]


def agent(house: House, administration: str | None = None, **more: Any) -> int:
    """Somebody at the desk."""
    with house.store.write() as session:
        user = User(
            email=f"{more.get('name', 'amal')}@admin.example",
            name=more.pop("name", "amal"),
            role=more.pop("role", "agent"),
            administration=administration,
            language="fr",
            created_at=clock.now(),
            **more,
        )
        session.add(user)
        session.flush()
        return user.id


def test_a_note_is_for_colleagues_only(house: House, number: str) -> None:
    house.cases.note(number, "Voir le dossier de 2024.", AMAL)
    assert keys(house) == []
    assert "2024" not in str(house.cases.view(number))
    staff = house.cases.view(number, staff=True)
    assert staff is not None
    assert staff.events[-1].data["text"] == "Voir le dossier de 2024."


def test_the_reason_of_a_transfer_is_for_whoever_gets_the_case(house: House, number: str) -> None:
    house.cases.change(
        number, status="routed", administration="health", message="Déchets d'hôpital", actor="Amal"
    )
    assert keys(house) == ["transferred"]
    assert "hôpital" not in rows(house, OutboundRow)[-1].text
    citizens, staff = house.cases.view(number), house.cases.view(number, staff=True)
    assert citizens is not None
    assert staff is not None
    assert "hôpital" not in str(citizens.events)
    assert staff.events[-1].data["because"] == "Déchets d'hôpital"


def test_what_was_sent_on_waits_until_its_receiver_accepts(house: House, number: str) -> None:
    before = case_of(house, number).administration
    house.cases.change(
        number, status="routed", administration="health", message="Not ours", actor="Amal"
    )
    case = case_of(house, number)
    assert (case.sent_by, case.accepted_at, case.status) == (before, None, "routed")
    house.cases.accept(number, By("Driss"))
    case = case_of(house, number)
    assert case.accepted_at is not None
    assert case.status == "in_progress"
    # The transfer was told in one line; taking it up is no news.
    assert keys(house) == ["transferred"]
    with pytest.raises(CaseError, match="already"):
        house.cases.accept(number, By("Driss"))


def test_accepting_confirms_the_route(house: House, number: str) -> None:
    house.cases.accept(number, AMAL)
    assert [label.slug for label in rows(house, Label)] == ["commune"]


def test_what_is_nobodys_goes_back_to_triage_with_a_reason(house: House, number: str) -> None:
    with pytest.raises(CaseError, match="why"):
        house.cases.send_back(number, " ", AMAL)
    view = house.cases.send_back(number, "Ni nous ni personne", AMAL)
    assert (view.administration, view.status, view.hops) == (None, "received", 1)
    assert keys(house) == ["transferred"]


def test_the_third_who_sends_a_case_on_brings_it_before_an_arbiter(
    house: House, number: str
) -> None:
    for slug in ("health", "education"):
        house.cases.change(
            number, status="routed", administration=slug, message="Not ours", actor="Amal"
        )
    view = house.cases.send_back(number, "Not ours either", AMAL)
    assert (view.disputed, view.hops, view.administration) == (True, 3, None)


def test_an_agent_of_another_administration_gets_no_case(house: House, number: str) -> None:
    own, other = case_of(house, number).administration, agent(house, "health", name="driss")
    with pytest.raises(CaseError, match="another administration"):
        house.cases.assign(number, other, AMAL)
    with pytest.raises(CaseError, match="nobody"):
        house.cases.assign(number, 999, AMAL)
    mine = agent(house, own)
    house.cases.assign(number, mine, AMAL)
    assert case_of(house, number).assignee_id == mine
    house.cases.assign(number, None, AMAL)
    assert case_of(house, number).assignee_id is None


def test_whoever_had_a_case_does_not_have_it_elsewhere(house: House, number: str) -> None:
    house.cases.assign(number, agent(house, case_of(house, number).administration), AMAL)
    house.cases.send_back(number, "Not ours", AMAL)
    assert case_of(house, number).assignee_id is None


def test_a_case_is_closed_with_or_after_a_reasoned_answer_only(house: House, number: str) -> None:
    with pytest.raises(CaseError, match="reasoned answer"):
        house.cases.change(number, status="closed", actor="Amal")
    house.cases.change(number, status="answered", message="Réparé.", actor="Amal")
    assert house.cases.change(number, status="closed", actor="Amal").status == "closed"


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", [FRENCH, ARABIC])
def test_a_refusal_names_its_ground_in_the_citizens_language(
    house: House, ground: str, text: str
) -> None:
    take(house, sms(text))
    case = rows(house, Case)[0]
    view = house.cases.change(
        case.number, status="inadmissible", ground=ground, message="Rue 5.", actor="Amal"
    )
    assert _ground(house, ground, case) in str(view.events[-1].data["message"])
    assert case_of(house, case.number).ground == ground
    told = "".join(row.text for row in rows(house, OutboundRow, key="inadmissible"))
    assert "Rue 5." in told


def _ground(house: House, ground: str, case: Case) -> str:
    notices: Notices = house.pipeline.parts.notices
    return notices.say(f"ground_{ground}", {}, case.language, "long")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "inadmissible", "message": "Non."}, id="no ground"),
        pytest.param({"status": "inadmissible", "ground": "mood"}, id="no ground of the list"),
        pytest.param({"status": "inadmissible", "ground": "competence"}, id="no right door"),
        pytest.param({"status": "answered", "message": "Oui.", "ground": "court"}, id="no refusal"),
    ],
)
def test_a_refusal_without_what_the_law_wants_is_none(
    house: House, number: str, change: dict[str, Any]
) -> None:
    with pytest.raises(CaseError):
        house.cases.change(number, actor="Amal", **change)
    assert keys(house) == []


def test_an_interim_reply_tells_the_reason_and_the_new_date(house: House, number: str) -> None:
    due = case_of(house, number).due_at
    until = due + timedelta(days=20)
    house.cases.extend(number, until, "Nous attendons le laboratoire.", AMAL)
    case = case_of(house, number)
    assert case.due_at == until
    assert case.extended_at is not None
    (row,) = rows(house, OutboundRow, key="extended")
    assert "laboratoire" in row.text
    with pytest.raises(CaseError, match="before"):
        house.cases.extend(number, until + timedelta(days=1), "Encore.", AMAL)


@pytest.mark.parametrize(
    ("days", "reason", "problem"),
    [(0, "Why.", "later"), (-5, "Why.", "later"), (5000, "Why.", "too long"), (9, " ", "why")],
)
def test_an_answer_is_not_put_off_without_measure_or_reason(
    house: House, number: str, days: int, reason: str, problem: str
) -> None:
    until = case_of(house, number).due_at + timedelta(days=days)
    with pytest.raises(CaseError, match=problem):
        house.cases.extend(number, until, reason, AMAL)
    assert keys(house) == []


def test_a_case_that_is_opened_again_has_its_whole_time_once_more(
    house: House, number: str
) -> None:
    house.cases.change(number, status="answered", message="Réparé.", actor="Amal")
    with house.store.write() as session:
        past = clock.now() - timedelta(days=1)
        session.execute(update(Case).values(due_at=past, warned=3))
    house.cases.change(number, status="reopened", actor="Amal")
    case = case_of(house, number)
    assert (case.reopened, case.warned) == (1, 0)
    assert case.due_at > clock.now() + timedelta(days=50)


# --- doubles -------------------------------------------------------------------------------------


@pytest.fixture
def doubles(house: House) -> Callable[[str], tuple[str, str]]:
    """Makes two cases about one thing, the second one from this phone."""

    def make(phone: str) -> tuple[str, str]:
        take(house, sms(FRENCH))
        with house.store.write() as session:
            session.execute(update(Message).values(received_at=clock.now() - timedelta(days=3)))
            session.execute(update(Case).values(status="answered"))
        take(house, sms(f"Nouvelle plainte : {FRENCH}, encore les ordures", sender=phone))
        with house.store.write() as session:
            session.execute(update(Case).values(status="routed"))
        first, second = rows(house, Case)
        return first.number, second.number

    return make


def test_one_persons_double_goes_along_silently(
    house: House, doubles: Callable[[str], tuple[str, str]]
) -> None:
    first, second = doubles(STRANGER)
    with house.store.write() as session:
        # The same person, by two phones.
        contact = rows(house, AddressRow, value=PHONE)[0].contact_id
        session.execute(update(AddressRow).values(contact_id=contact))
        session.execute(update(Case).values(contact_id=contact))
    house.cases.merge(second, first, AMAL)
    main, double = case_of(house, first), case_of(house, second)
    assert double.merged_into == main.id
    assert {message.case_id for message in rows(house, Message)} == {main.id}
    assert len(rows(house, CaseAddress, case_id=main.id)) == 2
    house.cases.change(first, status="answered", message="Réparé.", actor="Amal")
    assert case_of(house, second).status == "answered"
    assert keys(house) == ["answered"]


def test_another_persons_double_keeps_its_words_and_hears_every_answer(
    house: House, doubles: Callable[[str], tuple[str, str]]
) -> None:
    first, second = doubles(STRANGER)
    house.cases.merge(second, first, AMAL)
    assert keys(house) == ["merged"]
    with house.store.read() as session:
        assert not may_see(session, first, STRANGER, house.settings)
    assert len({message.case_id for message in rows(house, Message)}) == 2
    house.cases.change(first, status="answered", message="Réparé.", actor="Amal")
    told = {
        row.address.value: row.facts["number"] for row in rows(house, OutboundRow, key="answered")
    }
    assert told == {PHONE: first, STRANGER: second}
    assert case_of(house, second).status == "answered"


def test_a_double_is_not_treated_by_itself_nor_made_of_itself(
    house: House, doubles: Callable[[str], tuple[str, str]]
) -> None:
    first, second = doubles(STRANGER)
    with pytest.raises(CaseError, match="itself"):
        house.cases.merge(first, first, AMAL)
    with pytest.raises(UnknownCase):
        house.cases.merge(first, "000000000000", AMAL)
    house.cases.merge(second, first, AMAL)
    with pytest.raises(CaseError, match="together"):
        house.cases.change(second, status="answered", message="Oui.", actor="Amal")
    with pytest.raises(CaseError, match="together"):
        house.cases.merge(first, second, AMAL)


@pytest.mark.parametrize("answered", [0, 1], ids=["the case it repeats", "the double"])
def test_nobody_is_told_to_wait_for_an_answer_that_was_given(
    house: House, doubles: Callable[[str], tuple[str, str]], answered: int
) -> None:
    cases = doubles(STRANGER)
    house.cases.change(cases[answered], status="answered", message="Réparé.", actor="Amal")
    first, second = cases
    with pytest.raises(CaseError, match="is answered"):
        house.cases.merge(second, first, AMAL)
    assert keys(house) == ["answered"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_cases_joined_from_both_ends_at_once_do_not_wait_for_each_other(
    house: House, doubles: Callable[[str], tuple[str, str]]
) -> None:
    first, second = doubles(STRANGER)
    merging = Thread(target=house.cases.merge, args=(second, first, AMAL))
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with house.store.write() as session:
        session.scalar(select(Case).where(Case.number == first).with_for_update())
        merging.start()
        while merging.is_alive() and not session.scalar(waiting):
            time.sleep(0.01)
        # Whoever waits for the first holds nothing that we could come to want.
        session.scalar(select(Case).where(Case.number == second).with_for_update(nowait=True))
    merging.join()
    assert case_of(house, second).merged_into == case_of(house, first).id


# --- two at once ---------------------------------------------------------------------------------


def test_no_answer_overwrites_another(house: House, number: str) -> None:
    seen = case_of(house, number).version
    house.cases.say(number, "Nous regardons.", By("Amal", seen, "sheet-1"))
    with pytest.raises(Conflict):
        house.cases.say(number, "Pas nous.", By("Driss", seen, "sheet-2"))
    sheet = By("Driss", seen, "sheet-3")
    with pytest.raises(Conflict):
        house.cases.change(number, status="answered", message="Fini.", actor=sheet)
    assert keys(house) == ["told"]


def test_the_same_sheet_sent_twice_is_done_once(house: House, number: str) -> None:
    seen = case_of(house, number).version
    for _ in range(2):
        house.cases.say(number, "Nous regardons.", By("Amal", seen, "sheet-1"))
        house.cases.note(number, "Appelé la mairie.", By("Amal", seen, "sheet-2"))
    assert keys(house) == ["told"]
    assert [event.kind for event in rows(house, Event)].count("note") == 1


def test_a_note_is_never_refused_for_what_changed_meanwhile(house: House, number: str) -> None:
    seen = case_of(house, number).version
    house.cases.say(number, "Nous regardons.", By("Amal", seen))
    house.cases.note(number, "Appelé.", By("Driss", seen))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_go_along_stops_the_answer(make_house: MakeHouse) -> None:
    house = make_house()
    take(house, sms(FRENCH))
    number = rows(house, Case)[0].number
    with pytest.raises(CaseError, match="no files"):
        house.cases.say(number, "Voir.", AMAL, [Attachment("a.pdf", content=b"%PDF-1.4")])
    assert keys(house) == []
