"""Accounts, roles and sessions: who gets in, what they may, and when it is over."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from gateway import audit, clock
from gateway.house import House
from gateway.logins import DEMO
from gateway.models import Audit, Case, Event, User, UserSession
from gateway.passwords import LONGEST, SHORTEST, Refused, hashed, proves
from gateway.roles import MAY, ROLES, Role, StaffView, may, sees
from tests.conftest import MakeHouse
from tests.gateway.messages_in import FRENCH, rows, sms, take

NOW = clock.now()
PASSWORD = "trois petits mots"

#: The table of roles once more, as its readers understand it: who may do what.
ALLOWED: dict[Role, str] = {
    "agent": "read download note reply take transfer accept extend merge close refuse reopen",
    "supervisor": "read download note reply take transfer accept extend merge close refuse reopen "
    "assign templates",
    "triage": "read download note reply take transfer accept extend merge close refuse reopen "
    "shunted",
    "auditor": "read download audit",
    "admin": "read download note reply take transfer accept extend merge close refuse reopen "
    "assign articles templates shunted audit users",
}


def somebody(role: Role, administration: str | None = None) -> StaffView:
    return StaffView(1, "a@example.ma", "A", role, administration, "fr")


def add(house: House, role: Role = "agent", administration: str | None = None) -> StaffView:
    """An account with a password."""
    who = house.staff.add("Amal@Example.MA", "Amal", role, administration, "fr", NOW, by="test")
    house.staff.set_password(who.id, PASSWORD, NOW, by="test")
    return who


def hold(house: House, administration: str) -> None:
    """An open case of that administration, in the hands of the first account."""
    take(house, sms(FRENCH))
    with house.store.write() as session:
        values = {"assignee_id": 1, "administration": administration, "status": "in_progress"}
        session.execute(update(Case).values(values))


@pytest.mark.parametrize("act", MAY)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_the_table_says_and_nothing_else(role: Role, act: str) -> None:
    assert may(somebody(role), act) == (act in ALLOWED[role].split())


def test_an_auditor_changes_nothing() -> None:
    assert [act for act in MAY if may(somebody("auditor"), act)] == ["read", "download", "audit"]


@pytest.mark.parametrize(
    ("role", "own", "case", "seen"),
    [
        pytest.param("agent", "health", "health", True, id="an agent sees their administration's"),
        pytest.param("agent", "health", "justice", False, id="and no other one's"),
        pytest.param("agent", "health", None, False, id="nor what is in triage"),
        pytest.param("supervisor", "health", "justice", False, id="a supervisor neither"),
        pytest.param("agent", None, "justice", True, id="an agent of no administration: all"),
        pytest.param("triage", None, None, True, id="triage sees what is nobody's"),
        pytest.param("triage", None, "health", False, id="and nothing that is somebody's"),
        pytest.param("auditor", None, "health", True, id="an auditor sees all"),
        pytest.param("admin", None, None, True, id="an administrator too"),
    ],
)
def test_who_sees_which_cases(role: Role, own: str | None, case: str | None, seen: bool) -> None:
    assert sees(somebody(role, own), case) is seen


def test_a_password_is_kept_as_an_argon2_hash_and_has_a_decent_length() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert proves(kept, PASSWORD)
    assert not proves(kept, PASSWORD + " ")
    assert not proves(None, PASSWORD)
    for wrong in ("x" * (SHORTEST - 1), "x" * (LONGEST + 1)):
        with pytest.raises(Refused):
            hashed(wrong)


@pytest.mark.parametrize(
    ("email", "role", "administration", "language"),
    [
        pytest.param("nobody", "agent", None, "fr", id="no mailbox"),
        pytest.param("amal@example.ma", "king", None, "fr", id="no role"),
        pytest.param("amal@example.ma", "auditor", "health", "fr", id="auditors belong nowhere"),
        pytest.param("amal@example.ma", "agent", None, "zgh", id="a language the desk lacks"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    house: House, email: str, role: str, administration: str | None, language: str
) -> None:
    with pytest.raises(Refused):
        house.staff.add(email, "", role, administration, language, NOW, by="test")
    assert rows(house, User) == []


def test_a_mailbox_has_one_account_however_it_is_written(house: House) -> None:
    add(house)
    with pytest.raises(Refused, match="already"):
        house.staff.add("AMAL@example.ma", "", "admin", None, "fr", NOW, by="test")
    assert house.staff.find(" amal@EXAMPLE.ma ") is not None


def test_an_invitation_opens_once_and_only_looking_uses_nothing_up(house: House) -> None:
    who = house.staff.add("amal@example.ma", "Amal", "agent", None, "fr", NOW, by="test")
    first, second = (house.staff.invite(who.id, NOW, by="test") for _ in range(2))
    assert house.staff.invited(first, NOW) == who
    assert house.staff.invited(first, NOW) == who
    with pytest.raises(Refused):
        house.staff.answer_invitation(first, "short", NOW)
    assert house.staff.answer_invitation(first, PASSWORD, NOW) == who
    for used in (first, second, "nonsense"):
        assert house.staff.invited(used, NOW) is None
        assert house.staff.answer_invitation(used, "another long one", NOW) is None
    assert house.logins.log_in("amal@example.ma", PASSWORD, "", NOW)


def test_an_invitation_is_over_after_a_week_and_a_reset_after_hours(house: House) -> None:
    who = house.staff.add("amal@example.ma", "Amal", "agent", None, "fr", NOW, by="test")
    token = house.staff.invite(who.id, NOW, by="test")
    assert house.staff.invited(token, NOW + timedelta(days=6))
    assert house.staff.invited(token, NOW + timedelta(days=8)) is None
    house.staff.set_password(who.id, PASSWORD, NOW, by="test")
    token = house.staff.invite(who.id, NOW, by="test")
    assert house.staff.invited(token, NOW + timedelta(hours=3)) is None


@pytest.mark.parametrize(
    ("later", "alive"),
    [
        pytest.param(timedelta(hours=7), True, id="the same day"),
        pytest.param(timedelta(hours=9), False, id="unused for too long"),
    ],
)
def test_an_unused_session_ends(house: House, later: timedelta, alive: bool) -> None:
    add(house)
    token = house.logins.log_in("amal@example.ma", PASSWORD, "Firefox", NOW)
    assert token is not None
    assert (house.logins.user_of(token, NOW + later) is not None) is alive


def test_a_session_in_use_lasts_until_its_end_and_no_longer(house: House) -> None:
    add(house)
    token = house.logins.log_in("amal@example.ma", PASSWORD, "Firefox", NOW)
    assert token is not None
    for hours in (6, 12, 18, 23):
        assert house.logins.user_of(token, NOW + timedelta(hours=hours))
    assert house.logins.user_of(token, NOW + timedelta(hours=25)) is None


def test_only_the_hash_of_a_session_is_kept(house: House) -> None:
    add(house)
    token = house.logins.log_in("amal@example.ma", PASSWORD, "Firefox", NOW)
    assert token
    (row,) = rows(house, UserSession)
    assert token not in (row.sha256, row.browser)
    assert house.logins.user_of(row.sha256, NOW) is None


def test_sessions_end_at_once_when_they_are_revoked(house: House) -> None:
    who = add(house)
    tokens = [house.logins.log_in(who.email, PASSWORD, f"browser {n}", NOW) for n in range(4)]
    one, two, three, four = (token or "" for token in tokens)
    house.logins.log_out(one, NOW)
    assert house.logins.user_of(one, NOW) is None
    second = next(s for s in house.logins.sessions(who.id, NOW) if s.browser == "browser 1")
    house.logins.revoke(who.id + 1, second.id, NOW)
    assert house.logins.user_of(two, NOW), "nobody ends another person's session"
    house.logins.revoke(who.id, second.id, NOW)
    assert house.logins.user_of(two, NOW) is None
    house.logins.revoke_all(who.id, NOW, but=three)
    assert house.logins.user_of(four, NOW) is None
    assert house.logins.user_of(three, NOW)
    assert [one.browser for one in house.logins.sessions(who.id, NOW)] == ["browser 2"]


def test_a_disabled_account_is_out_at_once_and_comes_back_with_its_password(house: House) -> None:
    who = add(house)
    token = house.logins.log_in(who.email, PASSWORD, "", NOW) or ""
    house.staff.disable(who.id, NOW, by="test")
    assert house.logins.user_of(token, NOW) is None
    assert house.logins.log_in(who.email, PASSWORD, "", NOW) is None
    house.staff.disable(who.id, NOW, by="test", back=True)
    assert house.logins.user_of(token, NOW) is None
    assert house.logins.log_in(who.email, PASSWORD, "", NOW)


def test_a_new_password_ends_every_session(house: House) -> None:
    who = add(house)
    token = house.logins.log_in(who.email, PASSWORD, "", NOW) or ""
    house.staff.set_password(who.id, "quatre petits mots", NOW, by=who)
    assert house.logins.user_of(token, NOW) is None
    assert house.logins.log_in(who.email, PASSWORD, "", NOW) is None


def test_demo_accounts_open_with_the_simulator_and_never_without(make_house: MakeHouse) -> None:
    """Not even with a session that was begun while it was on."""
    demo = make_house(SIMULATOR="1", PUBLIC_URL="http://localhost:8000")
    plain = make_house()
    token = demo.logins.log_in_as_demo("agent", "fr", "", NOW)
    assert token is not None
    assert demo.logins.user_of(token, NOW)
    assert demo.logins.log_in_as_demo("agent", "ar", "", NOW)
    assert plain.logins.log_in_as_demo("agent", "fr", "", NOW) is None
    assert plain.logins.user_of(token, NOW) is None
    assert plain.logins.log_in(f"agent{DEMO}", "", "", NOW) is None


def test_what_staff_do_with_accounts_and_logins_is_audited(house: House) -> None:
    who = add(house)
    house.logins.log_in(who.email, "wrong", "", NOW)
    house.logins.log_in("nobody@example.ma", "wrong", "", NOW)
    house.logins.log_in(who.email, PASSWORD, "", NOW)
    trail = [(row.who, row.act) for row in rows(house, Audit)]
    assert trail == [
        ("test", "user added"),
        ("test", "password set"),
        ("Amal", "login refused"),
        ("?", "login refused"),
        ("Amal", "login"),
    ]


@pytest.mark.parametrize("harm", ["UPDATE audits SET who = 'nobody'", "DELETE FROM audits"])
def test_the_audit_trail_only_grows_whoever_is_connected(house: House, harm: str) -> None:
    with house.store.write() as session:
        audit.note(session, "test", "read", None)
    with pytest.raises(DatabaseError, match="only grows"), house.store.write() as session:
        session.connection().exec_driver_sql(harm)
    with house.store.read() as session:
        assert session.scalars(select(Audit.who)).all() == ["test"]


def test_the_document_shows_the_table_of_roles() -> None:
    page = (Path(__file__).parents[2] / "docs" / "desk.md").read_text(encoding="utf-8")
    for act, roles in MAY.items():
        marks = " | ".join("✓" if role in roles else "" for role in ROLES)
        row = re.sub(r"\s+", " ", f"| {act} | {marks} |")
        assert row in re.sub(r"[^\S\n]+", " ", page), act


@pytest.mark.parametrize(
    ("role", "administration", "kept"),
    [
        pytest.param("supervisor", "health", True, id="they still see it"),
        pytest.param("agent", None, True, id="they see every case"),
        pytest.param("agent", "justice", False, id="it is another administration's"),
        pytest.param("triage", None, False, id="it is nobody's any more"),
        pytest.param("auditor", None, False, id="they only read"),
    ],
)
def test_who_gets_another_place_keeps_the_cases_that_go_with_it(
    house: House, role: Role, administration: str | None, kept: bool
) -> None:
    who = add(house, "agent", "health")
    hold(house, "health")
    house.staff.change(who.id, role, administration, NOW, by="test")
    changed = house.staff.find(who.email)
    assert changed is not None
    assert (changed.role, changed.administration) == (role, administration)
    assert rows(house, Audit)[-1].data["role"] == role
    assert rows(house, Case)[0].assignee_id == (who.id if kept else None)
    assert len(rows(house, Event, kind="assigned")) == (0 if kept else 1)


def test_a_case_of_a_closed_account_waits_for_somebody_else(house: House) -> None:
    who = add(house, "agent", "health")
    hold(house, "health")
    house.staff.disable(who.id, NOW, by="test")
    assert rows(house, Case)[0].assignee_id is None


@pytest.mark.parametrize(
    ("role", "administration"),
    [
        pytest.param("king", None, id="no role"),
        pytest.param("admin", "health", id="administrators belong to none"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    house: House, role: str, administration: str | None
) -> None:
    who = add(house)
    with pytest.raises(Refused):
        house.staff.change(who.id, role, administration, NOW, by="test")
    assert house.staff.find(who.email) == who
