"""The mail adapter against a real Dovecot and a real SMTP server, killed and started again."""

from __future__ import annotations

import email.utils
import os
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from channels.base import Attachment, BadSetting, FetchFailed, Inbound, Outbound, SendFailed
from channels.email import Email
from tests.harness import AdapterContract, Wire, hear, make, outbound
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.smtp import Envelope, SmtpSink

ADDRESS = "plaintes@commune.example"

pytestmark = pytest.mark.skipif(
    not dovecot.is_installed() and not os.environ.get("CI"), reason="needs Dovecot and root"
)


def environ(imap: Dovecot, smtp: SmtpSink, **more: str) -> dict[str, str]:
    return {
        "IMAP_URL": imap.url,
        "SMTP_URL": smtp.url,
        "EMAIL_ADDRESS": f"Réclamations <{ADDRESS}>",
        "SECRET_KEY": "only for tests",
        **more,
    }


def mail(text: str, identifier: str = "<1@exemple.ma>", sender: str = "a@exemple.ma") -> bytes:
    return (
        f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: Plainte\r\nMessage-ID: {identifier}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    ).encode()


@pytest.fixture(scope="module")
def shared() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def imap(shared: Dovecot) -> Iterator[Dovecot]:
    """The module's Dovecot with nothing in it."""
    shared.clear()
    yield shared
    shared.revive()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def adapter(imap: Dovecot, smtp: SmtpSink) -> Iterator[Email]:
    adapter = make("email", environ(imap, smtp))
    assert isinstance(adapter, Email)
    yield adapter
    adapter.close()


def ids(items: Any) -> list[str]:
    """Message-IDs, without the digest that follows them."""
    return [item.external_id.partition("#")[0] for item in items]


class TestMail(AdapterContract):
    """Mail keeps what every channel promises."""

    @pytest.fixture
    def wire(self, imap: Dovecot, smtp: SmtpSink) -> Wire:
        numbers = count(1)

        def write(text: str) -> None:
            imap.clear()
            imap.put(mail(text, f"<{next(numbers)}@exemple.ma>"))

        return Wire(
            channel="email",
            environ=environ(imap, smtp),
            write=write,
            secrets=[imap.password, "se%2Fcr%40t%25", "only for tests"],
            recipient="citizen@exemple.ma",
            refuse_for_now=lambda: smtp.refuse("450 4.2.1 citizen@exemple.ma is busy"),
            refuse_for_good=lambda: smtp.refuse("550 5.1.1 citizen@exemple.ma is unknown"),
            sent=lambda: [envelope.text.rstrip("\r\n") for envelope in smtp.taken],
            hooks=False,
        )


def test_many_mails_come_in_order_and_are_moved_away(imap: Dovecot, adapter: Email) -> None:
    imap.put(*(mail(f"n° {n}", f"<{n}@exemple.ma>") for n in range(230)))
    fetched = []
    for item in adapter.fetch():
        adapter.settle(item)
        fetched.append(item)
    assert ids(fetched) == [f"<{n}@exemple.ma>" for n in range(230)]
    assert (imap.count(), imap.count("Processed")) == (0, 230)


def test_fetching_alone_takes_nothing_away_and_marks_nothing_read(
    imap: Dovecot, adapter: Email
) -> None:
    imap.put(mail("one"))
    assert ids(adapter.fetch()) == ids(adapter.fetch()) == ["<1@exemple.ma>"]
    with imap.client() as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN")
    assert imap.count("Processed") == 0


def test_the_time_of_arrival_is_the_mailbox_s(imap: Dovecot, adapter: Email) -> None:
    imap.put(mail("one"))
    items = [*adapter.fetch(), *adapter.fetch()]
    times = {item.received_at for item in items if isinstance(item, Inbound)}
    assert len(items) == 2
    assert len(times) == 1


def test_killed_between_storing_and_moving_nothing_is_lost_or_new(
    imap: Dovecot, adapter: Email
) -> None:
    imap.put(*(mail("x", f"<{n}@exemple.ma>") for n in range(5)))
    fetched = list(adapter.fetch())
    for item in fetched[:3]:
        adapter.settle(item)
    imap.kill()
    with pytest.raises(FetchFailed) as failed:
        list(adapter.fetch())
    assert failed.value.retryable
    imap.start()
    assert ids(adapter.fetch()) == ids(fetched)
    for item in adapter.fetch():
        adapter.settle(item)
    adapter.close()
    assert (imap.count(), imap.count("Processed")) == (0, 5)


