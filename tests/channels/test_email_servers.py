"""Mail over TLS, with tokens, from several mailboxes, and too large to be read whole."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # publishes no types
import pytest

from channels.base import BadSetting, FetchFailed, Inbound, SendFailed
from channels.email import Email, imap
from tests.channels.test_email import ADDRESS, environ, ids, mail
from tests.harness import make, outbound
from tests.servers import dovecot
from tests.servers.certificates import Certificate, self_signed
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpSink
from tests.servers.tokens import Tokens

pytestmark = pytest.mark.skipif(
    not dovecot.is_installed() and not os.environ.get("CI"), reason="needs Dovecot and root"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def tokens() -> Iterator[Tokens]:
    with Tokens() as asked:
        yield asked


@pytest.fixture(scope="module")
def shared(certificate: Certificate, tokens: Tokens) -> Iterator[Dovecot]:
    with Dovecot(certificate=certificate, tokens=tokens) as server:
        yield server


@pytest.fixture
def imap_server(shared: Dovecot) -> Dovecot:
    shared.clear()
    return shared


def test_tls_from_the_first_byte_and_after_a_plain_beginning(
    imap_server: Dovecot, certificate: Certificate
) -> None:
    imap_server.put(mail("x"))
    plain = imap_server.url.replace("imap:", "imap+starttls:")
    tls = imap_server.url.replace("imap:", "imaps:").replace(
        f":{imap_server.port}", f":{imap_server.tls_port}"
    )
    for starttls, imap_url in ((True, plain), (False, tls)):
        scheme = "smtp+starttls:" if starttls else "smtps:"
        with SmtpSink(certificate=certificate, starttls=starttls) as smtp:
            urls = {"IMAP_URL": imap_url, "SMTP_URL": smtp.url.replace("smtp:", scheme)}
            settings = {**environ(imap_server, smtp), **urls}
            adapter = make("email", {**settings, "EMAIL_CA_FILE": str(certificate.file)})
            assert ids(adapter.fetch()) == ["<1@exemple.ma>"]
            assert adapter.send(outbound("c@exemple.ma"))
            assert smtp.taken
            assert adapter.check()
            adapter.close()
            # Without the authority nobody is believed, and no password is said.
            stranger = make("email", settings)
            with pytest.raises(FetchFailed, match="certificate that is not believed") as fetching:
                list(stranger.fetch())
            with pytest.raises(SendFailed, match="certificate that is not believed") as sending:
                stranger.send(outbound("c@exemple.ma"))
            assert fetching.value.retryable
            assert sending.value.retryable


def test_a_token_opens_mailbox_and_way_out_and_may_be_renewed(
    imap_server: Dovecot, tokens: Tokens, tmp_path: Path
) -> None:
    tokens.users = {"first": imap_server.user}
    imap_server.put(mail("x"))
    file = tmp_path / "token"
    file.write_text(f"somebody else\n{imap_server.user} first\n")
    imap_url = imap_server.url.replace(":se%2Fcr%40t%25", "")
    with SmtpSink(token="second") as smtp:  # made up
        settings = {
            **environ(imap_server, smtp),
            "IMAP_URL": imap_url,
            "SMTP_URL": smtp.url.replace("smtp://", f"smtp://{smtp.user}@"),
            "EMAIL_OAUTH2_TOKEN_FILE": str(file),
        }
        adapter = make("email", settings)
        assert ids(adapter.fetch()) == ["<1@exemple.ma>"]
        with pytest.raises(SendFailed, match="refuses") as refused:
            adapter.send(outbound("c@exemple.ma"))
        assert refused.value.retryable
        file.write_text("second\n")
        assert adapter.send(outbound("c@exemple.ma"))
        adapter.close()
        with pytest.raises(FetchFailed, match="refuses"):
            list(adapter.fetch())
        tokens.users = {"second": imap_server.user}
        assert ids(adapter.fetch()) == ["<1@exemple.ma>"]
        adapter.close()


@pytest.fixture
def two(imap_server: Dovecot) -> Iterator[Email]:
    """An adapter with two mailboxes."""
    with SmtpSink() as smtp:
        urls = f"{imap_server.url}, {imap_server.url_of(imap_server.other_user)}"
        adapter = make("email", {**environ(imap_server, smtp), "IMAP_URL": urls})
        assert isinstance(adapter, Email)
        yield adapter
        adapter.close()


def test_a_mail_to_two_of_our_mailboxes_is_one_message(imap_server: Dovecot, two: Email) -> None:
    imap_server.put(b"Received: from a\r\nDelivered-To: one\r\n" + mail("x"))
    imap_server.put(b"Delivered-To: two\r\n" + mail("x"), user=imap_server.other_user)
    imap_server.put(mail("y", "<2@exemple.ma>"), user=imap_server.other_user)
    fetched = list(two.fetch())
    first, same, other = (
        (item.account, item.external_id) for item in fetched if isinstance(item, Inbound)
    )
    assert first == same != other
    assert first[0] == ADDRESS
    for item in fetched:
        two.settle(item)
    two.close()
    for user, moved in ((imap_server.user, 1), (imap_server.other_user, 2)):
        assert imap_server.count(user=user) == 0
        assert imap_server.count("Processed", user) == moved


def test_waiting_ends_when_a_mail_comes_to_any_mailbox(imap_server: Dovecot, two: Email) -> None:
    assert list(two.fetch()) == []
    for user in (imap_server.user, imap_server.other_user):
        imap_server.put(mail("x", f"<{user}@exemple.ma>"), user=user)
        two.wait(600)
        (item,) = two.fetch()
        two.settle(item)


def test_a_mailbox_that_refuses_us_keeps_no_other_from_being_read(
    imap_server: Dovecot,
) -> None:
    imap_server.put(mail("x"))
    with SmtpSink() as smtp:
        urls = f"{imap_server.url_of('nobody')} {imap_server.url}"
        adapter = make("email", {**environ(imap_server, smtp), "IMAP_URL": urls})
        fetched = []
        with pytest.raises(FetchFailed, match="refuses"):
            fetched += [adapter.settle(item) or item for item in adapter.fetch()]
        adapter.close()
    assert imap_server.count("Processed") == 1


def test_a_mail_too_large_is_registered_by_its_beginning_and_kept_in_quarantine(
    imap_server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The real limit is fifty megabytes: the way there is the same.
    monkeypatch.setattr(imap, "MAX_BYTES", 20_000)
    monkeypatch.setattr(imap, "_FIRST_PART", 2_000)
    imap_server.put(
        mail("small"),
        mail("The lamp is broken. " + "x" * 30_000, "<large@exemple.ma>"),
        mail("small too", "<3@exemple.ma>"),
    )
    with SmtpSink() as smtp:
        adapter = make("email", environ(imap_server, smtp))
        fetched = list(adapter.fetch())
        large = fetched[1]
        assert isinstance(large, Inbound)
        assert large.text.startswith("The lamp is broken.")
        assert len(large.raw) == 2_000
        for item in fetched:
            adapter.settle(item)
        adapter.close()
    assert [imap_server.count(name) for name in ("INBOX", "Processed", "Quarantine")] == [0, 2, 1]


def test_what_we_send_is_signed_when_there_is_a_key(
    imap_server: Dovecot, certificate: Certificate
) -> None:
    private = certificate.key.read_text()
    settings = {"EMAIL_DKIM_KEY": private, "EMAIL_DKIM_SELECTOR": "mail2026"}
    asked = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return b"v=DKIM1; k=rsa; p=" + public_half(certificate.key)

    with SmtpSink() as smtp:
        adapter = make("email", environ(imap_server, smtp, **settings))
        adapter.send(outbound("c@exemple.ma"))
        (envelope,) = smtp.taken
    assert dkim.verify(envelope.raw, dnsfunc=dns)
    assert asked == [b"mail2026._domainkey.commune.example."]
    assert not dkim.verify(envelope.raw.replace(b"Reply-To", b"Reply-to", 1) + b"x", dnsfunc=dns)


def public_half(key: Path) -> bytes:
    """The public key as DNS publishes it: base64 of its DER form."""
    made = subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-pubout"], check=True, capture_output=True
    )
    return b"".join(made.stdout.splitlines()[1:-1])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"EMAIL_CA_FILE": "/nowhere.pem"}, "EMAIL_CA_FILE"),
        ({"EMAIL_DKIM_KEY": "hidden", "EMAIL_DKIM_SELECTOR": "s"}, "EMAIL_DKIM_KEY"),
        ({"EMAIL_DKIM_KEY": "hidden"}, "EMAIL_DKIM_SELECTOR"),
        ({"IMAP_URL": "imaps://user@host"}, "IMAP_URL"),
        ({"IMAP_URL": "imaps://user:hidden@host https://host"}, "IMAP_URL"),
    ],
    ids=str,
)
def test_a_bad_setting_is_named_and_not_shown(change: dict[str, str], name: str) -> None:
    good = {
        "IMAP_URL": "imaps://user:hidden@host",
        "SMTP_URL": "smtps://host",
        "EMAIL_ADDRESS": ADDRESS,
        "SECRET_KEY": "k",
    }
    with pytest.raises(BadSetting) as bad:
        make("email", {**good, **change})
    assert bad.value.name == name
    assert "hidden" not in str(bad.value)
