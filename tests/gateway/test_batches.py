"""Many messages are processed together: the database is asked once for all, each is still alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from gateway.house import House
from gateway.models import AddressRow, Case, Contact, Message, OutboundRow
from gateway.pipeline.process import BATCH
from gateway.pipeline.waves import waves
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, rows, sms, take


@contextmanager
def counting(house: House) -> Iterator[list[str]]:
    """The statements that the database is sent. SQLite writes row by row and begins by a word:
    that costs it little, for it is no round trip away."""
    free = ("INSERT", "BEGIN") if house.store.is_sqlite else ()
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(free):
            sent.append(statement)

    event.listen(house.store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(house.store.engine, "before_cursor_execute", note)


def lookups(sent: list[str]) -> list[str]:
    return [statement for statement in sent if statement.startswith("SELECT")]


def phone(n: int) -> str:
    return f"+2126{n:08d}"


@pytest.mark.parametrize("text", [FRENCH, ARABIC, "STOP"])
def test_a_full_batch_takes_as_many_statements_as_one_message(house: House, text: str) -> None:
    take(house, sms(text, sender=phone(0)))
    house.pipeline.accept("sms", sms(text, sender=phone(1)))
    with counting(house) as for_one:
        house.pipeline.process()
    for n in range(2, 2 + BATCH):
        house.pipeline.accept("sms", sms(text, sender=phone(n)))
    with counting(house) as for_many:
        house.pipeline.process()
    assert {message.state for message in rows(house, Message)} == {"done"}
    # A full batch looks once more for what other channels brought.
    assert len(for_many) <= len(for_one) + 1


def test_who_comes_back_is_looked_up_together_with_all_others(house: House) -> None:
    for n in range(BATCH):
        house.pipeline.accept("sms", sms(FRENCH, sender=phone(n)))
    take(house)
    more = "C'est au quartier Maârif, près de l'école"
    house.pipeline.accept("sms", sms(more, sender=phone(0)))
    with counting(house) as for_one:
        house.pipeline.process()
    for n in range(1, BATCH):
        house.pipeline.accept("sms", sms(more, sender=phone(n)))
    with counting(house) as for_many:
        house.pipeline.process()
    assert len(rows(house, Case)) == len(rows(house, OutboundRow)) == BATCH
    # Each case is changed by itself, lest somebody's work on it at the desk be overwritten.
    assert len(lookups(for_many)) == len(lookups(for_one))


def test_messages_of_one_sender_in_one_batch_follow_one_another(house: House) -> None:
    take(house, sms(FRENCH), sms(ARABIC, sender=STRANGER), sms("/status"), sms("STOP"))
    assert len(rows(house, Case)) == 2
    assert len(rows(house, Contact)) == 2
    told = [(row.key, row.address.value) for row in rows(house, OutboundRow)]
    assert [key for key, to in told if to == PHONE] == ["acknowledged", "status", "stopped"]
    assert [key for key, to in told if to == STRANGER] == ["acknowledged"]


def test_an_address_that_two_forms_name_is_made_once(house: House) -> None:
    for n in range(2):
        named = {"reply_tel": PHONE, "reply_mail": f"a{n}@example.org", "unheard": "1"}
        house.pipeline.accept("webform", sms(FRENCH, sender="", hints=named))
    house.store.release_claims(rows(house, Message)[0].accepted_at)
    while house.pipeline.process():
        pass
    assert len(rows(house, Case)) == 2
    assert sorted(row.value for row in rows(house, AddressRow)) == [
        PHONE, "a0@example.org", "a1@example.org",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param([1, 2, 1, 3], id="another case has it"),
        pytest.param([1, 2, 2, 3], id="another message of the batch got it"),
        pytest.param([1, 1, 1, 2, 2, 3], id="both"),
    ],
)
def test_a_number_that_is_taken_is_given_to_nobody_else(
    house: House, monkeypatch: pytest.MonkeyPatch, drawn: list[int]
) -> None:
    drawing = iter(drawn)
    monkeypatch.setattr("secrets.randbelow", lambda _: next(drawing))
    take(house, sms(FRENCH, sender=phone(0)))
    take(house, sms(FRENCH, sender=phone(1)), sms(FRENCH, sender=phone(2)))
    assert sorted(int(case.number[2:10]) for case in rows(house, Case)) == [1, 2, 3]
    assert len(rows(house, OutboundRow)) == 3


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"a": "x", "b": "y", "c": ""}, ["abc"], id="strangers to one another"),
        pytest.param({"a": "x", "b": "x", "c": "y"}, ["ac", "b"], id="two of one sender"),
        pytest.param({"a": "x", "b": "xy", "c": "y"}, ["a", "b", "c"], id="a chain"),
        pytest.param({"a": "x", "b": "x", "c": "x"}, ["a", "b", "c"], id="three of one"),
    ],
)
def test_what_concerns_one_another_follows_one_another(
    keys: dict[str, str], expected: list[str]
) -> None:
    assert ["".join(wave) for wave in waves(list(keys.items()))] == expected
