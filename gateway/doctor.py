"""Looks at an installation as a visiting engineer would: what works, what does not, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from channels.base import SendFailed
from channels.registry import names
from gateway.house import House, build
from gateway.settings import Settings

#: What a channel needs to be set up.
_NEEDS = {
    "sms": "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, or an SMS_PROVIDER",
    "voice": "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM",
    "email": "IMAP_URL, SMTP_URL and EMAIL_ADDRESS",
    "telegram": "TELEGRAM_BOT_TOKEN and TELEGRAM_SECRET_TOKEN",
}

#: Characters of a key that nobody finds by trying.
_SHORTEST_KEY = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``note`` is what was seen, or what to do about it."""

    what: str
    state: Literal["ok", "off", "bad"]
    note: str


def examine(settings: Settings, console: Console) -> bool:
    """Look at everything and print it as a table; whether all is well."""
    house = build(settings)
    with console.status("Asking the database, the queue and each provider …"):
        findings = list(_findings(settings, house))
    table = Table("", "what", "finding", box=None, pad_edge=False)
    marks = {"ok": Text("✓", "green"), "off": Text("–", "dim"), "bad": Text("✗", "red")}
    for one in findings:
        table.add_row(marks[one.state], one.what, Text(one.note))
    console.print(table)
    return all(one.state != "bad" for one in findings)


def _findings(settings: Settings, house: House) -> Iterator[Finding]:
    yield _settings(settings)
    yield _database(house)
    yield _tried(
        "files",
        house.files.check,
        f"{settings.attachments_url} can be written",
        f"{settings.attachments_url} cannot be written: check ATTACHMENTS_URL and its owner",
    )
    if settings.embedded:
        yield Finding("queue", "ok", "none needed: the serving process does the work")
    else:
        yield _tried(
            "queue",
            house.bell.check,
            "Redis answers",
            "Redis does not answer: check REDIS_URL, and that it runs. Nothing is lost meanwhile",
        )
    yield _scanner(house)
    yield Finding(
        "administrations", "ok", f"{len(house.directory.administrations)} in the directory"
    )
    for name in names():
        yield _channel(house, name)


def _settings(settings: Settings) -> Finding:
    if settings.is_public and len(settings.secret_key) < _SHORTEST_KEY:
        note = "SECRET_KEY is so short that it can be guessed: make one by `openssl rand -hex 32`"
        return Finding("settings", "bad", note)
    return Finding("settings", "ok", f"public address {settings.public_url}")


def _database(house: House) -> Finding:
    try:
        house.store.ping()
        current = house.store.is_current()
    except SQLAlchemyError as trouble:
        kind = type(trouble).__name__
        return Finding("database", "bad", f"cannot be reached ({kind}): check DATABASE_URL")
    if not current:
        return Finding("database", "bad", "not made yet or old: run `python -m gateway init-db`")
    return Finding("database", "ok", f"{house.store.engine.dialect.name}, schema up to date")


def _scanner(house: House) -> Finding:
    scanner = house.pipeline.parts.scanner
    if scanner is None:
        return Finding("viruses", "off", "files are not scanned: set CLAMD_URL to ClamAV's daemon")
    return _tried(
        "viruses",
        scanner.check,
        "clamd answers",
        "clamd does not answer: check CLAMD_URL, and that it runs. Files wait unseen meanwhile",
    )


def _channel(house: House, name: str) -> Finding:
    adapter = house.channels.get(name)
    if adapter is None:
        return Finding(name, "off", f"not set up: needs {_NEEDS.get(name, 'its settings')}")
    try:
        return Finding(name, "ok", adapter.check())
    except SendFailed as failure:
        return Finding(name, "bad", failure.reason)


def _tried(what: str, check: Callable[[], None], good: str, bad: str) -> Finding:
    try:
        check()
    except (OSError, RedisError):
        return Finding(what, "bad", bad)
    return Finding(what, "ok", good)
