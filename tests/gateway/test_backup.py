"""What docs/operations.md says of backups brings everything back."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from channels.base import Attachment
from gateway.house import House
from gateway.models import AttachmentRow, Base, Case, Message
from tests.conftest import MakeHouse
from tests.gateway.messages_in import ARABIC, FRENCH, STRANGER, rows, sms, take
from tests.servers.postgres import Postgres

PHOTO = b"\x89PNG\r\n\x1a\n a pothole"


def contents(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with house.store.read() as session:
        return {
            table.name: sorted(
                (tuple(row) for row in session.execute(select(table))), key=lambda row: str(row[0])
            )
            for table in Base.metadata.sorted_tables
        }


def lived_in(make_house: MakeHouse) -> House:
    """A house in which things have happened."""
    house = make_house()
    photo = Attachment("trou.png", "image/png", PHOTO)
    take(house, sms(FRENCH, attachments=(photo,)), sms(ARABIC, STRANGER))
    number = rows(house, Case)[0].number
    house.cases.change(number, status="in_progress", actor="agent")
    # One that came in and was not processed yet.
    house.pipeline.accept("sms", sms("et la lumière aussi", STRANGER))
    return house


def copy_of(house: House, folder: Path, postgres: Postgres | None) -> str:
    """The database copied as the document says, while it is in use; the copy's URL."""
    if postgres is not None:
        return postgres.restored(house.settings.database_url, folder / "dump")
    copy = folder / "copy.db"
    with sqlite3.connect(house.store.engine.url.database or "") as source:
        source.backup(sqlite3.connect(copy))
    return f"sqlite:///{copy}"


def test_a_restored_house_misses_nothing_and_goes_on(
    make_house: MakeHouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    house = lived_in(make_house)
    postgres = None if house.store.is_sqlite else request.getfixturevalue("postgres")
    url = copy_of(house, tmp_path, postgres)
    shutil.copytree(tmp_path / "attachments", tmp_path / "restored")
    restored = make_house(DATABASE_URL=url, ATTACHMENTS_URL=f"file:{tmp_path}/restored")
    assert restored.store.is_current()
    assert contents(restored) == contents(house)
    (file,) = rows(restored, AttachmentRow)
    assert restored.files.read(file.sha256) == PHOTO
    take(restored)
    assert {message.state for message in rows(restored, Message)} == {"done"}


def test_what_the_database_itself_guards_is_restored_too(
    make_house: MakeHouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Nobody changes the trail of what staff did, in a restored database neither."""
    house = lived_in(make_house)
    postgres = None if house.store.is_sqlite else request.getfixturevalue("postgres")
    restored = make_house(DATABASE_URL=copy_of(house, tmp_path, postgres))
    with restored.store.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        triggers = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if restored.store.is_sqlite
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        names = {name for (name,) in connection.execute(text(triggers))}
    assert "audits" in tables
    assert any("audits" in name for name in names)
