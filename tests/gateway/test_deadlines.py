"""The legal clock counts as the law does, warns each once, and never at night or on a holiday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from gateway import clock
from gateway.cases import By
from gateway.deadlines import days_left, due, end_of_working_days, is_working_day, may_disturb
from gateway.house import House
from gateway.models import Case, Event, OutboundRow, User
from gateway.reminders import remind
from gateway.settings import Settings, load
from routing.directory import Directory
from tests.conftest import CHANNELS, MakeHouse
from tests.gateway.messages_in import FRENCH, rows, sms, take
from tests.servers.smtp import SmtpSink

#: A Friday in Casablanca, ten in the morning; the Monday after it is no holiday.
FRIDAY = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
MONDAY = FRIDAY + timedelta(days=3)
#: Throne Day, a Thursday.
HOLIDAY = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)


def settings(**environ: str) -> Settings:
    return load({**CHANNELS, "SECRET_KEY": "for the tests only", **environ})


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.load()


@pytest.mark.parametrize(
    ("environ", "kind", "days"),
    [
        ({}, "complaint", 60),
        ({"DUE_DAYS": "21"}, "complaint", 21),
        ({"KIND_DAYS": "question=30,remark=90"}, "question", 30),
        ({"KIND_DAYS": "question=30,remark=90"}, "remark", 90),
        ({"KIND_DAYS": "question=30"}, "complaint", 60),
    ],
)
def test_the_kind_has_days_of_its_own_where_the_house_says_so(
    directory: Directory, environ: dict[str, str], kind: str, days: int
) -> None:
    assert due(FRIDAY, kind, None, directory, settings(**environ)) == FRIDAY + timedelta(days=days)


def test_working_days_leave_out_weekends_and_holidays(directory: Directory) -> None:
    house = settings(DUE_COUNTING="working", DUE_DAYS="3")
    # Friday, Monday, Tuesday, Wednesday.
    assert due(FRIDAY, "complaint", None, directory, house) == FRIDAY + timedelta(days=5)
    before = HOLIDAY - timedelta(days=1)
    # Thursday is Throne Day: Friday, Monday, Tuesday.
    assert due(before, "complaint", None, directory, house) == before + timedelta(days=6)


@pytest.mark.parametrize("said", ["question", "question=", "question=0", "=5", "q1=5"])
def test_days_that_make_no_sense_are_refused_at_the_start(said: str) -> None:
    with pytest.raises(Exception, match="KIND_DAYS"):
        settings(KIND_DAYS=said)


def test_a_country_without_known_holidays_has_weekends(directory: Directory) -> None:
    assert is_working_day(FRIDAY.date(), "XK")
    assert not is_working_day((FRIDAY + timedelta(days=1)).date(), "XK")


def test_days_left_are_those_of_the_calendar_here() -> None:
    late_evening = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
    assert days_left(late_evening, FRIDAY, settings(TIME_ZONE="Asia/Tokyo")) == 1
    assert days_left(late_evening, FRIDAY, settings(TIME_ZONE="UTC")) == 0


def test_the_end_of_the_last_working_days(directory: Directory) -> None:
    house = settings(TIME_ZONE="UTC")
    midnight = datetime(2026, 3, 13, tzinfo=UTC)
    # Late: what was due before today. No working day left after Friday: until Sunday's end.
    assert end_of_working_days(-1, FRIDAY, house) == midnight
    assert end_of_working_days(0, FRIDAY, house) == midnight + timedelta(days=3)
    assert end_of_working_days(1, FRIDAY, house) == midnight + timedelta(days=4)


@pytest.mark.parametrize(
    ("hours", "hour", "may"),
    [
        ("21-8", 20, True),
        ("21-8", 21, False),
        ("21-8", 3, False),
        ("21-8", 8, True),
        ("1-6", 0, True),
        ("1-6", 5, False),
        ("0-0", 0, True),
    ],
)
def test_at_night_nobody_is_disturbed(hours: str, hour: int, may: bool) -> None:
    house = settings(QUIET_HOURS=hours, TIME_ZONE="UTC")
    assert may_disturb(FRIDAY.replace(hour=hour), house) == may


@pytest.mark.parametrize("day", [FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2), HOLIDAY])
def test_nor_at_weekends_and_on_holidays(day: datetime) -> None:
    assert not may_disturb(day, settings())


# --- warnings ------------------------------------------------------------------------------------


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def house(make_house: MakeHouse, smtp: SmtpSink) -> House:
    """A house with one case, an agent, a supervisor, and an agent of somebody else's."""
    house = make_house(SMTP_URL=smtp.url, QUIET_HOURS="21-8")
    take(house, sms(FRENCH))
    own = rows(house, Case)[0].administration
    with house.store.write() as session:
        for name, role, administration in (
            ("agent", "agent", own),
            ("supervisor", "supervisor", own),
            ("stranger", "agent", "health"),
            ("gone", "agent", own),
        ):
            session.add(
                User(
                    email=f"{name}@admin.example",
                    name=name,
                    role=role,
                    administration=administration,
                    language="fr",
                    created_at=clock.now(),
                    disabled_at=clock.now() if name == "gone" else None,
                )
            )
    return house


def due_in(house: House, days: int, *, warned: int = 0) -> None:
    """Move the case's due date to so many days after that Monday."""
    with house.store.write() as session:
        session.execute(
            update(Case).values(due_at=MONDAY + timedelta(days=days, hours=3), warned=warned)
        )


