"""What citizens do to their own cases happens once, however often they do it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import citizen, clock, questions
from gateway.house import House
from gateway.models import AddressRow, Case, Event, Label, Question
from tests.gateway.messages_in import FRENCH, rows, sms, take

NOW = clock.now()


def _case(session: Session) -> Case:
    return session.scalars(select(Case)).one()


def _closed(house: House) -> None:
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    house.cases.change(case.number, status="closed", message="C'est fait.", actor="agent")


def _reopen(house: House, session: Session, case: Case, reason: str) -> bool:
    """As from the portal."""
    return citizen.reopen(
        session,
        case,
        reason,
        NOW,
        channel="webform",
        directory=house.directory,
        settings=house.settings,
    )


def test_a_rating_is_kept_once_and_may_be_changed(house: House) -> None:
    _closed(house)
    with house.store.write() as session:
        case = _case(session)
        rated = [
            citizen.rate(session, case, score, word, NOW, channel="sms")
            for score, word in ((4, "bien"), (4, ""), (2, ""), (9, ""))
        ]
    assert rated == [True, False, True, False]
    assert rows(house, Case)[0].rating == 2
    assert [event.kind for event in rows(house, Event)].count("rated") == 2


def test_an_open_case_can_be_neither_rated_nor_reopened(house: House) -> None:
    take(house, sms(FRENCH))
    with house.store.write() as session:
        case = _case(session)
        assert not citizen.rate(session, case, 5, "", NOW, channel="sms")
        assert not _reopen(house, session, case, "")


def test_a_case_is_opened_again_once_and_is_no_more_asked_about(house: House) -> None:
    _closed(house)
    with house.store.write() as session:
        case = _case(session)
        case.due_at, case.warned = NOW - timedelta(days=3), 3
        opened = [_reopen(house, session, case, "encore") for _ in range(2)]
    assert opened == [True, False]
    (case,) = rows(house, Case)
    assert case.due_at > NOW, "its clock begins anew: nobody is told at once that it is late"
    assert (case.warned, case.status, case.reopened, case.closed_at) == (0, "reopened", 1, None)
    assert rows(house, Question)[0].settled_at is not None


def test_a_choice_routes_and_is_a_label_until_somebody_works_on_it(house: House) -> None:
    take(house, sms(FRENCH))
    with house.store.write() as session:
        case = _case(session)
        chosen = [
            citizen.choose(session, case, slug, house.directory, NOW) for slug in ("health",) * 2
        ]
        assert (case.administration, case.status) == ("health", "routed")
        case.status = "in_progress"
        assert not citizen.choose(session, case, "education", house.directory, NOW)
    assert chosen == [True, False]
    assert {(label.slug, label.who) for label in rows(house, Label)} == {("health", "citizen")}


def test_a_newer_question_about_the_same_takes_the_older_ones_place(house: House) -> None:
    take(house, sms(FRENCH))
    with house.store.write() as session:
        case, address = _case(session), session.scalars(select(AddressRow)).one()
        for _ in range(2):
            questions.ask(session, address, "sms", "", "city", (), NOW, case=case)
        other = questions.ask(session, address, "sms", "", "rating", (), NOW, case=case)
        found = questions.open_for(session, [address], NOW)
        assert [one.key for one in found] == ["rating", "city"]
        questions.settle(session, other, NOW)
        assert len(questions.open_for(session, [address], NOW)) == 1
        assert questions.open_for(session, [address], NOW + timedelta(days=8)) == []
        assert len(questions.expired(session, NOW + timedelta(days=8))) == 1
