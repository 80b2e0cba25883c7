"""The lists of the desk: who finds which case where, by which words, and by which index."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import Row, select, update

from gateway.desk_queues import QUEUES, queues_of
from gateway.house import House
from gateway.lists import COUNTED, LOOKED, PAGE, Filters, Lists, Page
from gateway.models import ANSWERED, Case
from gateway.roles import Role, StaffView
from gateway.search import words_of
from gateway.settings import load
from gateway.staff import Staff
from gateway.store import Store
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, rows, sms, take
from tests.many_cases import NOW, fill, phone
from tests.servers.postgres import Postgres

DAY = timedelta(days=1)


def somebody(role: Role, administration: str | None = None, key: int = 1) -> StaffView:
    return StaffView(key, "a@example.ma", "A", role, administration, "fr")


ADMIN = somebody("admin")


@pytest.fixture
def amal(house: House) -> StaffView:
    """An agent of the ministry of health."""
    return house.staff.add("amal@example.ma", "Amal", "agent", "health", "fr", NOW, by="test")


def case(house: House, **facts: Any) -> str:
    """A case of the ministry of health that came in an hour ago, but for what ``facts`` say."""
    take(house, sms(FRENCH, sender=f"+2126{len(rows(house, Case)):08d}"))
    last = rows(house, Case)[-1]
    usual = {
        "administration": "health",
        "status": "routed",
        "created_at": NOW,
        "due_at": NOW + 60 * DAY,
    }
    with house.store.write() as session:
        session.execute(update(Case).where(Case.id == last.id).values({**usual, **facts}))
    return str(last.number)


def found(house: House, who: StaffView, queue: str = "all", **filters: Any) -> list[str]:
    """The numbers in a list."""
    page = house.lists.look(who, queue, Filters(**filters), NOW)
    return [line.number for line in page.lines]


@pytest.mark.parametrize(
    ("queue", "facts"),
    [
        pytest.param("unassigned", {}, id="nobody looks after it"),
        pytest.param("mine", {"assignee_id": 1}, id="mine"),
        pytest.param("triage", {"administration": None, "status": "received"}, id="in triage"),
        pytest.param("disputed", {"administration": None, "disputed": True}, id="for the arbiter"),
        pytest.param("arriving", {"sent_by": "justice"}, id="sent to us, not accepted"),
        pytest.param("soon", {"due_at": NOW + 3 * DAY}, id="due soon"),
        pytest.param("late", {"due_at": NOW - DAY}, id="late"),
        pytest.param("awaiting", {"status": "awaiting_citizen"}, id="the citizen's turn"),
        pytest.param("reopened", {"status": "reopened"}, id="reopened"),
    ],
)
def test_a_case_is_in_its_queue_and_leaves_it_when_it_is_answered(
    house: House, amal: StaffView, queue: str, facts: dict[str, Any]
) -> None:
    other = case(house, assignee_id=None if queue == "mine" else amal.id)
    number = case(house, **facts)
    who = amal if queue == "mine" else ADMIN
    assert found(house, who, queue) == [number]
    assert found(house, who) == [number, other] or set(found(house, who)) == {number, other}
    assert house.lists.counts(who, NOW)[queue] == 1
    with house.store.write() as session:
        session.execute(update(Case).where(Case.number == number).values(status="answered"))
    assert found(house, who, queue) == []


def test_everybody_sees_the_cases_of_their_administration_in_every_queue(house: House) -> None:
    ours = case(house, due_at=NOW - DAY)
    theirs = case(house, administration="justice", due_at=NOW - DAY)
    nobodys = case(house, administration=None, due_at=NOW - DAY)
    agent, triage = somebody("agent", "health"), somebody("triage")
    for queue in QUEUES:
        assert not {theirs, nobodys} & set(found(house, agent, queue)), queue
        assert not {ours, theirs} & set(found(house, triage, queue)), queue
    assert found(house, agent, "late") == [ours]
    assert found(house, triage, "triage") == [nobodys]
    assert found(house, agent, words=theirs) == []
    assert found(house, agent, words="ordures") == [ours]
    assert found(house, agent, administration="justice") == []
    assert set(found(house, somebody("auditor"))) == {ours, theirs, nobodys}


def test_each_role_is_shown_the_queues_that_can_hold_something() -> None:
    shown = queues_of
    assert shown(somebody("triage")) == ["mine", "triage", "disputed", "all"]
    assert "triage" not in shown(somebody("agent", "health"))
    assert "mine" not in shown(somebody("auditor"))
    assert shown(ADMIN) == list(QUEUES)


def test_the_most_urgent_comes_first_and_of_all_cases_what_was_received_last(house: House) -> None:
    times = [(NOW + days * DAY, NOW - days * DAY) for days in (5, 1, 3)]
    numbers = [case(house, due_at=due, created_at=created) for due, created in times]
    soonest = [numbers[1], numbers[2], numbers[0]]
    assert found(house, ADMIN, "soon") == soonest
    assert found(house, ADMIN, "all") == soonest


@pytest.mark.parametrize(
    ("filters", "facts"),
    [
        ({"status": "in_progress"}, {"status": "in_progress"}),
        ({"administration": "justice"}, {"administration": "justice"}),
        ({"channel": "voice"}, {"channel": "voice"}),
        ({"language": "ary-Arab"}, {"language": "ary-Arab"}),
        ({"kind": "question"}, {"kind": "question"}),
        ({"city": "agadir"}, {"city": "agadir"}),
        ({"assignee": 1}, {"assignee_id": 1}),
        ({"since": date(2027, 3, 2)}, {"created_at": NOW + DAY}),
        ({"until": date(2027, 2, 28)}, {"created_at": NOW - DAY}),
    ],
    ids=lambda one: next(iter(one)),
)
def test_filters_narrow_a_list(
    house: House, amal: StaffView, filters: dict[str, Any], facts: dict[str, Any]
) -> None:
    case(house)
    number = case(house, **facts)
    assert amal.id == 1
    assert found(house, ADMIN, **filters) == [number]


def test_a_day_is_that_of_the_citizens_clocks(house: House) -> None:
    """Half past eleven in the evening by UTC is the next day in Morocco, but in Ramadan."""
    number = case(house, created_at=NOW.replace(month=4, hour=23, minute=30))
    assert found(house, ADMIN, since=date(2027, 4, 2)) == [number]
    assert found(house, ADMIN, until=date(2027, 4, 1)) == []


def test_those_nobody_looks_after_can_be_asked_for(house: House, amal: StaffView) -> None:
    case(house, assignee_id=amal.id)
    number = case(house)
    assert found(house, ADMIN, assignee=0) == [number]


def test_an_addition_can_be_found_from_its_first_moment(house: House) -> None:
    take(house, sms(ARABIC))
    (first,) = rows(house, Case)
    take(house, sms(f"{first.number} العداد رقم 4471 مكسور أيضا"))
    for words in ("4471", "مكسور", "العداد"):
        assert found(house, ADMIN, words=words) == [first.number], words


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        pytest.param("ordures", True, id="a word"),
        pytest.param("ORDURE", True, id="in capitals, and one of them"),
        pytest.param("débord", True, id="the beginning of one"),
        pytest.param("deborde", True, id="without accents"),
        pytest.param("ordures casablanca", True, id="two words, anywhere"),
        pytest.param("ordures rabat", False, id="all of the words"),
        pytest.param("rdures", False, id="not the end of one"),
        pytest.param(PHONE, True, id="the phone it was filed from"),
        pytest.param("06 12 34 56 78", True, id="as people dial it"),
        pytest.param("0612345679", False, id="another phone"),
        pytest.param("a@example.ma", False, id="a mailbox that filed nothing"),
        pytest.param("!!! ---", False, id="no word at all"),
        pytest.param('" OR 1=1 --', False, id="what means something to a database"),
        pytest.param("ordures* NEAR(x)", False, id="or to a search engine"),
        pytest.param("' & !zz:*", False, id="or to another one"),
    ],
)
def test_words_find_a_case_in_french(house: House, words: str, hit: bool) -> None:
    take(house, sms(FRENCH))
    assert bool(found(house, ADMIN, words=words)) is hit


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        pytest.param("الماء", True, id="a word with its article"),
        pytest.param("ماء", True, id="without"),
        pytest.param("والماء", True, id="with another one in front"),
        pytest.param("حينا", True, id="another word"),
        pytest.param("الْمَاءُ", True, id="with its vowels"),
        pytest.param("مـــاء", True, id="drawn out"),
        pytest.param("ماء فاس", True, id="two words"),
        pytest.param("كهرباء", False, id="a word that is not there"),
    ],
)
def test_words_find_a_case_in_arabic(house: House, words: str, hit: bool) -> None:
    take(house, sms(ARABIC))
    assert bool(found(house, ADMIN, words=words)) is hit


def test_a_number_finds_its_case_however_it_is_written(house: House) -> None:
    take(house, sms(FRENCH), sms(ARABIC, sender="+212611111111"))
    first = rows(house, Case)[0].number
    spaced = f"n° {first[:4]} {first[4:8]} {first[8:]}"
    assert found(house, ADMIN, words=first) == found(house, ADMIN, words=spaced) == [first]


def test_pages_follow_one_another_without_gap_or_repetition(house: House) -> None:
    fill(house.store, [], PAGE * 3 + 7)
    for queue in ("all", "unassigned", "late"):
        seen = [line.number for page in pages(house.lists, queue) for line in page.lines]
        assert seen == [one.number for one in in_order(everything(house.store), queue)], queue


def pages(lists: Lists, queue: str, **filters: Any) -> list[Page]:
    """A whole list, page by page."""
    found = [lists.look(ADMIN, queue, Filters(**filters), NOW)]
    while after := found[-1].after:
        found.append(lists.look(ADMIN, queue, Filters(**filters), NOW, after))
    return found


def everything(store: Store) -> Sequence[Row[Any]]:
    """All cases, without any of the queries of lists."""
    with store.read() as session:
        return session.execute(select(*Case.__table__.columns)).all()


def in_order(cases: Sequence[Row[Any]], queue: str) -> list[Row[Any]]:
    """Those of a queue, as it shows them."""
    if queue == "all":
        return sorted(cases, key=lambda one: (one.created_at, one.id), reverse=True)
    held = [one for one in cases if one.status not in ANSWERED and one.administration]
    held = [one for one in held if (one.due_at < NOW if queue == "late" else not one.assignee_id)]
    return sorted(held, key=lambda one: (one.due_at, one.id))


def test_a_long_queue_is_not_counted_to_its_end(house: House) -> None:
    fill(house.store, [], 600)
    assert house.lists.counts(ADMIN, NOW)["unassigned"] == COUNTED + 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lists]:
    """Lists over so many cases that a planner prefers an index wherever there is one."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("full") / "guichet.db"
        shutil.copy(Path(request.getfixturevalue("sqlite_template")), path)
        url = f"sqlite:///{path}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database(template=request.getfixturevalue("postgres_template"))
    store = Store(url)
    staff = Staff(store)
    people = [
        staff.add(f"{name}@example.ma", name, "agent", "health", "fr", NOW, by="test")
        for name in ("amal", "badr")
    ]
    fill(store, people, 8_000)
    yield Lists(store, load({"DATABASE_URL": url, "SECRET_KEY": "for the tests only"}))
    store.close()