def test_killed_in_the_middle_of_a_fetch_the_rest_comes_later(
    imap: Dovecot, adapter: Email
) -> None:
    imap.put(*(mail("x", f"<{n}@exemple.ma>") for n in range(120)))
    stored: list[str] = []
    for kills in range(4):
        try:
            for item in adapter.fetch():
                assert isinstance(item, Inbound)
                stored += ids([item])
                adapter.settle(item)
                if kills < 3 and len(stored) % 60 == 30:
                    imap.kill()
        except FetchFailed:
            adapter.close()
            imap.start()
    adapter.close()
    assert set(stored) == {f"<{n}@exemple.ma>" for n in range(120)}
    assert (imap.count(), imap.count("Processed")) == (0, 120)


def test_a_process_that_dies_before_moving_fetches_the_same_again(
    imap: Dovecot, smtp: SmtpSink, adapter: Email
) -> None:
    imap.put(mail("x"), b"From: a@b\r\n\r\nno id")
    before = list(adapter.fetch())
    for item in before:
        adapter.settle(item)
    # Nothing is closed: the process is gone, and another one starts.
    assert ids(hear(make("email", environ(imap, smtp)), None)) == ids(before)


def test_mails_without_a_form_are_kept_and_stop_nothing(imap: Dovecot, adapter: Email) -> None:
    imap.put(b"\xff\xfe garbage", b"\r\n", mail("a good one"))
    found = list(adapter.fetch())
    assert len(found) == imap.count()
    assert ids(found)[-1] == "<1@exemple.ma>"


@pytest.mark.parametrize("capability", ["IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_a_server_that_can_neither_move_nor_idle(smtp: SmtpSink, capability: str) -> None:
    with Dovecot(capability) as imap:
        adapter = make("email", environ(imap, smtp))
        imap.put(mail("x"))
        for item in adapter.fetch():
            adapter.settle(item)
        assert (imap.count(), imap.count("Processed")) == (0, 1)
        imap.put(mail("y"))
        adapter.wait(30)
        assert ids(adapter.fetch())
        adapter.close()


def test_waiting_ends_when_a_mail_comes(imap: Dovecot, adapter: Email) -> None:
    assert list(adapter.fetch()) == []
    later = threading.Timer(0.3, imap.put, [mail("x")])
    later.start()
    adapter.wait(600)
    later.join()
    assert ids(adapter.fetch()) == ["<1@exemple.ma>"]


def test_a_mail_that_came_before_the_waiting_ends_it_too(imap: Dovecot, adapter: Email) -> None:
    assert list(adapter.fetch()) == []
    imap.put(mail("x"))
    adapter.wait(600)
    assert ids(adapter.fetch()) == ["<1@exemple.ma>"]


def test_waiting_for_a_dead_server_costs_no_processor_time(imap: Dovecot, adapter: Email) -> None:
    assert list(adapter.fetch()) == []
    later = threading.Timer(0.3, imap.kill)
    later.start()
    before = os.times()
    adapter.wait(2)
    later.join()
    adapter.wait(1)
    after = os.times()
    assert after.user + after.system - before.user - before.system < 1


def test_what_we_send(adapter: Email, smtp: SmtpSink) -> None:
    message = Outbound(
        id=7,
        to="citizen@exemple.ma",
        text="شكايتكم 2648 3159 2783\n\nhttps://guichet.example/ar <b>",
        language="ary-Arab",
        number="264831592783",
        subject="شكايتكم 2648 3159 2783",
        in_reply_to="<2@exemple.ma>",
        references=("<1@exemple.ma>", "<2@exemple.ma>"),
        choices=(("1", "نعم"),),
    )
    identifier = adapter.send(message)
    (envelope,) = smtp.taken
    sent = envelope.mail
    assert (envelope.sender, envelope.recipients) == (ADDRESS, ("citizen@exemple.ma",))
    assert sent["From"] == f"Réclamations <{ADDRESS}>"
    assert sent["Subject"] == message.subject
    assert sent["Message-ID"] == identifier
    assert sent["In-Reply-To"] == "<2@exemple.ma>"
    assert sent["References"] == "<1@exemple.ma> <2@exemple.ma>"
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["Reply-To"] is None
    assert email.utils.parsedate_to_datetime(sent["Date"])
    assert envelope.text.replace("\r\n", "\n") == f"{message.text}\n\n1: نعم\n"
    html = _html(envelope)
    assert '<html lang="ary-Arab" dir="rtl">' in html
    assert '<bdi dir="ltr">2648 3159 2783</bdi>' in html
    assert '<a href="https://guichet.example/ar">' in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("ary-Arab", "rtl"), ("ary-Latn", "ltr"), ("fr", "ltr"), ("zgh-Tfng", "ltr")],
)
def test_the_text_runs_in_the_citizen_s_direction(
    adapter: Email, smtp: SmtpSink, language: str, direction: str
) -> None:
    adapter.send(Outbound(id=1, to="c@exemple.ma", text="x\n\ny\nz", language=language))
    html = _html(smtp.taken[-1]).replace("\r\n", "\n")
    assert html.count(f'lang="{language}" dir="{direction}"') == 2
    assert "<p>x</p>" in html
    assert "<p>y<br>\nz</p>" in html


