"""The command line says what it did, and in one line what a person must mend."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from gateway import clock
from gateway.cli import COMMANDS, main
from gateway.house import House
from gateway.models import Case, Message, OutboundRow
from tests.conftest import CHANNELS, MakeHouse
from tests.fakes.server import in_json
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio, refusal
from tests.gateway.messages_in import FRENCH, rows, sms, take
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.redis import RedisServer


class Terminal:
    """A terminal with the test's settings in its environment."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def run(self, *words: str, given: bytes | str | None = None, **environ: str) -> Result:
        """Run a command to its end."""
        return CliRunner().invoke(main, words, input=given, env={**self.environ, **environ})


@pytest.fixture
def terminal(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    """A terminal on the test's database, without any channel's credentials."""
    before = signal.getsignal(signal.SIGTERM)
    for name in (*CHANNELS, "REDIS_URL", "SIMULATOR"):
        monkeypatch.delenv(name, raising=False)
    yield Terminal(
        {
            "DATABASE_URL": database_url,
            "ATTACHMENTS_URL": f"file:{tmp_path}/attachments",
            "SECRET_KEY": "for the tests only",
            "COLUMNS": "200",
        }
    )
    # What runs until it is stopped listens for it, here in the tests' own process.
    signal.signal(signal.SIGTERM, before)


def test_help_shows_every_command_with_what_it_does() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for name in COMMANDS:
        assert name in shown
        about = CliRunner().invoke(main, [name, "--help"])
        assert about.exit_code == 0
        assert "Usage" in about.output


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"HOST": "999.1.1.1"}, "HOST"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL"),
        ({"GUICHET_DIRECTORY": "/nowhere"}, "GUICHET_DIRECTORY"),
        ({"TELEGRAM_MODE": "carrier pigeon"}, "TELEGRAM_MODE"),
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN"),
        ({"IMAP_URL": "pop3://x", "SMTP_URL": "smtp://x", "EMAIL_ADDRESS": "a@b.ma"}, "IMAP_URL"),
        ({"SIMULATOR": "1", "HOST": "0.0.0.0"}, "SIMULATOR"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_and_exit_2(
    terminal: Terminal, environ: dict[str, str], named: str
) -> None:
    done = terminal.run("serve", **environ)
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("guichet: ")
    assert named in line


@pytest.mark.parametrize("command", ["serve", "retry"])
def test_a_database_that_refuses_us_is_told_and_not_waited_for(
    terminal: Terminal, postgres: Postgres, command: str
) -> None:
    """The server is there; waiting would not make the database."""
    done = terminal.run(command, DATABASE_URL=f"{postgres.database()}_missing")
    assert done.exit_code == 2
    assert done.stderr.startswith("guichet: DATABASE_URL: ")


def test_a_command_that_a_person_waits_for_tells_that_the_database_is_away(
    terminal: Terminal,
) -> None:
    done = terminal.run("retry", DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/x")
    assert done.exit_code == 2
    assert done.stderr.startswith("guichet: DATABASE_URL: ")


def test_a_port_in_use_is_told_as_such(terminal: Terminal, redis_server: RedisServer) -> None:
    taken = redis_server.url.rpartition(":")[2].removesuffix("/0")
    done = terminal.run("serve", PORT=taken)
    assert (done.exit_code, "PORT" in done.stderr) == (2, True)


def test_a_case_is_shown_and_changed_without_the_channels_credentials(
    terminal: Terminal, make_house: MakeHouse
) -> None:
    """The serving process announced its channels, so the notice finds its way."""
    house = make_house()
    house.store.announce({"sms": "tel", "voice": "tel"}, clock.now())
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    grouped = f"{case.number[:4]} {case.number[4:8]} {case.number[8:]}"
    done = terminal.run("case", grouped, "--status", "answered", "--message", "C'est réparé.")
    assert done.exit_code == 0, done.output
    assert "answered" in done.output
    notice = rows(house, OutboundRow)[-1]
    assert (notice.channel, notice.key, notice.state) == ("sms", "answered", "queued")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("case", "12"), 2),
        (("case", "264831592783"), 1),
        (("case", "264831592783", "--status", "closed"), 1),
        (("case", "264831592783", "--status", "lost"), 2),
        (("case", "264831592783", "--message", "hello"), 2),
        (("token", "revoke", "nobody"), 1),
        (("channels", "telegram", "set-webhook"), 2),
        (("work",), 2),
        (("dance",), 2),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    terminal: Terminal, words: tuple[str, ...], code: int
) -> None:
    done = terminal.run(*words)
    assert done.exit_code == code
    assert done.stderr
    assert "Traceback" not in done.output


def test_a_token_is_shown_once_and_its_name_is_taken_then(terminal: Terminal, house: House) -> None:
    made = terminal.run("token", "new", "desk").output.strip()
    assert house.tokens.owner(made) == "desk"
    assert terminal.run("token", "new", "desk").exit_code == 1
    assert terminal.run("token", "revoke", "desk").exit_code == 0
    assert house.tokens.owner(made) is None


