"""What is packed into mails: signed mail, rich text, and whatever a well-made mailer writes."""

from __future__ import annotations

import struct
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Inbound
from channels.email import rtf, smime, tnef
from channels.email.parse import parse
from tests.fuzz_mail import fuzz
from tests.servers.certificates import self_signed

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def read(raw: bytes) -> Inbound:
    item = parse(raw, "plaintes@commune.example", NOW)
    assert isinstance(item, Inbound)
    return item


@pytest.mark.parametrize("form", [[], ["-stream"]], ids=["whole", "in pieces"])
def test_a_signed_mail_is_read_and_its_signature_kept(tmp_path: Path, form: list[str]) -> None:
    said = (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nLe lampadaire est cassé.\r\n"
        "--b\r\nContent-Type: image/png; name=photo.png\r\n\r\nPNG\r\n--b--\r\n"
    )
    certificate = self_signed(tmp_path)
    signed = subprocess.run(
        ["openssl", "smime", "-sign", "-nodetach", *form, "-signer", str(certificate.file),
         "-inkey", str(certificate.key), "-from", "a@b.ma", "-subject", "Plainte"],
        input=said.encode(),
        check=True,
        capture_output=True,
    )  # fmt: skip
    item = read(signed.stdout)
    assert item.text.strip() == "Le lampadaire est cassé."
    assert [file.filename for file in item.attachments] == ["photo.png", "smime.p7m"]
    packed = item.attachments[1].content or b""
    for end in range(0, len(packed), 13):
        cut = packed[:end] + packed[end + 1 :]
        try:
            smime.content(cut)
        except smime.NotSigned:
            continue


#: The example of MS-OXRTFCP 3.1.1.
_HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d"
    "0a800fa0"
)


def test_compressed_rich_text() -> None:
    assert rtf.unpack(_HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf.text(rtf.unpack(_HELLO)) == "hello world"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator x;}\f0 caf\'e9\par b}",
         "café\nb"),
        (rb"{\rtf1\ansi\ansicpg1256 \'d3\'e1\'c7\'e3}", "سلام"),
        (rb"{\rtf1\ansi\uc1 \u1587?\u1604?\u1575?\u1605?}", "سلام"),
        (rb"{\rtf1\uc2\u8364 \'80\'80 5}", "€ 5"),
        (rb"{\rtf1 a\{b\}\\c\~d\tab e}", "a{b}\\c d\te"),
        (rb"{\rtf1{\pict 010203}after}", "after"),
        (b"no rich text at all", "no rich text at all"),
        (b"", ""),
    ],
)  # fmt: skip
def test_rich_text(source: bytes, text: str) -> None:
    assert rtf.text(source) == text


def test_a_winmail_dat_of_rich_text_alone_has_its_text() -> None:
    properties = struct.pack("<IHHII", 1, 0x102, 0x1009, 1, len(_HELLO)) + _HELLO
    properties += b"\0" * (-len(_HELLO) % 4)
    attribute = struct.pack("<BHHI", 1, 0x9003, 6, len(properties)) + properties + b"\0\0"
    data = struct.pack("<IH", 0x223E9F78, 1) + attribute
    assert tnef.unpack(data).text == "hello world"


@settings(max_examples=150)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_raise_in_the_unpackers(data: bytes, more: bytes) -> None:
    rtf.text(rtf.unpack(struct.pack("<II", len(data), 100_000) + b"LZFu\0\0\0\0" + data))
    rtf.text(b"{\\rtf1 " + data)
    for packed in (data, b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + more):
        try:
            smime.content(packed)
        except smime.NotSigned:
            continue


_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn"))
_WORD = st.text(_LETTERS, min_size=1, max_size=12)
_LINE = st.lists(_WORD, min_size=1, max_size=12).map(" ".join)
_TEXT = st.lists(_LINE, min_size=1, max_size=8).map("\n".join)
_NAME = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=40).map(
    lambda name: f"{name}.bin"
)
_FILES = st.lists(st.tuples(_NAME, st.binary(max_size=400)), max_size=3)


@settings(max_examples=150)
@given(
    # The stdlib's mailer loses blanks when it folds long subjects.
    st.lists(st.text(_LETTERS, min_size=1, max_size=3), max_size=3).map(" ".join),
    _LINE,
    _TEXT,
    _FILES,
    st.booleans(),
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
)
def test_what_a_mailer_writes_is_what_we_read(
    subject: str, name: str, text: str, files: list[tuple[str, bytes]], html: bool, cte: str
) -> None:
    """Any text in any script, any file, by a mailer that keeps to the standards."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "fatima@exemple.ma"
    mail["Subject"] = subject
    mail["Message-ID"] = "<1@exemple.ma>"
    mail.set_content(text, cte=cte)
    if html:
        mail.add_alternative(f"<p>{len(name)}</p>", subtype="html")
    for filename, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=filename)
    item = read(mail.as_bytes())
    assert item.sender == "fatima@exemple.ma"
    assert (item.subject or "").split() == subject.split()
    assert item.text.split() == text.split()
    assert [(file.filename, file.content) for file in item.attachments] == files


def test_a_short_run_of_the_fuzz_target() -> None:
    """Longer ones are run by hand: ``python -m tests.fuzz_mail 600``."""
    assert fuzz(seconds=2, seed=1)