@pytest.fixture(scope="module")
def cases(full: Lists) -> Sequence[Row[Any]]:
    return everything(full.store)


@pytest.mark.parametrize("queue", ["all", "unassigned"])
@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"city": "agadir"}, id="a filter"),
        pytest.param({"status": "closed", "kind": "question"}, id="what was settled"),
        pytest.param({"words": "la"}, id="a common word"),
        pytest.param({"words": "e", "city": "agadir"}, id="a beginning of many, in one city"),
        pytest.param({"words": "rue lampadaires", "kind": "remark"}, id="words that leave nothing"),
        pytest.param({"words": "0501"}, id="a word of few cases"),
    ],
)
def test_what_is_looked_for_is_found_to_the_last_case(
    full: Lists, cases: Sequence[Row[Any]], queue: str, wanted: dict[str, str]
) -> None:
    """However long a queue is, and however little of it is wanted: page by page, each in its place;
    and a page that ends before the queue does says how far it came."""
    begun = wanted.get("words", "").removesuffix("s").split()
    filters = {name: value for name, value in wanted.items() if name != "words"}
    expected = [
        one.number
        for one in in_order(cases, queue)
        if all(getattr(one, name) == value for name, value in filters.items())
        and all(
            any(word.startswith(beginning) for word in words_of(one.number, one.subject, one.text))
            for beginning in begun
        )
    ]
    found = pages(full, queue, **wanted)
    assert [line.number for page in found for line in page.lines] == expected
    for page in found[:-1]:
        assert len(page.lines) == PAGE or page.looked


