"""Five channels, from the wire to a tracking number and back, over real processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.house import build
from gateway.models import AttachmentRow, Case, Message, OutboundRow
from gateway.settings import load
from gateway.store import Store
from tests.road.providers import ARABIC, PDF, PUBLIC_URL, Visitor, World, number_in
from tests.road.running import ON_THEIR_WAY, Processes, eventually
from tests.servers.redis import RedisServer

PHONE = "+212612345678"
CALLER = "+212612345678"
MAILBOX = "fatima@exemple.ma"
VISITOR = "salma@exemple.ma"

#: How an administration installs Guichet: one process, or the Procfile's with two workers.
EMBEDDED: tuple[str, ...] = ("python -m gateway serve",)
DISTRIBUTED = (
    "honcho start --port {port} web poll",
    "python -m gateway work",
    "python -m gateway work",
)


@pytest.fixture
def guichet(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, outside: World
) -> Iterator[Processes]:
    """A running Guichet: on SQLite alone, and on PostgreSQL and Redis with two workers."""
    environ = {**outside.environ, "DATABASE_URL": database_url}
    commands = EMBEDDED
    if not database_url.startswith("sqlite"):
        redis: RedisServer = request.getfixturevalue("redis_server")
        redis.flush()
        environ["REDIS_URL"] = redis.url
        commands = DISTRIBUTED
    with Processes(tmp_path, environ, *commands) as processes:
        yield processes


def count(guichet: Processes, table: type[Case | Message | OutboundRow | AttachmentRow]) -> int:
    """How many rows a table has."""
    store = Store(guichet.environ["DATABASE_URL"])
    with store.read() as session:
        found = session.scalar(select(func.count()).select_from(table)) or 0
    store.close()
    return found


def states(guichet: Processes, table: type[OutboundRow] | type[AttachmentRow]) -> set[str]:
    """The states that a table's rows are in."""
    store = Store(guichet.environ["DATABASE_URL"])
    with store.read() as session:
        found = set(session.scalars(select(table.state)))
    store.close()
    return found


def submit(guichet: Processes, outside: World, visitor: Visitor) -> tuple[str, str]:
    """Something over each of the five channels; what the caller hears and the form's number."""
    assert outside.text(guichet, Body=ARABIC) == 200
    outside.mail()
    assert outside.speak(guichet) == 200
    heard = outside.call(guichet)
    number = visitor.send_form("fr", "Le train Casablanca-Rabat a trois heures de retard", VISITOR)
    return heard, number


def test_five_channels_five_numbers_five_notices(guichet: Processes, outside: World) -> None:
    """Each message comes twice, and in between everything is killed: five cases, nothing lost,
    and what was confirmed as sent is not sent again."""
    visitor = Visitor(guichet)
    visitor.open_form("fr")
    heard, on_the_page = submit(guichet, outside, visitor)

    texted = eventually(lambda: outside.texts(PHONE), "the acknowledgement by SMS")
    mailed = eventually(lambda: outside.mails(MAILBOX), "the acknowledgement by mail")
    chatted = eventually(outside.chat, "the acknowledgement in the chat")
    confirmed = eventually(lambda: outside.mails(VISITOR), "the form's confirmation by mail")
    numbers = {
        "sms": number_in(texted),
        "mail": number_in(mailed),
        "telegram": number_in(chatted),
        "voice": number_in([heard.replace(" ", "").replace(",", "")]),
        "form": on_the_page,
    }
    assert len(set(numbers.values())) == 5
    assert number_in(confirmed) == on_the_page
    assert "وصلت" in texted[0]
    assert "Merci" in mailed[0]
    assert 'language="fr' in heard
    eventually(lambda: states(guichet, OutboundRow) == {"sent"}, "everything sent")
    eventually(lambda: states(guichet, AttachmentRow) == {"stored"}, "every file fetched")
    assert count(guichet, AttachmentRow) == 4
    folder = Path(guichet.environ["ATTACHMENTS_URL"].removeprefix("file:"))
    assert PDF in [file.read_bytes() for file in folder.rglob("*") if file.is_file()]

    guichet.kill()
    guichet.start()
    again, same = submit(guichet, outside, visitor)
    assert number_in([again.replace(" ", "").replace(",", "")]) == numbers["voice"]
    assert same == on_the_page
    eventually(lambda: outside.dovecot.count() == 0, "the second mail to be taken")
    assert count(guichet, Case) == 5
    assert count(guichet, OutboundRow) == 4

    told = "C'est réparé."
    first, *others = numbers.values()
    done = guichet.command("case", first, "--status", "answered", "--message", told)
    assert done.returncode == 0, done.stderr
    # As that command does.
    house = build(load(guichet.environ), by_announcement=True)
    for number in others:
        house.cases.change(number, status="answered", message=told, actor="console")
    house.close()
    eventually(lambda: [text for text in outside.texts(PHONE) if told in text], "the text")
    eventually(lambda: [text for text in outside.mails(MAILBOX) if told in text], "the mail")
    eventually(lambda: [text for text in outside.mails(VISITOR) if told in text], "the form's mail")
    eventually(lambda: [text for text in outside.chat() if told in text], "the chat message")
    call = eventually(lambda: list(outside.twilio.calls), "the call")
    assert told in call[0]["Twiml"]
    assert len(outside.texts(PHONE)) == len(outside.mails(MAILBOX)) == len(outside.chat()) == 2

    page = visitor.follow("fr", on_the_page, VISITOR)
    assert "C&#39;est réparé." in page
    assert "C&#39;est réparé." not in visitor.follow("fr", on_the_page, "autre@exemple.ma")
    for secret in (PHONE, MAILBOX, VISITOR, ARABIC, told, "5ecret0f7wili0", "train Casablanca"):
        assert secret not in guichet.log


