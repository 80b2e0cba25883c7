"""No file is shown before it was scanned; a harmful one never is, and the case says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from channels.base import Attachment
from gateway import clock
from gateway.cases import By, CaseError
from gateway.house import House
from gateway.models import AttachmentRow, Case, Event, OutboundRow
from gateway.scanner import Infected, NotScanned, Scanner
from tests.conftest import MakeHouse
from tests.fakes.clamd import EICAR, FakeClamd, nobody
from tests.gateway.messages_in import FRENCH, rows, sms, take

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PHOTO = b"\xff\xd8\xff\xe0 a photo"


@pytest.fixture
def clamd() -> Iterator[FakeClamd]:
    with FakeClamd() as daemon:
        yield daemon


@pytest.fixture
def house(make_house: MakeHouse, clamd: FakeClamd) -> House:
    return make_house(CLAMD_URL=clamd.url)


def send(house: House, *files: bytes) -> None:
    """A citizen sends files."""
    attached = tuple(Attachment(f"{n}.jpg", content=file) for n, file in enumerate(files))
    take(house, sms(FRENCH, attachments=attached))


def fetch(house: House) -> None:
    """Let a worker do what is due, and what was to wait."""
    with house.store.write() as session:
        session.execute(update(AttachmentRow).values(due_at=clock.now()))
    house.pipeline.fetch()


def states(house: House) -> list[str]:
    return [row.state for row in rows(house, AttachmentRow)]


def test_a_clean_file_is_stored_after_it_was_scanned(house: House, clamd: FakeClamd) -> None:
    send(house, PHOTO)
    assert states(house) == ["pending"]
    fetch(house)
    assert states(house) == ["stored"]
    assert clamd.scanned == [PHOTO]


def test_a_harmful_file_is_set_aside_and_the_case_says_why(house: House) -> None:
    send(house, PHOTO, EICAR)
    fetch(house)
    assert states(house) == ["stored", "failed"]
    failure = rows(house, Event)[-1]
    assert failure.kind == "file_failed"
    assert "EICAR" in failure.data["reason"]


def test_while_the_scanner_is_away_files_wait_however_long(
    make_house: MakeHouse, clamd: FakeClamd
) -> None:
    away = make_house(CLAMD_URL=nobody())
    send(away, PHOTO)
    for _ in range(10):
        fetch(away)
    (row,) = rows(away, AttachmentRow)
    assert row.state == "pending"
    assert "away" in row.error
    back = make_house(CLAMD_URL=clamd.url)
    fetch(back)
    assert states(back) == ["stored"]


def test_what_is_too_large_to_be_scanned_is_not_shown(make_house: MakeHouse) -> None:
    with FakeClamd(limit=1000) as small:
        house = make_house(CLAMD_URL=small.url)
        send(house, b"\xff\xd8\xff\xe0" + b"x" * 500_000)
        fetch(house)
    (row,) = rows(house, AttachmentRow)
    assert row.state == "failed"
    assert "limit" in row.error


def test_an_agents_harmful_file_goes_nowhere(house: House, make_house: MakeHouse) -> None:
    send(house)
    number = rows(house, Case)[0].number
    for where in (house, make_house(CLAMD_URL=nobody())):
        with pytest.raises(CaseError, match="not taken"):
            where.cases.say(number, "Voir.", By("Amal"), [Attachment("a.pdf", content=EICAR)])
    assert [row.key for row in rows(house, OutboundRow)] == ["acknowledged"]


def test_without_a_scanner_files_are_stored_at_once(make_house: MakeHouse) -> None:
    house = make_house()
    send(house, PHOTO)
    assert states(house) == ["stored"]


def test_the_daemon_is_spoken_to_on_a_unix_socket_too(database_url: str, tmp_path: Path) -> None:
    with FakeClamd(tmp_path / "clamd.ctl") as daemon:
        scanner = Scanner.at(daemon.url)
        assert scanner is not None
        scanner.check()
        scanner.scan(b"x" * 300_000)
        with pytest.raises(Infected, match="EICAR"):
            scanner.scan(b"before " + EICAR)


def test_a_daemon_that_is_away_is_told_as_such(database_url: str) -> None:
    scanner = Scanner.at(nobody())
    assert scanner is not None
    with pytest.raises(OSError, match="away"):
        scanner.check()
    with pytest.raises(NotScanned) as failure:
        scanner.scan(b"x")
    assert failure.value.retryable