def test_an_agent_s_files_go_with_the_answer(adapter: Email, smtp: SmtpSink) -> None:
    files = (
        Attachment("قرار.pdf", "application/pdf", b"%PDF-1.4"),
        Attachment("photo de l'été.jpg", "image/jpeg; name=x", b"\xff\xd8"),
        Attachment("mail.eml", "message/rfc822", b"Subject: x\r\n\r\ny"),
        Attachment(None, "nonsense", b"\0"),
    )
    message = Outbound(id=1, to="c@exemple.ma", text="x", language="fr", attachments=files)
    adapter.send(message)
    sent = list(smtp.taken[-1].mail.iter_attachments())
    assert [part.get_filename() for part in sent] == [
        "قرار.pdf",
        "photo de l'été.jpg",
        "mail.eml",
        "attachment",
    ]
    assert [part.get_content() for part in sent] == [file.content for file in files]
    assert smtp.taken[-1].text.strip() == "x"
    types = ["application/pdf", "image/jpeg", *["application/octet-stream"] * 2]
    assert [part.get_content_type() for part in sent] == types


def _html(envelope: Envelope) -> str:
    body = envelope.mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_sent_twice_it_is_the_same_message(adapter: Email, smtp: SmtpSink) -> None:
    assert adapter.send(outbound("c@exemple.ma")) == adapter.send(outbound("c@exemple.ma"))
    assert len(smtp.taken) == 2


def test_an_agent_s_answer_is_not_marked_as_automatic(adapter: Email, smtp: SmtpSink) -> None:
    adapter.send(Outbound(id=1, to="c@exemple.ma", text="x", language="fr", automatic=False))
    assert smtp.taken[-1].mail["Auto-Submitted"] is None
    assert 'dir="ltr"' in _html(smtp.taken[-1])


def test_with_plus_addresses_answers_and_bounces_name_the_case(
    imap: Dovecot, smtp: SmtpSink
) -> None:
    adapter = make("email", environ(imap, smtp, EMAIL_PLUS="1"))
    identifier = adapter.send(outbound("c@exemple.ma"))
    envelope = smtp.taken[-1]
    imap.put(mail("answer", "<re@x>").replace(ADDRESS.encode(), envelope.mail["Reply-To"].encode()))
    bounce = mail("#5.1.1", "<b@x>", "MAILER-DAEMON@x").replace(b"Plainte", b"failure notice")
    imap.put(bounce.replace(ADDRESS.encode(), envelope.sender.encode()))
    answer, report = adapter.fetch()
    assert answer.hints["thread"] == "264831592783"
    assert (report.provider_id, report.status, report.code) == (identifier, "failed", "5.1.1")
    for item in (answer, report):
        adapter.settle(item)
    adapter.close()
    assert imap.count() == 0


