"""Nothing that citizens and providers sent, and no secret, is in any log line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import psycopg
import pytest
import requests
from sqlalchemy import ColumnElement, func, select

from gateway.models import AddressRow, AttachmentRow, Case, Message, OutboundRow
from gateway.store import Store
from tests.fakes.telegram import SECRET, refusal
from tests.fakes.telegram import TOKEN as BOT_TOKEN
from tests.fakes.twilio import TOKEN as TWILIO_TOKEN
from tests.fakes.twilio import refusal as twilio_refusal
from tests.road.providers import PAYLOADS, PUBLIC_URL, Visitor, World
from tests.road.running import Processes, eventually
from tests.servers.redis import RedisServer

#: What the database refuses at each step of the road, with the row in its own words.
AT_THE_DOOR = "Ma voisine Zoubida Alaoui, 3 rue des Orangers, jette ses ordures"
AS_A_CASE = "Le docteur Berrada du dispensaire de Salé me demande de l'argent"
REFUSING = f"""
    ALTER TABLE messages ADD CHECK (text <> '{AT_THE_DOOR}');
    ALTER TABLE messages ADD CHECK (case_id IS NULL OR text <> '{AS_A_CASE.replace("'", "''")}');
    ALTER TABLE outbound ADD CHECK (provider_id <> 'SM{1:032x}');
"""
PIN, BEARER, PASSWORD = "471108", "bearer-that-was-guessed", "correct horse battery"
#: Where citizens' and providers' words are kept.
KEPT = (
    Message.sender, Message.sender_name, Message.subject, Message.text, Message.external_id,
    Message.reference, AddressRow.value, AttachmentRow.filename, AttachmentRow.reference,
    OutboundRow.text, OutboundRow.subject, OutboundRow.provider_id, Case.number,
)  # fmt: skip
#: Shorter words are found everywhere.
_SHORTEST = 5


@pytest.fixture
def guichet(
    tmp_path: Path,
    outside: World,
    new_postgres: Callable[[], str],
    redis_server: RedisServer,
) -> Iterator[Processes]:
    """Guichet as at scale, logging all that it can."""
    redis_server.flush()
    environ = {
        **outside.environ,
        "DATABASE_URL": new_postgres(),
        "REDIS_URL": redis_server.url,
        "LOG_LEVEL": "debug",
    }
    commands = [f"python -m gateway {command}" for command in ("serve", "work", "poll")]
    with psycopg.connect(environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(REFUSING.encode())
    with Processes(tmp_path, environ, *commands) as guichet:
        yield guichet


def write_everything(guichet: Processes, outside: World) -> None:
    """Every payload that we have, over the wire that it comes by."""
    for file in sorted(PAYLOADS.glob("sms/*.form")):
        path = "/hooks/sms/status" if "status" in file.stem else "/hooks/sms"
        post(guichet, outside, path, **form(file))
    for file in sorted(PAYLOADS.glob("telegram/*.json")):
        outside.telegram.push(json.loads(file.read_text("utf-8")), f"{guichet.url}/hooks/telegram")
    outside.dovecot.put(*(file.read_bytes() for file in sorted(PAYLOADS.glob("email/*.eml"))))
    outside.call(guichet)
    post(guichet, outside, "/hooks/voice/pin", **form(PAYLOADS / "voice/call.form"), Digits=PIN)
    visitor = Visitor(guichet)
    visitor.open_form("fr")
    number = visitor.send_form("fr", "Le train a trois heures de retard", "salma@exemple.ma")
    visitor.follow("fr", number, "salma@exemple.ma")
    visitor.follow("fr", number, "someone.else@exemple.ma")


def write_what_fails(guichet: Processes, outside: World) -> None:
    """Providers refuse and name whom, the database refuses and says what, requests are broken."""
    outside.twilio.plan(twilio_refusal(21614, "+212611111111"))
    outside.telegram.plan(refusal(400, 'Bad Request: "Ghita" +212622222222 not found'), "reset")
    outside.smtp.refuse("550 5.1.1 <leila.bennani@exemple.ma>: Recipient address rejected")
    for n, body in enumerate((AT_THE_DOOR, AS_A_CASE, "Pas d'eau à Oujda", "Pas d'eau à Azrou")):
        sid = f"SMe{n:031x}"
        post(guichet, outside, "/hooks/sms", From=f"+21263333333{n}", MessageSid=sid, Body=body)
    for chat in (77_000_001, 77_000_002):
        update = outside.telegram.message(chat, text="Pas de bus à Settat")
        outside.telegram.push(update, f"{guichet.url}/hooks/telegram")
    eventually(lambda: len(outside.telegram.asked) >= 2, "Telegram's refusals")
    outside.dovecot.put(
        b"From: <karim.tazi@exemple.ma\r\nSubject: =?utf-8?q?=ff=fe?=\r\n\r\n\xff\xfe"
    )
    hooks = f"{guichet.url}/hooks"
    secret = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    requests.post(f"{hooks}/telegram", data=b'{"message": "Hamid Lahlou"', headers=secret)
    requests.post(f"{hooks}/telegram", json={"message": {"chat": "Hamid Lahlou"}}, headers=secret)
    requests.post(f"{hooks}/telegram", json={}, headers={next(iter(secret)): "guessed-secret"})
    requests.post(f"{hooks}/sms", data={"Body": "Hamid Lahlou"}, params={"q": "+212644444444"})
    requests.get(f"{guichet.url}/l/a-one-time-link-{BEARER}", params={"who": "+212644444444"})
    bearer = {"Authorization": f"Bearer {BEARER}"}
    requests.get(f"{guichet.url}/api/cases/264831592783", headers=bearer)
    login = {"email": "agent.secret@exemple.ma", "password": PASSWORD}
    requests.post(f"{guichet.url}/desk/login", data=login)


def post(guichet: Processes, outside: World, path: str, **fields: str) -> int:
    """Post a form as Twilio does."""
    url = f"{guichet.url}{path}"
    return outside.twilio.post(url, fields, signed_url=f"{PUBLIC_URL}{path}")


def form(path: Path) -> dict[str, str]:
    return dict(parse_qsl(path.read_text("utf-8").strip(), keep_blank_values=True))


def kept(store: Store) -> set[str]:
    """All that was sent, line by line."""
    with store.read() as session:
        found = [text for column in KEPT for text in session.scalars(select(column)) if text]
    lines = {line.strip() for text in found for line in text.splitlines()}
    return {line for line in lines if len(line) >= _SHORTEST}


def waiting(store: Store, *of: ColumnElement[bool]) -> int:
    """How many rows nobody has tried yet, or that did not fail."""
    tables = ((Message, Message.state == "new"), (OutboundRow, OutboundRow.state == "queued"))
    with store.read() as session:
        return sum(
            session.scalar(
                select(func.count()).select_from(table).where(waits, table.error.is_(None))
            )
            or 0
            for table, waits in tables
        )


def test_no_line_holds_what_anybody_sent(guichet: Processes, outside: World) -> None:
    write_what_fails(guichet, outside)
    write_everything(guichet, outside)
    store = Store(guichet.environ["DATABASE_URL"])
    eventually(lambda: outside.dovecot.count() == 0, "every mail")
    eventually(lambda: waiting(store) == 0, "everything tried")
    sent = kept(store)
    store.close()
    assert {AS_A_CASE, "+212633333331", "fatima@exemple.ma"} <= sent
    guichet.stop()

    log = guichet.log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    events = {line["event"] for line in lines}
    # What was to go wrong went wrong, and each left its line.
    assert events >= {"accepted", "sent", "process.failed", "send.failed", "send.fault",
                      "hook.rejected"}  # fmt: skip
    assert "Traceback" not in log
    told = log + "\n".join(str(value) for line in lines for value in line.values())
    secrets = {BOT_TOKEN, SECRET, TWILIO_TOKEN, PIN, BEARER, PASSWORD, outside.dovecot.password,
               guichet.environ["SECRET_KEY"], AT_THE_DOOR, "Lahlou", "leila.bennani", "karim.tazi",
               "agent.secret", "Ghita", "guessed-secret", "264831592783"}  # fmt: skip
    secrets |= {f"6{digit * 8}" for digit in "12345"}
    # What we call ourselves is no secret.
    assert [secret for secret in sorted(sent - {"Guichet"} | secrets) if secret in told] == []
