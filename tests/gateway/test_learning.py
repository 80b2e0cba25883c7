"""What people decide about cases teaches the router, survives refits, and can be taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway import clock, labels
from gateway.cases import HOPS
from gateway.house import House
from gateway.learning import DECISIONS, INTERVAL, Version
from gateway.models import Case, Label, Message, OutboundRow
from routing.train import main as train
from tests.conftest import MakeHouse
from tests.gateway.messages_in import FRENCH, PHONE, rows, sms, take

DRONES = (
    "On refuse ma demande d'autorisation pour faire voler un drone",
    "Mon drone est cloué au sol faute d'autorisation de vol",
    "Personne ne délivre l'autorisation de drone pour filmer un mariage",
)


def number_of(house: House, text: str, sender: str = PHONE) -> str:
    """The case number of a new message, each from another phone so that they stay apart."""
    (message,) = take(house, sms(text, sender))
    (row,) = rows(house, Message, id=message)
    (case,) = rows(house, Case, id=row.case_id)
    return str(case.number)


def test_reroutes_take_effect_on_the_next_message(house: House) -> None:
    for place, text in enumerate(DRONES):
        number = number_of(house, text, f"+21261111111{place}")
        view = house.cases.view(number)
        assert view is not None
        if view.administration != "interior":
            house.cases.change(
                number,
                status="routed",
                message="Not ours.",
                administration="interior",
                actor="an agent",
            )
    number = number_of(house, "Le formulaire de drone n'existe nulle part", "+212611111119")
    view = house.cases.view(number)
    assert view is not None
    assert view.candidates[0][0] == "interior"


def test_a_decision_is_kept_by_the_destination_that_the_router_knows(house: House) -> None:
    number = number_of(house, FRENCH)
    house.cases.change(
        number,
        status="routed",
        message="Not ours.",
        administration="commune-rabat",
        actor="an agent",
    )
    (label,) = rows(house, Label)
    assert (label.slug, label.who) == ("commune", "agent")


def test_taking_up_a_case_confirms_its_route_once(house: House) -> None:
    number = number_of(house, FRENCH)
    house.cases.change(number, status="in_progress", actor="an agent")
    house.cases.change(number, status="answered", message="Fait.", actor="an agent")
    assert [label.slug for label in rows(house, Label)] == ["commune"]


def test_the_third_transfer_goes_to_an_arbiter(house: House) -> None:
    number = number_of(house, FRENCH)
    for place, slug in enumerate(("health", "education", "post"), start=1):
        view = house.cases.change(
            number, status="routed", message="Not ours.", administration=slug, actor="an agent"
        )
        assert view.hops == place
    assert view.hops == HOPS
    assert (view.administration, view.status, view.disputed) == (None, "received", True)
    view = house.cases.change(
        number, status="routed", message="Not ours.", administration="post", actor="an arbiter"
    )
    assert (view.administration, view.status, view.disputed) == ("post", "routed", False)
    # The citizen heard of each.
    assert [row.key for row in rows(house, OutboundRow)].count("transferred") == HOPS + 1


def test_an_advert_is_kept_without_a_case_or_an_answer(house: House) -> None:
    take(house, sms("Gagnez un iPhone gratuit, cliquez sur le lien, offre limitée, promo"))
    (message,) = rows(house, Message)
    assert (message.state, message.intent, message.case_id) == ("done", "spam", None)
    assert not rows(house, OutboundRow)


def test_a_refit_is_due_after_many_decisions_or_a_day(house: House) -> None:
    now = clock.now()
    assert not house.learner.is_due(now)
    house.cases.change(
        number_of(house, FRENCH),
        status="routed",
        message="Not ours.",
        administration="health",
        actor="an agent",
    )
    assert not house.learner.is_due(now)
    assert house.learner.is_due(now + INTERVAL + timedelta(minutes=1))
    with house.store.write() as session:
        (case,) = session.query(Case).all()
        for _ in range(DECISIONS):
            labels.note(session, case, "health", "agent", house.directory, now)
    assert house.learner.is_due(now)


def test_a_rollback_sets_aside_what_was_decided(house: House) -> None:
    house.cases.change(
        number_of(house, DRONES[0]),
        status="routed",
        message="Not ours.",
        administration="interior",
        actor="an agent",
    )
    model = house.learner.model()
    assert model is not None
    assert model.lately
    version = house.learner.roll_back(clock.now())
    assert version == Version(None, 1, 1, version.at, "rollback")
    model = house.learner.model()
    assert model is not None
    assert not model.lately


SMALL = """
[[administration]]
slug = "canals"
kind = "ministry"
name = { fr = "Canaux" }
short = { fr = "Canaux" }
lexicon.fr.sure = ["écluse", "péniche"]

[[administration]]
slug = "windmills"
kind = "ministry"
name = { fr = "Moulins" }
short = { fr = "Moulins" }
lexicon.fr.sure = ["moulin"]
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refit_that_is_no_worse_is_used(make_house: MakeHouse, tmp_path: Path) -> None:
    """The whole way: another process fits, the decisions judge, a version is written."""
    folder = tmp_path / "country"
    (folder / "examples").mkdir(parents=True)
    (folder / "directory.toml").write_text(SMALL, encoding="utf-8")
    (folder / "examples" / "canals.tsv").write_text("fr\tcomplaint\tL'écluse est bloquée\n")
    train([str(folder)])
    house = make_house(GUICHET_DIRECTORY=str(folder))
    number = number_of(house, "Les ailes ne tournent plus depuis la tempête")
    house.cases.change(
        number, status="routed", message="Not ours.", administration="windmills", actor="an agent"
    )
    assert house.learner.waiting() == 1
    assert house.learner.retrain(clock.now()).promoted
    current = house.learner.current()
    assert current is not None
    assert current.file is not None
    assert house.learner.waiting() == 0
    assert house.learner.roll_back(clock.now()).file is None
