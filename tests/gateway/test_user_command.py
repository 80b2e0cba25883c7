"""Accounts from the command line, and the index of words that catches up with older cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import clock
from gateway.cli import main
from gateway.house import House
from gateway.lists import Filters
from gateway.models import Audit
from gateway.roles import StaffView
from gateway.rounds import ROUNDS, make_round
from tests.conftest import CHANNELS
from tests.gateway.messages_in import FRENCH, rows, sms, take

PASSWORD = "trois petits mots"


@pytest.fixture
def run(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on the test's database, where no mail is set up."""
    for name in (*CHANNELS, "REDIS_URL", "SIMULATOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("ATTACHMENTS_URL", f"file:{tmp_path}/attachments")
    monkeypatch.setenv("SECRET_KEY", "for the tests only")
    monkeypatch.setenv("COLUMNS", "200")


def user(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["user", *words], input=given)


@pytest.mark.usefixtures("run")
def test_an_account_is_made_listed_shut_and_opened(house: House) -> None:
    assert "No accounts yet" in user("list").output
    made = user("add", "Amal@example.ma", "--role", "agent", "--administration", "health")
    assert made.exit_code == 0
    link = made.output.split()[-1]
    assert house.staff.invited(link.rpartition("/")[2], clock.now())
    listed = user("list").output
    assert all(word in listed for word in ("amal@example.ma", "agent", "health", "invited"))
    given = f"{PASSWORD}\n{PASSWORD}\n"
    assert user("password", "amal@example.ma", "--ask", given=given).exit_code == 0
    assert house.logins.log_in("amal@example.ma", PASSWORD, "", clock.now())
    assert "admin of all" in user("change", "amal@example.ma", "--role", "admin").output
    assert user("disable", "amal@example.ma").exit_code == 0
    assert house.logins.log_in("amal@example.ma", PASSWORD, "", clock.now()) is None
    assert user("disable", "amal@example.ma", "--undo").exit_code == 0
    assert house.logins.log_in("amal@example.ma", PASSWORD, "", clock.now())
    assert "console" in {row.who for row in rows(house, Audit)}


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "nobody"), "no e-mail address"),
        (("add", "a@example.ma", "--administration", "nowhere"), "no administration is called"),
        (
            ("add", "a@example.ma", "--role", "triage", "--administration", "health"),
            "belongs to no",
        ),
        (("disable", "a@example.ma"), "no account is called"),
        (("password", "a@example.ma"), "no account is called"),
        (("change", "a@example.ma", "--role", "admin"), "no account is called"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(words: tuple[str, ...], told: str) -> None:
    done = user(*words)
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert done.output.count("\n") == 1


def test_cases_older_than_the_index_are_put_in_by_the_clock(house: House) -> None:
    take(house, sms(FRENCH))
    with house.store.write() as session:
        session.connection().exec_driver_sql("DELETE FROM case_words")
    admin = StaffView(1, "a@example.ma", "A", "admin", None, "fr")
    found = [len(house.lists.look(admin, "all", Filters(words="ordures"), clock.now()).lines)]
    make_round(house, next(one for one in ROUNDS if one.name == "search"))
    found.append(len(house.lists.look(admin, "all", Filters(words="ordures"), clock.now()).lines))
    assert found == [0, 1]
