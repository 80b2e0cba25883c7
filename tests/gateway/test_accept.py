"""Whatever comes in is stored once, whole, before anyone is answered."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Attachment, Location, Report
from gateway.house import House
from gateway.models import AttachmentRow, Message, ReportRow
from tests.conftest import MakeHouse
from tests.gateway.messages_in import ARABIC, PHONE, rows, sms

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


def test_a_message_is_kept_as_it_came(house: House) -> None:
    raw = b"Body=%D9%85&\x00\xff"
    receipt = house.pipeline.accept("sms", sms(ARABIC, raw=raw, hints={"language": "ar"}))
    (message,) = rows(house, Message)
    assert message.id == receipt.message_id
    assert (message.text, message.raw, message.sender) == (ARABIC, raw, PHONE)
    assert message.hints == {"language": "ar"}
    assert message.state == "new"


def test_the_same_message_again_is_a_quiet_duplicate(house: House) -> None:
    item = sms(ARABIC)
    first = house.pipeline.accept("sms", item)
    again = house.pipeline.accept("sms", replace(item, text="changed on the way"))
    assert (again.message_id, again.duplicate) == (first.message_id, True)
    assert [message.text for message in rows(house, Message)] == [ARABIC]


@pytest.mark.parametrize("other", [{"account": "AC2"}, {"external_id": "SM-other"}])
def test_another_account_or_id_is_another_message(house: House, other: dict[str, str]) -> None:
    house.pipeline.accept("sms", sms(ARABIC, external_id="SM-one"))
    house.pipeline.accept("sms", sms(ARABIC, **{"external_id": "SM-one", **other}))
    assert len(rows(house, Message)) == 2


def test_the_same_message_from_many_threads_is_one_row(house: House) -> None:
    item = sms(ARABIC)
    threads = [threading.Thread(target=house.pipeline.accept, args=("sms", item)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(house, Message)) == 1


def test_what_no_database_takes_is_scrubbed_and_the_raw_payload_is_not(house: House) -> None:
    house.pipeline.accept(
        "sms",
        sms(
            "a\x00b\ud800c",
            raw=b"\x00",
            subject="s\x00",
            sender_name="n\ud800",
            hints={"k": "\x00"},
            location=Location(34.0, -5.0, "l\x00"),
        ),
    )
    (message,) = rows(house, Message)
    assert message.location == {"latitude": 34.0, "longitude": -5.0, "label": "l"}
    assert (message.text, message.subject, message.sender_name) == ("ab\ufffdc", "s", "n\ufffd")
    assert message.raw == b"\x00"


def test_a_large_payload_lies_with_the_files(house: House) -> None:
    raw = b"x" * 200_000
    house.pipeline.accept("sms", sms("x", raw=raw))
    (message,) = rows(house, Message)
    assert message.raw is None
    assert house.files.read(message.raw_sha256) == raw


def test_attachments_are_stored_by_their_hash_and_sniffed(house: House, tmp_path: Path) -> None:
    photo = Attachment("../../etc/passwd\x00", "text/html", PNG)
    later = Attachment("voice.ogg", "audio/ogg", reference="file-id")
    house.pipeline.accept("sms", sms("", attachments=(photo, later)))
    stored, pending = rows(house, AttachmentRow)
    assert (stored.state, stored.content_type, stored.size) == ("stored", "image/png", len(PNG))
    assert house.files.read(stored.sha256) == PNG
    assert [path.name for path in tmp_path.rglob("*") if path.name == "passwd"] == []
    assert (pending.state, pending.reference) == ("pending", "file-id")


def test_a_message_without_sender_has_the_one_it_belongs_to(house: House) -> None:
    call = sms("", external_id="CA1", hints={"event": "call-started"})
    house.pipeline.accept("voice", call)
    recording = sms("", sender="", external_id="RE1", in_reply_to=("CA1",))
    house.pipeline.accept("voice", recording)
    assert [message.sender for message in rows(house, Message)] == [PHONE, PHONE]


def test_a_report_is_kept_once_even_before_its_message_is_known(house: House) -> None:
    report = Report("SM9", "AC1", "delivered", b"MessageStatus=delivered")
    house.pipeline.accept("sms", report)
    again = house.pipeline.accept("sms", report)
    assert again.duplicate
    assert [row.status for row in rows(house, ReportRow)] == ["delivered"]


def test_nothing_is_acknowledged_that_could_not_be_stored(
    make_house: MakeHouse, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    house = make_house(ATTACHMENTS_URL=f"file:{blocked}")
    with pytest.raises(OSError, match="file"):
        house.pipeline.accept("sms", sms("", attachments=(Attachment("a", None, PNG),)))
    assert rows(house, Message) == []
