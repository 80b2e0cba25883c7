"""Messages that come at the same moment share a commit, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import event, inspect, update
from sqlalchemy.exc import OperationalError, StatementError

from channels.base import Inbound, Location, Receipt
from gateway.house import House
from gateway.models import Case, Message
from gateway.pipeline import fibres
from gateway.pipeline.accept import accept_all
from gateway.pipeline.moment import Moment
from tests.gateway.messages_in import FRENCH, rows, sms

#: As many as a burst brings to one process.
MANY = 20


@contextmanager
def inserting(
    house: House, before: Callable[[], Any] = lambda: None, into: str = "messages"
) -> Iterator[list[str]]:
    """The INSERTs of one kind of rows; ``before`` is called ahead of each."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(f"INSERT INTO {into} "):
            before()
            sent.append(statement)

    event.listen(house.store.engine, "before_cursor_execute", note)
    yield sent
    event.remove(house.store.engine, "before_cursor_execute", note)


def together(house: House, ids: list[str]) -> list[Receipt]:
    """Accept a message of each id at the same moment, from a thread each."""
    ready = threading.Barrier(len(ids))

    def one(external_id: str) -> Receipt:
        ready.wait()
        return house.pipeline.accept("sms", sms(FRENCH, external_id=external_id))

    with ThreadPoolExecutor(len(ids)) as threads:
        return list(threads.map(one, ids))


def test_they_are_written_together_and_each_gets_its_own_receipt(house: House) -> None:
    ids = [f"SM{n:032x}" for n in range(MANY)]
    with inserting(house, lambda: threading.Event().wait(0.1)) as sent:
        receipts = together(house, ids)
    assert len(sent) < MANY
    stored = {row.external_id: row.id for row in rows(house, Message)}
    assert [receipt.message_id for receipt in receipts] == [stored[one] for one in ids]
    assert not any(receipt.duplicate for receipt in receipts)


def side_by_side(house: House, ids: Sequence[str]) -> dict[str, Receipt | BaseException]:
    """Accept a message of each id in this thread: its receipt, or what it was told instead."""
    found: dict[str, Receipt | BaseException] = {}

    def one(external_id: str) -> None:
        try:
            message = sms(FRENCH, external_id=external_id)
            found[external_id] = house.pipeline.accept("sms", message)
        except BaseException as told:  # noqa: BLE001
            found[external_id] = told

    fibres.run(partial(one, each) for each in ids)
    return found


def test_those_of_one_thread_are_written_with_one_statement(house: House) -> None:
    ids = [f"SM{n:032x}" for n in range(MANY)]
    with inserting(house) as sent:
        receipts = side_by_side(house, ids)
    assert len(sent) == 1
    stored = {row.external_id: Receipt(row.id) for row in rows(house, Message)}
    assert list(receipts) == ids
    assert receipts == stored


@pytest.mark.parametrize("trouble", [OperationalError("", {}, OSError()), SystemExit()], ids=repr)
def test_when_they_cannot_be_written_each_of_them_hears_of_it(
    house: House, trouble: BaseException
) -> None:
    def away() -> None:
        raise trouble

    with inserting(house, away):
        assert side_by_side(house, ["SM1", "SM2"]) == {"SM1": trouble, "SM2": trouble}
    assert rows(house, Message) == []


def test_the_same_message_several_times_is_one_row_and_its_other_receipts_say_so(
    house: House,
) -> None:
    with inserting(house, lambda: threading.Event().wait(0.05)):
        receipts = together(house, ["SM1"] * 6 + ["SM2"] * 6)
    assert len(rows(house, Message)) == 2
    assert sum(not receipt.duplicate for receipt in receipts) == 2
    assert len({receipt.message_id for receipt in receipts}) == 2


def test_one_that_the_database_does_not_take_is_refused_and_the_others_are_stored(
    house: House,
) -> None:
    intake, good = house.pipeline.parts.intake, house.pipeline.accept("sms", sms(FRENCH))
    kept = row_of(house, good.message_id)

    def add(n: int) -> int | None:
        tries = 2**70 if n == 3 else 0
        return intake.add({**kept, "external_id": f"SM{n}", "tries": tries})

    with inserting(house, lambda: threading.Event().wait(0.05)), ThreadPoolExecutor(8) as threads:
        found = [threads.submit(add, n) for n in range(8)]
    assert [n for n, one in enumerate(found) if one.exception()] == [3]
    assert len(rows(house, Message)) == 8


def test_what_came_together_is_written_together_in_its_order(house: House) -> None:
    ids = ["SM1", "SM2", "SM1", "SM3"]
    with inserting(house) as sent:
        items = [sms(FRENCH, external_id=one) for one in ids]
        receipts = [*accept_all(house.pipeline.parts, "sms", items)]
    assert len(sent) == 1
    stored = {row.external_id: row.id for row in rows(house, Message)}
    assert [receipt.message_id for receipt in receipts] == [stored[one] for one in ids]
    assert [receipt.duplicate for receipt in receipts] == [False, False, True, False]
    assert sorted(stored.values()) == [stored["SM1"], stored["SM2"], stored["SM3"]]


