"""Whom the web process has in hand when it is told to stop, it answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.fakes.twilio import FakeTwilio
from tests.road.running import Processes, eventually

PUBLIC_URL = "https://guichet.example"
_HELD_UP = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_a_webhook_that_is_being_stored_is_answered(
    new_postgres: Callable[[], str], twilio: FakeTwilio, tmp_path: Path
) -> None:
    database = new_postgres()
    environ = {**twilio.environ, "DATABASE_URL": database, "PUBLIC_URL": PUBLIC_URL}
    with (
        Processes(tmp_path, environ, "python -m gateway serve") as guichet,
        psycopg.connect(database, autocommit=True) as database_itself,
        psycopg.connect(database) as somebody,
        ThreadPoolExecutor() as others,
    ):
        somebody.execute("LOCK TABLE messages IN EXCLUSIVE MODE")
        fields = {"MessageSid": "SM1", "From": "+212612345678", "Body": "Bonjour"}
        hook = "/hooks/sms"
        status = others.submit(twilio.post, guichet.url + hook, fields, PUBLIC_URL + hook)
        eventually(lambda: database_itself.execute(_HELD_UP).fetchone() == (1,), "the INSERT")
        threads = Path(f"/proc/{guichet.pids[0]}/task")
        before = len([*threads.iterdir()])
        code = others.submit(guichet.stop)
        # Those that have nothing in hand end first.
        eventually(lambda: len([*threads.iterdir()]) < before, "the end of idle threads")
        somebody.rollback()
        assert (status.result(), code.result()) == (200, [0])
        stored = database_itself.execute("SELECT external_id FROM messages").fetchall()
    assert stored == [("SM1",)]
