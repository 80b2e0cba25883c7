"""Mails share connections to the mail server, and none is lost or doubled when one ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from channels.base import Attachment, Outcome, SendFailed
from channels.email import Email
from tests.harness import make, outbound
from tests.servers.ports import free_port
from tests.servers.smtp import HANG_UP, SmtpSink

AT_ONCE = 2


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def adapter(smtp: SmtpSink) -> Iterator[Email]:
    adapter = mailing(smtp.url)
    yield adapter
    adapter.close()


def mailing(url: str) -> Email:
    """An adapter that only sends."""
    adapter = make(
        "email",
        {
            "IMAP_URL": "imap://nobody:pw@127.0.0.1",
            "SMTP_URL": url,
            "EMAIL_ADDRESS": "plaintes@commune.example",
            "SECRET_KEY": "only for tests",
            "EMAIL_AT_ONCE": str(AT_ONCE),
        },
    )
    assert isinstance(adapter, Email)
    return adapter


@pytest.mark.parametrize(
    "text",
    [
        "--=_alternative\n--=_alternative--\n--=_mixed--",
        ".\n..\n.x",
        "شكاية " * 300,
        "x" * 3000,
        "a=\n=3D =_ \t\nFrom me",
        "a\r\nb\rc",
    ],
    ids=["boundaries", "periods", "a long line", "a long word", "escapes", "line ends"],
)
def test_a_text_arrives_as_it_was_written(adapter: Email, smtp: SmtpSink, text: str) -> None:
    """In lines of ASCII that every server takes, whatever stands in it."""
    file = Attachment("a.txt", "text/plain", text.encode())
    message = replace(outbound("a@exemple.ma"), text=text, subject=text.split()[0])
    adapter.send(replace(message, attachments=(file,)))
    (envelope,) = smtp.taken
    assert envelope.mail["Subject"] == message.subject
    assert envelope.text.splitlines() == text.rstrip().splitlines()
    (part,) = envelope.mail.iter_attachments()
    assert part.get_payload(decode=True) == file.content
    assert envelope.raw.isascii()
    assert max(map(len, envelope.raw.splitlines())) <= 78
    assert not [part.defects for part in envelope.mail.walk() if part.defects]


def test_of_what_is_answered_only_names_in_ascii_are_given(adapter: Email, smtp: SmtpSink) -> None:
    """A header with other bytes in it is refused by many servers."""
    ids = [f"<{n}.{'x' * 400}@exemple.ma>" for n in range(19)]
    asked = replace(outbound("a@exemple.ma"), references=("<é@exemple.ma>", *ids))
    adapter.send(replace(asked, in_reply_to="<é@exemple.ma>"))
    (envelope,) = smtp.taken
    assert envelope.mail["References"].split() == ids
    assert envelope.mail["In-Reply-To"] is None
    assert max(map(len, envelope.raw.splitlines())) <= 998


def test_mails_one_after_another_share_a_connection(adapter: Email, smtp: SmtpSink) -> None:
    for n in range(5):
        adapter.send(outbound(f"c{n}@exemple.ma"))
    assert [one.recipients for one in smtp.taken] == [(f"c{n}@exemple.ma",) for n in range(5)]
    assert len(smtp.connections) == 1


@pytest.mark.parametrize("answer", ["421 4.4.2 idle for too long", "452 4.5.3 too many", HANG_UP])
def test_a_connection_that_the_server_gives_up_is_replaced(
    adapter: Email, smtp: SmtpSink, answer: str
) -> None:
    """Nothing of the mail was handed over yet: it goes out once, and counts no try."""
    adapter.send(outbound("a@exemple.ma"))
    smtp.refuse(answer, "MAIL")
    adapter.send(outbound("b@exemple.ma"))
    assert [one.recipients for one in smtp.taken] == [("a@exemple.ma",), ("b@exemple.ma",)]
    assert len(smtp.connections) == 2


def test_what_a_new_connection_is_told_is_believed(adapter: Email, smtp: SmtpSink) -> None:
    smtp.refuse("550 5.7.1 go away", "MAIL")
    with pytest.raises(SendFailed, match=r"SMTP 550 5\.7\.1") as failed:
        adapter.send(outbound("a@exemple.ma"))
    assert not failed.value.retryable
    assert adapter.send(outbound("a@exemple.ma"))


def test_after_a_refusal_the_next_mail_is_no_part_of_it(adapter: Email, smtp: SmtpSink) -> None:
    adapter.send(outbound("a@exemple.ma"))
    smtp.refuse("550 5.1.1 unknown")
    with pytest.raises(SendFailed):
        adapter.send(outbound("b@exemple.ma"))
    adapter.send(outbound("c@exemple.ma"))
    assert [one.recipients for one in smtp.taken] == [("a@exemple.ma",), ("c@exemple.ma",)]


def test_many_go_side_by_side_over_no_more_connections_than_allowed(
    adapter: Email, smtp: SmtpSink
) -> None:
    messages = [replace(outbound(f"c{n}@exemple.ma"), id=n) for n in range(12)]
    smtp.refuse("550 5.1.1 unknown")
    known: list[Outcome] = []
    adapter.send_many(messages, known.extend)
    assert sorted(outcome.message.id for outcome in known) == [*range(12)]
    assert sum(isinstance(outcome.result, SendFailed) for outcome in known) == 1
    assert len({one.recipients for one in smtp.taken}) == len(smtp.taken) == 11
    # One more for the connection that was refused on.
    assert len(smtp.connections) <= AT_ONCE + 1


def test_a_server_that_is_away_is_asked_for_one_mail_and_the_others_wait() -> None:
    adapter = mailing(f"smtp://127.0.0.1:{free_port()}")
    known: list[Outcome] = []
    messages = [replace(outbound(f"c{n}@exemple.ma"), id=n) for n in range(12)]
    adapter.send_many(messages, known.extend)
    assert len(known) <= AT_ONCE
    for outcome in known:
        assert isinstance(outcome.result, SendFailed)
        assert outcome.result.retryable
        assert outcome.result.everyone
