"""SIGTERM ends every process after the batch in hand: nothing stays held, nothing comes twice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import clock
from gateway.models import Message, OutboundRow
from gateway.store import Store
from tests.faults.invariants import check, said_again
from tests.faults.load import Load
from tests.faults.town import WORKERS, Town, town
from tests.road.running import eventually
from tests.servers import dovecot

pytestmark = pytest.mark.skipif(
    not dovecot.is_installed() and not os.environ.get("CI"), reason="needs Dovecot and root"
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, seed=1) as it:
        yield it


def held(running: Town) -> int:
    """Rows that are claimed and not done."""
    store = Store(running.database)
    with store.read() as session:
        found = sum(
            session.scalar(
                select(func.count())
                .select_from(table)
                .where(waits, table.error.is_(None), table.due_at > clock.now())
            )
            or 0
            for table, waits in (
                (Message, Message.state == "new"),
                (OutboundRow, OutboundRow.state == "queued"),
            )
        )
    store.close()
    return found


def test_what_is_asked_to_stop_finishes_its_batch_and_goes_on_after_a_restart(
    running: Town,
) -> None:
    """Under load, with a provider slow enough for batches to be in hand."""
    running.world.twilio.slowness = 0.05
    # Who is asked before it has begun ends as well, and tells another code.
    eventually(lambda: running.guichet.log.count("*** Listening on") == len(WORKERS), "the workers")
    with Load(running, pause=0.1) as load:
        # Answered mail: the poller, too, has begun.
        eventually(lambda: running.world.smtp.taken, "an answered mail")
        eventually(lambda: len(running.world.twilio.messages) > 5, "answers on their way")
        assert running.guichet.stop() == [0] * 4
        assert held(running) == 0
        assert not said_again(running)
        time.sleep(0.5)
        running.guichet.start()
    assert check(running, load).said_again == 0