def test_what_came_just_before_the_power_cut_is_answered_after_it(
    guichet: Processes, outside: World
) -> None:
    kills = 0
    for n in range(20):
        phone = f"+2126123456{n:02d}"
        text = {"MessageSid": f"SM{n:032x}", "Body": f"{ARABIC} {n}", "From": phone}
        assert outside.text(guichet, **text) == 200
        if n % 8 == 7:
            guichet.kill()
            kills += 1
            guichet.start()
    eventually(lambda: count(guichet, Case) == 20, "twenty cases")
    eventually(lambda: states(guichet, OutboundRow) == {"sent"}, "twenty acknowledgements sent")
    said = Counter(number_in([sent["Body"]]) for sent in list(outside.twilio.messages))
    assert len(said) == 20
    # A kill between the provider's yes and our commit has what two workers had on their way said
    # again, once.
    assert max(said.values()) <= 1 + kills
    assert said.total() <= 20 + kills * 2 * ON_THEIR_WAY


def test_forged_large_and_broken_requests_cost_nothing_and_it_stops_when_asked(
    guichet: Processes, outside: World
) -> None:
    hook = f"{guichet.url}/hooks/sms"
    assert outside.twilio.post(hook, {"Body": "x"}, signed_url="https://elsewhere.example") == 403
    assert outside.text(guichet, Body="x" * 2_000_000) == 413
    assert outside.twilio.post(hook, {"Odd": "1"}, signed_url=f"{PUBLIC_URL}/hooks/sms") == 200
    assert outside.twilio.post(f"{guichet.url}/hooks/nothing", {}) == 404
    assert count(guichet, Message) == 1
    assert count(guichet, Case) == 0
    assert outside.text(guichet, Body=ARABIC) == 200
    # A worker that is asked before it has begun just ends (-15); honcho tells 128 + 15.
    assert set(guichet.stop()) <= {0, 143, -15}
    assert count(guichet, Message) == 2
    assert "Traceback" not in guichet.log


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_losing_redis_with_work_in_hand_costs_time_only(
    guichet: Processes, outside: World, redis_server: RedisServer
) -> None:
    """Workers outlive it, go on by their sweep, and listen again when it is back."""
    for n in range(12):
        assert outside.text(guichet, MessageSid=f"SM{n:032x}", From=f"+2126123456{n:02d}") == 200
        if n == 4:
            redis_server.kill()
    eventually(lambda: count(guichet, Case) == 12, "twelve cases without Redis")
    redis_server.start()
    assert outside.text(guichet, MessageSid=f"SM{99:032x}", From="+212612345699") == 200
    eventually(lambda: count(guichet, OutboundRow) == 13, "the thirteenth case")
    eventually(lambda: states(guichet, OutboundRow) == {"sent"}, "every acknowledgement")
    assert guichet.alive()
