"""Files are had only behind a fresh signature, and come as nothing a browser could run."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import update
from werkzeug.test import TestResponse

from channels.base import Attachment
from gateway import clock
from gateway.house import House
from gateway.models import AttachmentRow, Message
from gateway.web import files
from gateway.web.current import KEY
from gateway.web.pictures import NotShown, without_metadata
from tests.conftest import CHANNELS
from tests.gateway.messages_in import FRENCH, rows, sms, take
from tests.web.conftest import MakeApp


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(**CHANNELS)


def photo(kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "At home, Rue 5"
    # GPS latitude, 34 degrees north.
    exif.get_ifd(0x8825)[2] = (34.0, 1.0, 2.0)
    out = io.BytesIO()
    Image.new(mode, (40, 20), "red").save(out, kind, exif=exif, comment=b"At home, Rue 5")
    return out.getvalue()


def keep(app: Flask, name: str | None, content: bytes, kind: str | None = None) -> int:
    """A citizen sends a file; its id."""
    house: House = app.extensions[KEY]
    take(house, sms(FRENCH, attachments=(Attachment(name, kind, content),)))
    return int(rows(house, AttachmentRow)[-1].id)


def url(app: Flask, file_id: int, *, shown: bool = False) -> str:
    with app.test_request_context():
        return files.file_url(file_id, shown=shown)


def get(app: Flask, file_id: int, *, shown: bool = False) -> TestResponse:
    return app.test_client().get(url(app, file_id, shown=shown))


@pytest.mark.parametrize(
    ("name", "kind", "content", "served"),
    [
        ("a.jpg", "image/jpeg", photo(), "image/jpeg"),
        ("a.jpg", "image/jpeg", b"<html><script>alert(1)</script>", "application/octet-stream"),
        ("a.html", "text/html", b"<html><script>alert(1)</script>", "application/octet-stream"),
        ("a.svg", "image/svg+xml", b"<svg onload='alert(1)'/>", "application/octet-stream"),
        ("a.txt", "text/plain", b"Bonjour", "text/plain"),
        ("a.pdf", "application/pdf", b"%PDF-1.4 x", "application/pdf"),
    ],
)
def test_a_file_is_a_download_whatever_it_calls_itself(
    app: Flask, name: str, kind: str, content: bytes, served: str
) -> None:
    answer = get(app, keep(app, name, content, kind))
    assert answer.data == content
    assert answer.mimetype == served
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, "otherwise"),
        ("", "otherwise"),
        ("..", "otherwise"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\cmd.exe", "cmd.exe"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ('"><script>.jpg', "___script_.jpg"),
        ("شكاية.pdf", "شكاية.pdf"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_files_name_misleads_nobody(said: str | None, told: str) -> None:
    assert files.safe_name(said, "otherwise") == told


def test_a_shown_picture_keeps_nothing_but_what_is_seen(app: Flask) -> None:
    file = keep(app, "a.jpg", photo(), "image/jpeg")
    assert b"Rue 5" in get(app, file).data
    shown = get(app, file, shown=True)
    assert shown.mimetype == "image/jpeg"
    assert b"Rue 5" not in shown.data
    assert b"Exif" not in shown.data
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert not picture.getexif()
        assert picture.size == (40, 20)


@pytest.mark.parametrize(
    ("kind", "mode", "shown"),
    [
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/jpeg"),
        ("WEBP", "RGB", "image/jpeg"),
        ("GIF", "L", "image/jpeg"),
        ("TIFF", "CMYK", "image/jpeg"),
    ],
)
def test_every_usual_kind_of_picture_is_shown(kind: str, mode: str, shown: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (3000, 30)).save(out, kind)
    content, content_type = without_metadata(out.getvalue())
    assert content_type == shown
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.width == 1600


def test_a_photo_stands_upright_although_its_note_on_that_is_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=exif)
    with Image.open(io.BytesIO(without_metadata(out.getvalue())[0])) as picture:
        assert picture.size == (20, 40)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff\xe0 cut off", b"<svg/>", photo()[:200]], ids=len
)
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    with pytest.raises(NotShown):
        without_metadata(content)


def test_a_picture_of_too_many_pixels_is_not_unfolded() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(NotShown):
        without_metadata(out.getvalue())


def test_a_recording_can_be_heard_from_the_middle(app: Flask) -> None:
    content = b"OggS" + bytes(range(200))
    file = keep(app, "a.ogg", content, "audio/ogg")
    answer = app.test_client().get(url(app, file, shown=True), headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.data) == (206, content[10:20])
    assert "Content-Disposition" not in answer.headers


def test_a_link_is_good_for_ten_minutes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    link = url(app, keep(app, "a.txt", b"x", "text/plain"))
    assert app.test_client().get(link).status_code == 200
    later = clock.now() + files.LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert app.test_client().get(link).status_code == 404


def test_a_link_is_made_by_us_alone(app: Flask) -> None:
    file = keep(app, "a.txt", b"x", "text/plain")
    link = url(app, file)
    head, _, token = link.rpartition("/")
    payload, dot, signature = token.rpartition(".")
    forged = [f"{payload}A{dot}{signature}", f"{payload}{dot}{signature[:-4]}AAAA", "x", payload]
    for one in forged:
        assert app.test_client().get(f"{head}/{one}").status_code == 404
    assert get(app, file + 1).status_code == 404


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_what_was_not_scanned_or_is_harmful_is_not_served_even_inside_its_mail(
    app: Flask, state: str
) -> None:
    house: House = app.extensions[KEY]
    file = keep(app, "a.txt", b"x", "text/plain")
    with app.test_request_context():
        original = files.original_url(rows(house, Message)[0].id)
    assert app.test_client().get(original).data == FRENCH.encode()
    with house.store.write() as session:
        session.execute(update(AttachmentRow).values(state=state))
    for shown in (False, True):
        assert get(app, file, shown=shown).status_code == 404
    assert app.test_client().get(original).status_code == 404
