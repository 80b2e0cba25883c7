"""Whatever people write, in whatever order and how often: nothing is lost, nothing disclosed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from gateway.models import AddressRow, Case, CaseAddress, Message, OutboundRow, Question
from normalizer.tracking import find
from tests.dialogues.play import Play, rules

#: Rows of the table by which a message needs no case: nothing was told, or a machine spoke.
_NO_CASE = {"event", "button", "machine", "answer", "number", "command", "empty", "advert"}

_TEXTS = (
    "L'électricité est coupée à Rabat quartier Agdal depuis hier soir",
    "L'hôpital de Fès n'a pas de médecin aux urgences",
    "الزبل مجموع فالزنقة",
    "توجد رائحة كريهة قرب منزلنا",
    "J'ajoute que personne ne répond",
    "voici la photo",
    "{0}",
    "{1} toujours rien",
    "où en est ma réclamation {0} ?",
    "je ne suis pas satisfait",
    "mes dossiers",
    "STOP",
    "START",
    "oui",
    "non",
    "0",
    "1",
    "2",
    "5",
    "Salé",
    "merci",
    "",
    "lien",
    "toujours pas de courant",
    "merci, tout marche",
    "note 1 {0}",
    "pas du tou satisfet de {1}",
    "reprendre",
    "l'hôpital",
    "oui, c'est revenu",
    "code 1111",
    "téléphone partagé",
    "répondez-moi par e-mail à driss@example.ma",
)
_SAYS = st.fixed_dictionaries(
    {
        "who": st.sampled_from(("amina", "brahim")),
        "over": st.sampled_from(("sms", "telegram", "email", "webform")),
        "text": st.sampled_from(_TEXTS),
        "soon": st.booleans(),
        "photo": st.integers(0, 1),
        "id": st.sampled_from((None, None, None, "again")),
    }
)
_WAITS = st.sampled_from(({"wait": "31m"}, {"wait": "4d"}))
_CLOSES = st.just({"agent": "closed", "message": "Fait."})


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Both keep the promises."""
    return str(request.param)


@given(steps=st.lists(st.one_of(_SAYS, _SAYS, _SAYS, _SAYS, _WAITS, _CLOSES), max_size=14))
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nothing_is_lost_nothing_disclosed_and_nobody_answered_twice(
    steps: list[dict[str, Any]], stage: Callable[[], Play], caplog: pytest.LogCaptureFixture
) -> None:
    play = stage()
    for step in steps:
        caplog.clear()
        with caplog.at_level("INFO"):
            said = _take(play, step)
        decided = set(rules(caplog.records))
        _check_answers(play, step, said)
        _check_messages(play, decided)
    _check_nothing_disclosed(play)


def _take(play: Play, step: dict[str, Any]) -> int:
    before = _automatic(play)
    if "wait" in step:
        play.wait(step["wait"])
    elif "agent" in step:
        if play.cases and _is_open(play, play.cases[0]):
            play.agent({**step, "case": "A"})
    else:
        text = step["text"]
        for n in (0, 1):
            number = play.cases[n] if n < len(play.cases) else "264800000000"
            text = text.replace(f"{{{n}}}", number)
        play.say({**step, "says": text})
    play.drain()
    play.name_cases()
    return _automatic(play) - before


def _automatic(play: Play) -> int:
    counted = select(func.count(OutboundRow.id)).where(
        OutboundRow.automatic, OutboundRow.key != "proof_code"
    )
    with play.house.store.read() as session:
        return session.scalar(counted) or 0


def _is_open(play: Play, number: str) -> bool:
    with play.house.store.read() as session:
        return session.scalar(select(Case.status).where(Case.number == number)) != "closed"


def _check_answers(play: Play, step: dict[str, Any], said: int) -> None:
    """One for a message at most; what was held may come to an end together."""
    if "wait" not in step:
        held_no_more = step.get("text") == "0"
        assert said <= 1 or held_no_more


def _check_messages(play: Play, decided: set[str]) -> None:
    """Each is done or waits with an open question; none is without a case but by the table."""
    with play.house.store.read() as session:
        asked = set(session.scalars(select(Question.message_id).filter_by(settled_at=None)))
        for message in session.scalars(select(Message)):
            assert message.state in ("done", "held")
            assert message.state == "done" or message.id in asked
        last = session.scalar(select(Message).order_by(Message.id.desc()).limit(1))
        if last is not None and last.state == "done" and last.case_id is None and decided:
            assert decided & _NO_CASE


def _check_nothing_disclosed(play: Play) -> None:
    """A number is told to nobody but where its case was filed from, or where that was proved."""
    with play.house.store.read() as session:
        for row in session.scalars(select(OutboundRow)):
            for number in find(row.text):
                case = session.scalar(select(Case).where(Case.number == number))
                if case is None:
                    continue
                contacts = session.scalars(
                    select(AddressRow.contact_id)
                    .join(CaseAddress, CaseAddress.address_id == AddressRow.id)
                    .where(CaseAddress.case_id == case.id)
                )
                assert row.address.contact_id in set(contacts)
