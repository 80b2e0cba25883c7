"""Several texts of one story become one case, and long texts in pieces become one text."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway import clock
from gateway.house import House
from gateway.models import Case, Event, Message, OutboundRow
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, WHEN, rows, sms, take

LATER = WHEN + timedelta(seconds=90)
NEXT_DAY = WHEN + timedelta(days=1)


@pytest.mark.parametrize(
    ("second", "channel", "cases", "answers"),
    [
        pytest.param({"received_at": LATER}, "sms", 1, 1, id="a minute later"),
        pytest.param({"received_at": WHEN - timedelta(seconds=90)}, "sms", 1, 1, id="overtaken"),
        pytest.param({"received_at": NEXT_DAY}, "sms", 2, 2, id="the next day"),
        pytest.param({"sender": STRANGER}, "sms", 2, 2, id="somebody else"),
        pytest.param({}, "telegram", 2, 2, id="another channel"),
    ],
)
def test_what_one_phone_says_within_two_minutes_is_one_case(
    house: House, second: dict[str, Any], channel: str, cases: int, answers: int
) -> None:
    take(house, sms(FRENCH))
    take(house, sms("C'est au quartier Maârif, près de l'école", **second), channel=channel)
    assert len(rows(house, Case)) == cases
    assert len(rows(house, OutboundRow)) == answers
    assert all(message.case_id for message in rows(house, Message))


def test_the_rest_of_the_story_is_in_the_case_and_may_tell_who_is_competent(house: House) -> None:
    take(house, sms("Je vous écris pour la deuxième fois, écoutez-moi bien"))
    assert rows(house, Case)[0].administration is None
    take(house, sms(ARABIC, received_at=LATER))
    (case,) = rows(house, Case)
    assert case.text.endswith(ARABIC)
    assert (case.status, case.administration) == ("routed", "water-electricity")
    assert [event.kind for event in rows(house, Event)] == ["received", "added", "routed"]


@pytest.mark.parametrize("word", ["STOP", "SUIVI", "HELP"])
def test_a_word_to_the_machine_is_answered_also_in_between(house: House, word: str) -> None:
    take(house, sms(FRENCH), sms(word, received_at=LATER))
    assert len(rows(house, OutboundRow)) == 2


def test_what_comes_after_an_agent_began_is_a_case_of_its_own(house: House) -> None:
    take(house, sms(FRENCH))
    house.cases.change(rows(house, Case)[0].number, status="in_progress", actor="agent")
    take(house, sms(ARABIC, received_at=LATER))
    assert len(rows(house, Case)) == 2


def test_webhooks_twice_and_out_of_order_make_the_right_cases_each_acknowledged_once(
    house: House,
) -> None:
    """The benchmark `benchmarks/webhooks.py` does the same with five thousand."""
    chance = random.Random(5)
    phones = [f"+2126110000{n:02d}" for n in range(40)]
    texts = [
        sms(f"{FRENCH} {n}", sender=phone, received_at=WHEN + timedelta(seconds=20 * n))
        for phone in phones
        for n in range(3)
    ]
    texts += chance.sample(texts, len(texts) // 10)
    chance.shuffle(texts)
    take(house, *texts)
    assert len(rows(house, Message)) == 120
    assert len(rows(house, Case)) == 40
    assert sorted(row.address.value for row in rows(house, OutboundRow)) == phones


# Pieces.

PIECES = ["الماء مقطوع عن حينا ", "في فاس منذ يومين ", "ولم يخبرنا أحد"]


def pieces(*numbers: int, total: int = 3, **more: Any) -> list[Any]:
    now = clock.now()
    return [
        sms(PIECES[n - 1], hints={"part": f"42/{total}/{n}"}, received_at=now, **more)
        for n in numbers
    ]


def make_due(house: House) -> None:
    with house.store.write() as session:
        session.execute(update(Message).where(Message.state == "new").values(due_at=clock.now()))


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_a_long_text_in_pieces_is_one_text(
    house: House, order: tuple[int, ...], together: bool
) -> None:
    found = pieces(*order)
    for batch in [found] if together else [[piece] for piece in found]:
        take(house, *batch)
    (case,) = rows(house, Case)
    assert case.text == "".join(PIECES)
    assert {message.state for message in rows(house, Message)} == {"done"}
    assert {message.case_id for message in rows(house, Message)} == {case.id}
    assert len(rows(house, OutboundRow)) == 1


def test_until_all_are_here_nothing_is_said_and_no_try_is_counted(house: House) -> None:
    take(house, *pieces(1, 3))
    make_due(house)
    take(house)
    assert rows(house, Case) == []
    assert [message.tries for message in rows(house, Message)] == [0, 0]


def test_a_piece_that_never_comes_does_not_keep_the_others(house: House) -> None:
    take(house, *pieces(1, 3))
    with house.store.write() as session:
        old = clock.now() - timedelta(minutes=5)
        session.execute(update(Message).values(received_at=old, due_at=old))
    take(house)
    make_due(house)
    take(house)
    (case,) = rows(house, Case)
    assert case.text == f"{PIECES[0].strip()} […] {PIECES[2]}".replace("  ", " ")
    assert {message.state for message in rows(house, Message)} == {"done"}


def test_pieces_of_two_phones_are_two_texts(house: House) -> None:
    take(house, *pieces(1, 2, total=2, sender=PHONE), *pieces(1, 2, total=2, sender=STRANGER))
    assert len(rows(house, Case)) == 2