def test_no_page_looks_through_a_whole_long_queue(full: Lists, cases: Sequence[Row[Any]]) -> None:
    """Of 8,000 cases a page looks at LOOKED at most, and tells the place it came to."""
    page = full.look(ADMIN, "all", Filters(city="agadir", channel="sms"), NOW)
    last = in_order(cases, "all")[LOOKED - 1]
    assert (page.looked, page.after) == (last.created_at, (last.created_at, last.id))
    assert len(page.lines) < PAGE
    assert all(line.created_at >= last.created_at for line in page.lines)


def plan(lists: Lists, who: StaffView, queue: str, filters: Filters) -> str:
    """How the database would find a page."""
    with lists.store.read() as session:
        query, _ = lists.statement(session, who, queue, filters, NOW)
        compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
        explain = "EXPLAIN QUERY PLAN " if lists.store.is_sqlite else "EXPLAIN "
        values = tuple(compiled.params[name] for name in compiled.positiontup or ())
        found = session.connection().exec_driver_sql(explain + str(compiled), values)
        return "\n".join(str(row[-1]) for row in found)


AGENT = somebody("agent", "health")


@pytest.mark.parametrize("who", [AGENT, ADMIN], ids=["an agent", "everybody's cases"])
@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_is_found_by_an_index(full: Lists, queue: str, who: StaffView) -> None:
    shown = plan(full, who, queue, Filters())
    assert "ix_cases_" in shown, shown
    assert "Seq Scan on cases" not in shown, shown