@pytest.mark.parametrize(
    ("at", "answer", "retryable"),
    [
        ("RCPT", "450 4.2.1 busy", True),
        ("RCPT", "550 5.1.1 unknown", False),
        ("DATA", "451 4.3.0 later", True),
        ("DATA", "554 5.7.1 spam", False),
        ("RCPT", "530 5.7.0 authentication required", True),
    ],
)
def test_what_may_be_tried_again(
    adapter: Email, smtp: SmtpSink, at: str, answer: str, retryable: bool
) -> None:
    smtp.refuse(answer, at)
    with pytest.raises(SendFailed) as failed:
        adapter.send(outbound("c@exemple.ma"))
    assert failed.value.retryable is retryable
    assert failed.value.reason == f"SMTP {answer[:9]}"


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "x\r\nBcc: victim@exemple.ma"},
        {"to": "c@exemple.ma\r\nBcc: victim@exemple.ma"},
        {"to": "c@exemple.ma, victim@exemple.ma"},
        {"to": "nobody"},
        {"in_reply_to": "<1@x>\r\nBcc: victim@exemple.ma"},
    ],
    ids=str,
)
def test_headers_cannot_be_smuggled_in(
    adapter: Email, smtp: SmtpSink, change: dict[str, str]
) -> None:
    facts: dict[str, Any] = {"id": 1, "to": "c@exemple.ma", "text": "x", "language": "fr", **change}
    with pytest.raises(SendFailed) as failed:
        adapter.send(Outbound(**facts))
    assert not failed.value.retryable
    assert smtp.taken == []


def test_a_server_that_is_away_may_be_tried_again(imap: Dovecot) -> None:
    with SmtpSink() as gone:
        settings = environ(imap, gone)
    with pytest.raises(SendFailed) as failed:
        make("email", settings).send(outbound("c@exemple.ma"))
    assert failed.value.retryable


def test_check_tells_which_server_and_whether_it_is_the_password(imap: Dovecot) -> None:
    with SmtpSink(login=True) as smtp:
        good = environ(imap, smtp)
        assert ADDRESS in make("email", good).check()
        wrong_imap = imap.url.replace("se%2F", "wrong")
        wrong_smtp = smtp.url.replace("p%2F", "wrong")
        rows = [
            ("IMAP_URL", wrong_imap, "IMAP .* refuses the user or password"),
            ("IMAP_URL", f"imap://x:y@127.0.0.1:{free_port()}", "IMAP .* cannot be reached"),
            ("SMTP_URL", wrong_smtp, "SMTP .* refuses the user or password"),
            ("SMTP_URL", f"smtp://127.0.0.1:{free_port()}", "SMTP .* cannot be reached"),
        ]
        for name, value, said in rows:
            with pytest.raises(SendFailed, match=said) as failed:
                make("email", {**good, name: value}).check()
            assert "wrong" not in failed.value.reason


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"IMAP_URL": ""}, "IMAP_URL"),
        ({"SMTP_URL": ""}, "SMTP_URL"),
        ({"EMAIL_ADDRESS": ""}, "EMAIL_ADDRESS"),
        ({"EMAIL_ADDRESS": "plaintes"}, "EMAIL_ADDRESS"),
        ({"IMAP_URL": "https://user:hidden@host"}, "IMAP_URL"),
        ({"IMAP_URL": "imaps://host"}, "IMAP_URL"),
        ({"IMAP_URL": "imaps://user:hidden@host:port"}, "IMAP_URL"),
        ({"SMTP_URL": "smtp+ssl://user:hidden@host"}, "SMTP_URL"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
    ],
    ids=str,
)
def test_a_bad_setting_is_named_and_not_shown(change: dict[str, str], name: str) -> None:
    good = {
        "IMAP_URL": "imaps://user:hidden@host",
        "SMTP_URL": "smtp+starttls://user:hidden@host",
        "EMAIL_ADDRESS": ADDRESS,
        "SECRET_KEY": "k",
    }
    assert make("email", good) is not None
    with pytest.raises(BadSetting) as bad:
        make("email", {**good, **change})
    assert bad.value.name == name
    assert "hidden" not in str(bad.value)