def mailed(smtp: SmtpSink) -> list[str]:
    return sorted(str(one.mail["To"]).partition("@")[0] for one in smtp.taken)


@pytest.mark.parametrize(
    ("days", "level", "told"),
    [
        pytest.param(40, 0, [], id="in time"),
        pytest.param(15, 1, ["agent"], id="ten working days left, a holiday between"),
        pytest.param(16, 0, [], id="eleven"),
        pytest.param(3, 2, ["agent", "supervisor"], id="three"),
        pytest.param(0, 2, ["agent", "supervisor"], id="today"),
        pytest.param(-1, 3, ["agent", "supervisor"], id="yesterday"),
    ],
)
def test_whoever_must_know_is_told_once(
    house: House, smtp: SmtpSink, days: int, level: int, told: list[str]
) -> None:
    due_in(house, days)
    for minutes in (0, 5, 600):
        remind(house, MONDAY + timedelta(minutes=minutes))
    assert mailed(smtp) == told
    assert rows(house, Case)[0].warned == level
    kinds = [event.data["level"] for event in rows(house, Event, kind="warned")]
    assert kinds == ([level] if level else [])


def test_a_mail_to_the_staff_names_numbers_and_no_citizen(house: House, smtp: SmtpSink) -> None:
    due_in(house, 3)
    remind(house, MONDAY)
    number = rows(house, Case)[0].number
    for one in smtp.taken:
        text = one.mail.get_content()
        assert f"https://guichet.example/desk/cases/{number}" in text
        assert "ordures" not in text
        assert one.mail["Auto-Submitted"] == "auto-generated"


def test_only_whoever_has_the_case_is_reminded_of_it(house: House, smtp: SmtpSink) -> None:
    with house.store.write() as session:
        session.add(
            User(
                email="second@admin.example",
                name="second",
                role="agent",
                administration=rows(house, Case)[0].administration,
                language="ar",
                created_at=clock.now(),
            )
        )
        session.flush()
        assignee = session.query(User.id).filter_by(name="second").scalar()
        session.execute(update(Case).values(assignee_id=assignee))
    due_in(house, 10)
    remind(house, MONDAY)
    assert mailed(smtp) == ["second"]


def test_after_a_week_without_a_worker_each_is_warned_about_once(
    house: House, smtp: SmtpSink
) -> None:
    due_in(house, -9)
    remind(house, MONDAY)
    assert mailed(smtp) == ["agent", "supervisor"]
    assert [event.kind for event in rows(house, Event) if event.actor == "guichet"].count(
        "warned"
    ) == 1


def test_a_late_answer_is_told_to_its_citizen_once_with_the_mediators_door(house: House) -> None:
    due_in(house, -1)
    for days in (0, 1, 2):
        remind(house, MONDAY + timedelta(days=days))
    late = rows(house, OutboundRow, key="late_notice")
    assert len(late) == 1
    assert late[0].automatic
    with house.store.write() as session:
        # Transferred meanwhile: its new administration is warned, the citizen knows already.
        session.execute(update(Case).values(warned=0))
    remind(house, MONDAY + timedelta(days=3))
    assert len(rows(house, OutboundRow, key="late_notice")) == 1


@pytest.mark.parametrize("when", [MONDAY - timedelta(days=1), MONDAY.replace(hour=2), HOLIDAY])
def test_nobody_hears_of_it_at_night_or_on_a_day_off(
    house: House, smtp: SmtpSink, when: datetime
) -> None:
    due_in(house, -60)
    remind(house, when)
    assert mailed(smtp) == []
    assert not rows(house, OutboundRow, key="late_notice")


@pytest.mark.parametrize("status", ["answered", "closed", "inadmissible"])
def test_what_is_answered_is_not_late(house: House, smtp: SmtpSink, status: str) -> None:
    due_in(house, -5)
    with house.store.write() as session:
        session.execute(update(Case).values(status=status))
    assert remind(house, MONDAY) == 0
    assert mailed(smtp) == []


def test_while_the_mail_server_is_away_the_warning_waits(
    make_house: MakeHouse, house: House, smtp: SmtpSink
) -> None:
    due_in(house, 3)
    away = make_house()
    remind(away, MONDAY)
    assert rows(house, Case)[0].warned == 0
    assert not rows(house, Event, kind="warned")
    remind(house, MONDAY)
    assert mailed(smtp) == ["agent", "supervisor"]


def test_a_warning_costs_no_agent_the_answer_that_is_being_written(house: House) -> None:
    (case,) = rows(house, Case)
    due_in(house, 3)
    seen = rows(house, Case)[0].version
    remind(house, MONDAY)
    house.cases.change(case.number, status="answered", message="Fait.", actor=By("agent", seen))


def test_many_late_cases_make_one_mail_for_each_person(house: House, smtp: SmtpSink) -> None:
    take(house, *(sms(FRENCH, sender=f"+2126123400{n:02}") for n in range(8)))
    with house.store.write() as session:
        own = rows(house, Case)[0].administration
        session.execute(update(Case).values(administration=own))
    due_in(house, -1)
    assert remind(house, MONDAY) == 9
    assert mailed(smtp) == ["agent", "supervisor"]


def test_two_workers_warn_once(make_house: MakeHouse, house: House, smtp: SmtpSink) -> None:
    due_in(house, -1)
    other = make_house(SMTP_URL=smtp.url)
    assert [remind(one, MONDAY) for one in (house, other)] == [1, 0]
    levels = [event.data["level"] for event in rows(house, Event, kind="warned")]
    assert all(one < two for one, two in pairwise([0, *levels]))