@pytest.mark.parametrize(
    ("words", "index"),
    [
        pytest.param("introuvable", "pk_cases|PRIMARY KEY|Result", id="a rare word: by its cases"),
        pytest.param(phone(501), "pk_cases|PRIMARY KEY", id="a phone: by its cases"),
    ],
)
def test_every_search_is_found_by_an_index(full: Lists, words: str, index: str) -> None:
    shown = plan(full, ADMIN, "all", Filters(words=words))
    assert "Seq Scan on cases" not in shown, shown
    assert any(name in shown for name in index.split("|")), shown


@pytest.mark.parametrize("which", ["shunted", "spam"])
def test_what_is_set_aside_is_found_by_an_index(
    house: House, which: Literal["shunted", "spam"]
) -> None:
    query = house.shunted.statement(which)
    how = "EXPLAIN QUERY PLAN " if house.store.is_sqlite else "EXPLAIN "
    with house.store.write() as session:
        connection = session.connection()
        if not house.store.is_sqlite:
            # So few rows PostgreSQL would rather read than look up.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        shown = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(how + str(compiled)))
    assert f"ix_messages_{which}" in shown, shown


def test_words_are_looked_up_in_their_own_index(full: Lists) -> None:
    how = "EXPLAIN QUERY PLAN " if full.store.is_sqlite else "EXPLAIN "
    query = (
        "SELECT rowid FROM case_words WHERE case_words MATCH 'ordure*'"
        if full.store.is_sqlite
        else "SELECT case_id FROM case_words WHERE words @@ CAST('''ordurx'':*' AS tsquery)"
    )
    with full.store.write() as session:
        connection = session.connection()
        if not full.store.is_sqlite:
            # So few rows PostgreSQL would rather read than look up.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        shown = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(how + query))
    assert "VIRTUAL TABLE INDEX" in shown or "ix_case_words_words" in shown, shown
