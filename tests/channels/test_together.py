"""Messages go out side by side, and no more of them are unaccounted for than was promised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence

import pytest

from channels.base import Outbound, Outcome, SendFailed
from channels.together import Together


def messages(*to: str) -> list[Outbound]:
    return [Outbound(n, address, f"n° {n}", "fr") for n, address in enumerate(to)]


def send(one: Callable[[Outbound], str], batch: Sequence[Outbound], at_once: int = 4) -> list[int]:
    """The messages whose outcome was told, in that order."""
    told: list[Outcome] = []
    Together(at_once).send(batch, one, told.extend)
    return [outcome.message.id for outcome in told]


def test_no_more_are_on_their_way_or_untold_than_was_promised() -> None:
    """What a dying process may have said twice is bounded by this."""
    lock, handed_over, told, most = threading.Lock(), 0, 0, 0

    def one(message: Outbound) -> str:
        nonlocal handed_over, most
        with lock:
            handed_over += 1
            most = max(most, handed_over - told)
        return str(message.id)

    def done(outcomes: Sequence[Outcome]) -> None:
        nonlocal told
        with lock:
            told += len(outcomes)

    Together(4).send(messages(*map(str, range(200))), one, done)
    assert told == 200
    assert most <= 4


@pytest.mark.parametrize(
    ("late", "alone"),
    [({5}, range(4, 12)), (range(5, 12), range(4, 7))],
    ids=["one late answer", "it moves away"],
)
def test_a_provider_next_door_costs_no_threads(
    monkeypatch: pytest.MonkeyPatch, late: Collection[int], alone: Iterable[int]
) -> None:
    """One answer that is late, as on a busy machine, does not make it a distant one."""
    now, here = [0.0], []
    monkeypatch.setattr("channels.together.monotonic", lambda: now[0])

    def one(message: Outbound) -> str:
        now[0] += 0.05 * (message.id in late)
        if threading.current_thread() is threading.main_thread():
            here.append(message.id)
        return "id"

    assert sorted(send(one, messages(*map(str, range(12))))) == [*range(12)]
    assert here == [*alone]


def test_the_messages_to_an_address_keep_their_order() -> None:
    assert send(lambda message: "id", messages(*"a" * 30)) == [*range(30)]


def test_what_must_wait_is_not_overtaken_and_holds_up_no_other_address() -> None:
    def one(message: Outbound) -> str:
        if message.id == 0:
            raise SendFailed("busy", retryable=True)
        return "id"

    assert sorted(send(one, messages("a", "a", "b", "a", "b"))) == [0, 2, 4]


def test_a_refusal_for_good_lets_the_next_one_go() -> None:
    def one(message: Outbound) -> str:
        raise SendFailed("no such number", retryable=False)

    assert send(one, messages("a", "a")) == [0, 1]


def test_when_nobody_gets_through_the_others_are_not_begun() -> None:
    def one(message: Outbound) -> str:
        raise SendFailed("out of reach", retryable=True, everyone=True)

    assert len(send(one, messages(*map(str, range(50))))) <= 4


def test_an_adapters_fault_is_one_messages_alone() -> None:
    told: list[Outcome] = []

    def one(message: Outbound) -> str:
        return str(1 // message.id)

    Together(4).send(messages("a", "b", "c"), one, told.extend)
    wrong = {outcome.message.id: outcome.result for outcome in told}[0]
    assert isinstance(wrong, SendFailed)
    assert (wrong.reason, wrong.unknown) == ("our own fault (ZeroDivisionError)", True)
    assert len(told) == 3
