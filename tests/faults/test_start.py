"""After a power cut the machines come back in any order: who is early waits for the database."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.twilio import FakeTwilio
from tests.road.running import Processes, eventually
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer

COMMANDS = ("serve", "poll", "work")
PUBLIC_URL = "https://guichet.example"


def test_what_starts_before_the_database_waits_for_it_and_then_works(
    tmp_path: Path, twilio: FakeTwilio, redis_server: RedisServer
) -> None:
    """Each says once that it waits, and ends when it is asked to."""
    redis_server.flush()
    with Postgres() as postgres:
        environ = {
            **twilio.environ,
            "DATABASE_URL": postgres.database(),
            "REDIS_URL": redis_server.url,
            "PUBLIC_URL": PUBLIC_URL,
        }
        guichet = Processes(tmp_path, environ, *(f"python -m gateway {one}" for one in COMMANDS))
        assert guichet.command("init-db").returncode == 0
        postgres.stop()
        try:
            guichet.begin()
            eventually(lambda: guichet.log.count("database.away") == len(COMMANDS), "waiting")
            assert guichet.stop(COMMANDS.index("work")) == [0]
            postgres.start()
            guichet.start()
            text = {"MessageSid": f"SM{1:032x}", "From": "+212612345678", "Body": "ordures à Fès"}
            signed = f"{PUBLIC_URL}/hooks/sms"
            assert twilio.post(f"{guichet.url}/hooks/sms", text, signed_url=signed) == 200
            eventually(lambda: twilio.messages, "the answer")
            assert guichet.alive()
        finally:
            guichet.kill()
    assert guichet.log.count("database.away") == len(COMMANDS)
