"""A steady load over all channels, while everything that Guichet stands on dies under it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import count

import pytest

from tests.fakes.server import Answer, Trouble
from tests.faults.invariants import check
from tests.faults.load import Load
from tests.faults.town import POLLER, WEB, WORKERS, Town, can_mount, town
from tests.road.running import eventually
from tests.servers import dovecot

pytestmark = pytest.mark.skipif(
    not dovecot.is_installed() and not os.environ.get("CI"), reason="needs Dovecot and root"
)

#: Seconds that a fault lasts: long enough for dozens of messages to run into it.
_LASTS = 2.0

#: What happens to a town under a load.
Fault = Callable[[Town, Load], None]


def killed(places: Sequence[int], town: Town, _load: Load) -> None:
    for _ in range(2):
        time.sleep(town.dice.uniform(0.1, 1.0))
        town.kill(town.dice.choice(places))


def lasting(
    trouble: Callable[[Town], AbstractContextManager[None]], town: Town, _load: Load
) -> None:
    with trouble(town):
        time.sleep(_LASTS)


def refusing(
    trouble: Callable[[Town], AbstractContextManager[None]], town: Town, load: Load
) -> None:
    """The same; providers are told to come again, and when."""
    before = load.refused.total()
    with trouble(town):
        eventually(lambda: load.refused.total() > before + 2, "a refusal")
        time.sleep(_LASTS)
    assert {refused.status for refused in load.refused} == {503}
    assert all(refused.retry_after for refused in load.refused)


def flushed(town: Town, _load: Load) -> None:
    for _ in range(5):
        town.redis.flush()
        time.sleep(town.dice.uniform(0, 0.4))


def cut(town: Town, _load: Load) -> None:
    for _ in range(5):
        town.cut()
        time.sleep(town.dice.uniform(0, 0.4))


def ill(how: Answer | Trouble, town: Town, _load: Load) -> None:
    for _ in range(5):
        town.world.smtp.refuse("451 4.3.0 try again later")
    for provider in (town.world.twilio, town.world.telegram):
        provider.illness = how
    time.sleep(_LASTS)
    for provider in (town.world.twilio, town.world.telegram):
        provider.illness = None


def slow(town: Town, _load: Load) -> None:
    for provider in (town.world.twilio, town.world.telegram):
        provider.slowness = 1.0
    time.sleep(_LASTS)
    for provider in (town.world.twilio, town.world.telegram):
        provider.slowness = 0.0


def stepped(town: Town, _load: Load) -> None:
    for seconds in (7200.0, -7200.0, 0.0):
        town.step(seconds)
        time.sleep(_LASTS)


#: (what, how Telegram brings its updates or whether the clock can step, what happens).
FAULTS: tuple[tuple[str, str, Fault], ...] = (
    ("the web is killed", "webhook", partial(killed, (WEB,))),
    ("workers are killed", "webhook", partial(killed, WORKERS)),
    ("PostgreSQL is stopped at once", "webhook", partial(refusing, Town.without_postgres)),
    ("connections to PostgreSQL are cut", "webhook", cut),
    ("PostgreSQL is read-only", "webhook", partial(refusing, Town.read_only)),
    ("the disk is full", "webhook", partial(refusing, Town.full_disk)),
    ("providers are slow", "webhook", slow),
    ("providers answer 500", "webhook", partial(ill, Answer(500))),
    ("providers reset connections", "webhook", partial(ill, "reset")),
    ("providers do not answer", "webhook", partial(ill, "silence")),
    ("the poller is killed", "polling", partial(killed, (POLLER,))),
    ("Redis is killed", "polling", partial(lasting, Town.without_redis)),
    ("Redis is emptied", "polling", flushed),
    ("Redis does not answer", "polling", partial(lasting, Town.silent_redis)),
    ("PostgreSQL is away from the poller", "polling", partial(lasting, Town.without_postgres)),
    ("anything is killed", "polling", partial(killed, (WEB, POLLER, *WORKERS))),
    ("the clock steps", "stepped", stepped),
)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Town]]:
    """The town of a mode, one at a time, with the seed of its die: GUICHET_SEED repeats an unlucky
    run."""
    seed = int(os.environ.get("GUICHET_SEED") or time.time_ns() % 1_000_000)
    with ExitStack() as stack:
        standing: dict[str, Town] = {}

        def town_of(mode: str) -> Town:
            if mode not in standing:
                stack.close()
                standing.clear()
                telegram = "polling" if mode == "polling" else "webhook"
                folder = tmp_path_factory.mktemp("town")
                standing[mode] = stack.enter_context(
                    town(folder, seed, telegram=telegram, stepped=mode == "stepped")
                )
            print(f"GUICHET_SEED={seed}")  # noqa: T201  # pytest shows it where a test fails
            return standing[mode]

        yield town_of


#: Citizens are counted through, so that nobody writes in two tests.
_NUMBERS = count(1)


@pytest.mark.parametrize(("what", "mode", "fault"), FAULTS, ids=[what for what, _, _ in FAULTS])
def test_nothing_is_lost_and_nothing_is_done_twice_when(
    towns: Callable[[str], Town], what: str, mode: str, fault: Fault
) -> None:
    """Each row of the table, under load; what came before is looked at again."""
    if what == "the disk is full" and not can_mount():
        pytest.skip("only root may mount a small disk")
    town = towns(mode)
    with Load(town, numbers=_NUMBERS) as load:
        time.sleep(0.5)
        fault(town, load)
        time.sleep(0.5)
    assert town.guichet.alive(), town.guichet.log[-4000:]
    check(town, load)