def test_what_waits_for_its_sender_is_counted_and_left_alone(
    terminal: Terminal, house: House
) -> None:
    house.pipeline.accept("sms", sms(FRENCH))
    with house.store.write() as session:
        session.execute(update(Message).values(state="held"))
    listed = terminal.run("retry", "--list").output
    assert "1 held until" in listed
    assert "Nothing was set aside" in listed
    assert "Nothing was set aside" in terminal.run("retry").output
    assert {message.state for message in rows(house, Message)} == {"held"}


def test_what_was_set_aside_is_listed_and_replayed(terminal: Terminal, house: House) -> None:
    ids = [house.pipeline.accept("sms", sms(FRENCH)).message_id for _ in range(2)]
    with house.store.write() as session:
        session.execute(update(Message).values(state="shunted", error="ValueError", tries=5))
    assert "ValueError" in terminal.run("retry", "--list").output
    assert {message.state for message in rows(house, Message)} == {"shunted"}
    assert "1 will be processed again" in terminal.run("retry", str(ids[0])).output
    house.pipeline.process()
    assert [message.state for message in rows(house, Message)] == ["done", "shunted"]
    assert "None of these" in terminal.run("retry", str(ids[0])).output


def test_doctor_tells_what_works_and_what_to_do(
    terminal: Terminal, house: House, twilio: FakeTwilio
) -> None:
    house.close()
    well = terminal.run("doctor", **twilio.environ)
    assert well.exit_code == 0, well.output
    assert "IMAP_URL, SMTP_URL and EMAIL_ADDRESS" in well.output
    twilio.plan(refusal(20003), refusal(20003))
    wrong = terminal.run("doctor", **twilio.environ)
    away = terminal.run("doctor", **{**twilio.environ, "TWILIO_API_URL": dead_end()})
    assert wrong.exit_code == away.exit_code == 1
    assert wrong.output != away.output
    assert twilio.environ["TWILIO_AUTH_TOKEN"] not in wrong.output + away.output


def test_doctor_tells_a_lost_redis(terminal: Terminal, house: House) -> None:
    house.close()
    done = terminal.run("doctor", REDIS_URL=dead_end().replace("http", "redis"))
    assert done.exit_code == 1
    assert "REDIS_URL" in done.output


def test_telegram_is_told_where_to_send(terminal: Terminal, house: House) -> None:
    house.close()
    with FakeTelegram() as telegram:
        environ = {**telegram.environ, "PUBLIC_URL": "https://guichet.example"}
        done = terminal.run("channels", "telegram", "set-webhook", **environ)
        assert done.exit_code == 0, done.output
        assert telegram.webhook["url"] == "https://guichet.example/hooks/telegram"
        assert set(telegram.commands) == {"", "ar", "fr", "en", "es"}
        done = terminal.run("channels", "telegram", "delete-webhook", **environ)
        assert done.exit_code == 0, done.output
        assert telegram.webhook == {}
        telegram.plan(in_json(401, {"ok": False, "error_code": 401, "description": "x"}))
        refused = terminal.run("channels", "telegram", "set-webhook", **environ)
        assert refused.exit_code == 1
        assert "Traceback" not in refused.output


def test_the_stages_can_be_tried_alone(terminal: Terminal) -> None:
    told = terminal.run("detect-language", given="bonjour à tous les amis\n\nالماء مقطوع في الحي\n")
    assert told.output.splitlines() == ["fr", "und", "ar"]
    lines = '{"text": "coupure d\'eau et facture trop chère"}\nnonsense\n'
    first, second = terminal.run("route", given=lines).output.splitlines()
    assert json.loads(first)["administration"] == "water-electricity"
    assert "error" in json.loads(second)
    mail = b"From: A <a@b.ma>\r\nSubject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n\r\nBonjour\r\n"
    seen = json.loads(terminal.run("normalize", "email", given=mail).output)
    assert (seen["from"], seen["subject"], seen["text"]) == ("a@b.ma", "été", "Bonjour")


def test_making_the_tables_twice_changes_nothing(terminal: Terminal, house: House) -> None:
    house.close()
    assert terminal.run("init-db").exit_code == 0
    assert terminal.run("init-db").output == "The database is ready.\n"


def dead_end() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_the_router_tells_its_model_and_goes_back(
    terminal: Terminal, make_house: MakeHouse
) -> None:
    house = make_house()
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    house.cases.change(
        case.number, status="routed", message="Not ours.", administration="health", actor="an agent"
    )
    where = str(house.settings.router_dir)
    shown = terminal.run("router", "status", ROUTER_DIR=where)
    assert "as shipped" in shown.output
    assert "decisions since the last refit: 1" in shown.output
    assert "as shipped" in terminal.run("router", "rollback", ROUTER_DIR=where).output
    shown = terminal.run("router", "status", ROUTER_DIR=where)
    assert "decisions since the last refit: 0" in shown.output