def test_of_what_came_together_only_what_the_database_does_not_take_is_not_stored(
    house: House,
) -> None:
    items = [sms(FRENCH, external_id=f"SM{n}") for n in range(4)]
    items[2] = replace(items[2], location=Location(object(), 0.0))  # type: ignore[arg-type]
    taken = accept_all(house.pipeline.parts, "sms", items)
    assert [next(taken).duplicate for _ in range(2)] == [False, False]
    # What SQLAlchemy says of it, or psycopg.
    with pytest.raises((StatementError, TypeError)):
        next(taken)
    assert [row.external_id for row in rows(house, Message)] == ["SM0", "SM1", "SM3"]


def test_who_is_told_to_end_while_writing_for_others_leaves_their_rows_to_them(
    house: House,
) -> None:
    # The first to write is alone; the second writes what came meanwhile.
    ends = iter([False, True])

    def end_once() -> None:
        threading.Event().wait(0.05)
        if next(ends, False):
            raise SystemExit

    ids = [f"SM{n}" for n in range(MANY)]
    with inserting(house, end_once), ThreadPoolExecutor(MANY) as threads:
        found = {
            one: threads.submit(house.pipeline.accept, "sms", sms(FRENCH, external_id=one))
            for one in ids
        }
    ended = {one for one, future in found.items() if future.exception()}
    assert len(ended) == 1
    assert {row.external_id for row in rows(house, Message)} == {*ids} - ended


def test_while_the_database_is_away_each_is_told_so_and_none_is_stored(house: House) -> None:
    def away() -> None:
        threading.Event().wait(0.05)
        raise OperationalError("INSERT", {}, ConnectionResetError())

    with inserting(house, away), ThreadPoolExecutor(6) as threads:
        found = [threads.submit(house.pipeline.accept, "sms", sms(FRENCH)) for _ in range(6)]
    assert all(isinstance(one.exception(), OperationalError) for one in found)
    assert rows(house, Message) == []
    assert house.pipeline.accept("sms", sms(FRENCH)).message_id


def test_after_several_were_done_together_the_next_waits_for_company() -> None:
    moment: Moment[int, int] = Moment(company=0.02)
    begun: list[tuple[int, float]] = []
    ended: list[float] = []

    def work(items: Sequence[int]) -> Sequence[int]:
        begun.append((len(items), monotonic()))
        threading.Event().wait(0.05)
        ended.append(monotonic())
        return items

    with ThreadPoolExecutor(MANY) as threads:
        assert list(threads.map(lambda n: moment.share(n, work), range(MANY))) == [*range(MANY)]
    assert moment.share(MANY, work) == MANY
    together = [n for n, (size, _) in enumerate(begun[:-1]) if size > 1]
    assert together
    assert all(begun[n + 1][1] - ended[n] >= 0.02 for n in together)


def form(n: int) -> Inbound:
    """A form that somebody sends who leaves an address."""
    hints = {"reply_mail": f"c{n}@exemple.ma"}
    return sms(f"{FRENCH} {n}", sender="", account="portal", external_id=f"f{n}", hints=hints)


def test_forms_are_registered_together_and_each_is_told_its_own_number(house: House) -> None:
    kept = [house.pipeline.accept("webform", form(n)) for n in range(MANY)]
    commits: list[object] = []
    event.listen(house.store.engine, "commit", commits.append)
    with (
        inserting(house, lambda: threading.Event().wait(0.05), "cases"),
        ThreadPoolExecutor(MANY) as threads,
    ):
        receipts = list(threads.map(house.pipeline.settle_now, kept))
    assert len(commits) < MANY
    cases = {case.number: case.text for case in rows(house, Case)}
    assert [cases[receipt.number or ""] for receipt in receipts] == [
        f"{FRENCH} {n}" for n in range(MANY)
    ]


def test_a_form_that_cannot_be_registered_takes_no_number_from_the_others(house: House) -> None:
    kept = [house.pipeline.accept("webform", form(n)) for n in range(6)]
    with house.store.write() as session:
        # No house can read this.
        session.execute(
            update(Message).where(Message.external_id == "f3").values(location={"north": 1})
        )
    with (
        inserting(house, lambda: threading.Event().wait(0.1), "cases"),
        ThreadPoolExecutor(6) as threads,
    ):
        receipts = list(threads.map(house.pipeline.settle_now, kept))
    assert [n for n, receipt in enumerate(receipts) if receipt.number is None] == [3]


def test_while_the_database_is_away_no_form_is_told_a_number_and_none_is_lost(
    house: House,
) -> None:
    kept = [house.pipeline.accept("webform", form(n)) for n in range(4)]

    def away() -> None:
        threading.Event().wait(0.05)
        raise OperationalError("INSERT", {}, ConnectionResetError())

    with inserting(house, away, "cases"), ThreadPoolExecutor(4) as threads:
        receipts = list(threads.map(house.pipeline.settle_now, kept))
    assert [receipt.number for receipt in receipts] == [None] * 4
    assert all(house.pipeline.settle_now(receipt).number for receipt in kept)


def row_of(house: House, message_id: int) -> dict[str, Any]:
    """The columns of a stored message, but for its id."""
    with house.store.read() as session:
        message = session.get_one(Message, message_id)
    names = [column.name for column in inspect(Message).columns if column.name != "id"]
    return {name: getattr(message, name) for name in names}
