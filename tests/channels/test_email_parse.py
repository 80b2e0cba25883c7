"""Reading mail: real mailers' files, hostile ones, and any bytes at all."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Inbound, Report
from channels.email.own import OwnIds
from channels.email.parse import parse

PAYLOADS = Path(__file__).parents[1] / "payloads" / "email"
ACCOUNT = "plaintes@commune.example"
OWN = OwnIds(ACCOUNT, b"only for tests")
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def inbound(raw: bytes) -> Inbound:
    item = parse(raw, ACCOUNT, NOW, OWN)
    assert isinstance(item, Inbound)
    return item


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.eml").read_bytes()


def mail(headers: bytes, body: bytes = b"hello") -> bytes:
    return headers.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body


def test_a_french_mail_with_a_photo() -> None:
    item = inbound(payload("french-photo"))
    assert item.external_id.startswith("<CA+fr-photo-1@mail.exemple.ma>#")
    assert item.sender == "fatima@exemple.ma"
    assert item.sender_name == "Fatima Zahra El Idrissi"
    assert item.subject == "Éclairage public en panne, rue Ibn Sina"
    assert "ne marche plus depuis trois semaines" in item.text
    assert item.hints == {
        "text_format": "plain",
        "message_id": "<CA+fr-photo-1@mail.exemple.ma>",
    }
    (photo,) = item.attachments
    assert photo.filename == "lampadaire cassé.jpg"
    assert photo.content_type == "image/jpeg"
    assert photo.content is not None
    assert photo.content.startswith(b"\xff\xd8\xff")


def test_arabic_in_windows_1256_that_no_header_declares() -> None:
    item = inbound(payload("arabic-windows-1256-undeclared"))
    assert item.subject == "انقطاع الماء عن الحي"
    assert item.sender_name == "أحمد بنعلي"
    assert item.text == "السلام عليكم،\nالماء مقطوع عن حينا منذ ثلاثة أيام والمرجو التدخل.\n"


def test_encoded_words_cut_inside_a_letter_and_a_misnamed_charset() -> None:
    item = inbound(payload("arabic-subject-cut-in-a-letter"))
    assert item.subject == "انقطاع الكهرباء المتكرر في حي السلام"
    assert item.sender_name == "Séka, Ali"
    assert item.text == "الكهرباء تنقطع كل ليلة"


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (b"=?iso-8859-1?Q?Un_caf=E9?=", "Un café"),
        (b"=?windows-1256?B?1d3R5g==?=", "صفرو"),
        ("Marché".encode("latin-1"), "Marché"),
        (b"=?utf-8?Q?R=C3=A9clamation?= =?utf-8?Q?_n=C2=B0_3?=", "Réclamation n° 3"),
        (b"=?UTF-8?B?2LTZg9in?= =?UTF-8?B?2YrYqQ==?=", "شكاية"),
        (b"Re: =?iso-8859-15?Q?10_=A4?= de trop", "Re: 10 € de trop"),
        (b"=?utf-8?Q?broken", "=?utf-8?Q?broken"),
        (b"=?x-unknown?Q?caf=E9?=", "café"),
        (b"=?utf-8*fr?Q?=C3=A9t=C3=A9?=", "été"),
        (b"a\r\n folded\r\n\tsubject", "a folded subject"),
    ],
)
def test_subjects(said: bytes, subject: str) -> None:
    assert inbound(b"From: a@b\r\nSubject: " + said + b"\r\n\r\nhello").subject == subject


def test_a_calendar_invitation_is_a_file_beside_the_text() -> None:
    item = inbound(payload("calendar"))
    assert item.text.strip() == "Je propose ce rendez-vous."
    assert [file.content_type for file in item.attachments] == ["text/calendar"]


def test_winmail_dat_is_unpacked() -> None:
    item = inbound(payload("tnef"))
    (file,) = item.attachments
    assert (file.filename, file.content_type) == ("facture d'eau.pdf", "application/pdf")
    assert file.content == b"%PDF-1.4 facture"


def test_a_mail_attached_to_a_mail_keeps_its_bytes() -> None:
    raw = payload("forwarded-as-attachment")
    (file,) = inbound(raw).attachments
    assert file.filename == "plainte du voisiné.eml"
    assert file.content_type == "message/rfc822"
    assert file.content is not None
    assert file.content in raw
    assert file.content.startswith(b"From: voisin@exemple.ma\r\n")
    assert file.content.endswith(b"Le texte original.  \r\n")


def test_html_alone_is_marked_and_threads_nearest_last() -> None:
    item = inbound(payload("html-only-reply"))
    assert item.hints["text_format"] == "html"
    assert "<b>merci</b>" in item.text
    assert item.in_reply_to == ("<old-1@commune.example>", "<old-2@commune.example>")


def test_a_uuencoded_file_is_taken_out_of_the_text() -> None:
    item = inbound(payload("uuencoded"))
    assert item.text.strip() == "Le trou."
    assert [(file.filename, file.content) for file in item.attachments] == [("trou.txt", b"Cat")]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (b"Auto-Submitted: auto-replied", "auto-replied"),
        (b"Auto-Submitted: no", None),
        (b"Precedence: bulk", "bulk"),
        (b"X-Auto-Response-Suppress: OOF, AutoReply", "suppress"),
        (b"X-Auto-Response-Suppress: None", None),
        (b"List-Id: <neighbours.example>", "list"),
        (b"Return-Path: <>", "null-sender"),
        (b"From: MAILER-DAEMON@mx.example", "mailer-daemon"),
        (b"From: No Reply <no-reply@shop.example>", "no-reply"),
        (b"From: Rep <ahmed.noreply-fan@exemple.ma>", None),
        (b"From: plaintes@commune.example", "own"),
        (b"From: plaintes+x@commune.example", "own"),
        ("Subject: رد تلقائي: شكاية".encode(), "subject"),
        (b"Subject: Absence du bureau : retour lundi", "subject"),
        (b"Subject: My complaint about the office", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_machines_are_recognised_and_people_are_not(headers: bytes, reason: str | None) -> None:
    from_header = b"" if headers.startswith(b"From") else b"From: citizen@example.ma\n"
    assert inbound(mail(from_header + headers)).hints.get("auto") == reason


def test_an_out_of_office_is_kept_with_its_text() -> None:
    item = inbound(payload("out-of-office"))
    assert item.hints["auto"] == "auto-replied"
    assert "bounce" not in item.hints
    assert item.text.startswith("Je suis absent")


def test_a_bounce_of_a_message_of_ours_is_a_report() -> None:
    identifier = OWN.message_id(17, "264831592783")
    raw = payload("dsn-failed").replace(b"@OURS@", identifier.encode())
    report = parse(raw, ACCOUNT, NOW, OWN)
    assert report == Report(
        provider_id=identifier, account=ACCOUNT, status="failed", raw=raw, code="5.1.1"
    )


def test_a_bounce_to_the_envelope_address_of_a_message_is_a_report() -> None:
    identifier = OWN.message_id(17, "264831592783")
    to = OWN.bounce_address(identifier).encode()
    raw = payload("bounce-qmail").replace(b"plaintes@commune.example", to)
    report = parse(raw, ACCOUNT, NOW, OWN)
    assert isinstance(report, Report)
    assert (report.provider_id, report.status, report.code) == (identifier, "failed", "5.1.1")


@pytest.mark.parametrize("name", ["dsn-failed", "bounce-qmail"])
def test_a_bounce_that_nobody_can_have_had_from_us_marks_nothing(name: str) -> None:
    forged = b"<264831592783.17.0123456789abcdef@commune.example>"
    item = inbound(payload(name).replace(b"@OURS@", forged))
    assert item.hints["bounce"] == "failed 5.1.1"
    assert item.hints["auto"]


def test_a_citizen_who_writes_of_a_failed_delivery_is_no_bounce() -> None:
    said = mail(b"From: a@b.ma\nSubject: Undelivered parcel", b"The post office lost my parcel.")
    assert set(inbound(said).hints) == {"text_format"}


def test_only_our_own_reply_address_threads() -> None:
    ours = OWN.reply_address("264831592783").encode()
    forged = b"plaintes+264831592783.0123456789abcdef@commune.example"
    assert inbound(mail(b"From: a@b\nTo: X <" + ours + b">")).hints["thread"] == "264831592783"
    assert inbound(mail(b"From: a@b\nDelivered-To: " + ours.upper())).hints["thread"]
    assert "thread" not in inbound(mail(b"From: a@b\nTo: " + forged)).hints
    assert OWN.mailbox not in repr(OWN.key)
    assert "only for tests" not in repr(OWN)


def test_without_a_message_id_the_bytes_are_the_id() -> None:
    raw = mail(b"From: a@b")
    assert inbound(raw).external_id == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert inbound(raw).external_id != inbound(raw + b" ").external_id


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        (b'"El Idrissi, Fatima" <f@x.ma>', "f@x.ma", "El Idrissi, Fatima"),
        (b"f@x.ma (Fatima)", "f@x.ma", "Fatima"),
        (b"other@evil.example <f@x.ma>", "f@x.ma", "other@evil.example"),
        (b"=?utf-8?B?2LPZhNin2YU=?= <f@x.ma>", "f@x.ma", "سلام"),
        ("Éric <e@x.ma>".encode("latin-1"), "e@x.ma", "Éric"),
        (b"<f@x.ma>", "f@x.ma", None),
        (b"Fatima", "Fatima", None),
        (b"", "", None),
        (b"undisclosed-recipients:;", "", None),
    ],
)
def test_senders(value: bytes, address: str, name: str | None) -> None:
    item = inbound(mail(b"From: " + value))
    assert (item.sender, item.sender_name) == (address, name)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b'attachment; filename="C:\\\\temp\\\\photo.jpg"', "photo.jpg"),
        (b'attachment; filename="=?utf-8?B?2LXZiNix2KkuanBn?="', "صورة.jpg"),
        (b"attachment; filename*=utf-8''%D8%B5%D9%88%D8%B1%D8%A9.jpg", "صورة.jpg"),
        (b"attachment; filename*0=a; filename*1=b.jpg", "ab.jpg"),
        ('attachment; filename="été.jpg"'.encode(), "été.jpg"),
        (b'attachment; filename="a\x07b.jpg"', "ab.jpg"),
        (b'attachment; filename=".."', None),
        (b"attachment", None),
    ],
)
def test_names_of_files(said: bytes, name: str | None) -> None:
    headers = b"From: a@b\nContent-Type: image/jpeg\nContent-Disposition: " + said
    (file,) = inbound(mail(headers)).attachments
    assert file.filename == name


def _nested(depth: int) -> bytes:
    return b"From: a@b\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    )


HOSTILE = {
    "nothing": b"",
    "3,000 nested parts": _nested(3000),
    "100 nested parts": _nested(100) + b"\nhello",
    "3,000 mails in one another": b"From: a@b\n" + b"Content-Type: message/rfc822\n\n" * 3000,
    "20,000 addresses": b"From: a@b\nTo: "
    + b",\n ".join(b"user%d <user%d@example.com>" % (n, n) for n in range(20_000))
    + b"\n\nhello",
    "a subject of 200 kB": b"From: a@b\nSubject: " + b"=?utf-8?q?a?= " * 15_000 + b"\n\nhello",
    "2 MB of semicolons": b"From: a@b\nContent-Type: text/plain; x=" + b";" * 2_000_000 + b"\n\nx",
    "500,000 headers": b"From: a@b\n" + b"X: y\n" * 500_000 + b"\n\nhello",
    "2 million lines": b"From: a@b\n\n" + b"\n" * 2_000_000,
    "a sender of 60 kB": b"From: " + b"a" * 60_000 + b"\n\nhello",
    "nothing but brackets": b"From: " + b'<("' * 20_000 + b"\n\nhello",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mail_is_registered_soon(raw: bytes) -> None:
    """CPU time of this process, which no neighbour lengthens; ten times what it takes."""
    started = time.process_time()
    item = inbound(raw)
    assert time.process_time() - started < 10
    assert item.raw == raw
    assert "problem" not in item.hints or item.attachments[0].content == raw


def test_nested_mail_within_reason_is_read() -> None:
    assert inbound(HOSTILE["100 nested parts"]).text == "hello"


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.eml")))
def test_a_mail_cut_off_anywhere_is_still_a_mail(name: str) -> None:
    raw = payload(name)
    for end in range(0, len(raw), 7):
        assert parse(raw[:end], ACCOUNT, NOW, OWN).raw == raw[:end]


_HEADERS = st.sampled_from(
    [b"From", b"To", b"Subject", b"Message-ID", b"Content-Type", b"Content-Disposition",
     b"Content-Transfer-Encoding", b"References", b"Auto-Submitted", b"Precedence"]
)  # fmt: skip
_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b", b"message/rfc822",
         b"text/html; charset=x-unknown", b"text/plain; charset*=utf-8''%ff", b"base64",
         b"application/ms-tnef", b"quoted-printable", b"x-uuencode", b"=?utf-8?b?2LP?= <a@b>",
         b"message/delivery-status", b"multipart/report; boundary=b", b"=?x?q?=e9?=",
         b"attachment; filename*0*=''%; filename*1=x", b"multipart/digest; boundary=b"]
    ),
)  # fmt: skip
_BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [b"--b\n\n", b"--b--\n", b"\x78\x9f\x3e\x22\x01\x00", b"begin 644 x\n#0V%T\nend\n"]
    ),
)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    fields = draw(st.lists(st.tuples(_HEADERS, _VALUES), max_size=8))
    head = b"".join(name + b": " + value + b"\n" for name, value in fields)
    return head + b"\n" + b"".join(draw(st.lists(_BODIES, max_size=5)))


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=2000), mails(), st.lists(mails(), max_size=4).map(b"".join)))
def test_no_bytes_raise_and_none_are_lost(raw: bytes) -> None:
    item = parse(raw, ACCOUNT, NOW, OWN)
    assert item.raw == raw
    if isinstance(item, Inbound):
        said = [item.external_id, item.sender, item.text, item.subject or "", *item.in_reply_to]
        said += [file.filename or "" for file in item.attachments]
        assert "\0" not in "".join(said)
        "".join(said).encode()
        # An error in a parser is survived, but none is known.
        assert item.hints.get("problem") in (None, "depth")
