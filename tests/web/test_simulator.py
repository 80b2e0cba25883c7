"""The simulator: its providers are real enough for the official clients, and every device gets
its number and its notice through a gateway that really runs."""

from __future__ import annotations

import asyncio
import re
import smtplib
import threading
from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # no types
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # no types
from twilio.rest import Client  # type: ignore[import-untyped]  # publishes no types

from gateway.settings import load
from gateway.web.simulator import Simulator, sound
from gateway.web.simulator.guard import HEADER
from gateway.web.simulator.imap.grammar import Malformed, within, words
from gateway.web.simulator.journal import ENTRIES, File, Journal
from gateway.web.simulator.mail import ADDRESS, Mail
from gateway.web.simulator.people import PEOPLE
from gateway.web.simulator.twiml import NotTwiml, parse
from gateway.web.simulator.wire import Unreachable, Wire
from tests.servers.service import PATIENCE
from tests.web.conftest import MakeApp
from tests.web.visitor import Entry, Visitor, running

AMINA, IDIR, _ = PEOPLE
NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")


# The mailbox, as IMAPClient sees it


@pytest.fixture
def mail() -> Iterator[Mail]:
    """The simulated mail servers on their own."""
    journal = Journal()
    servers = Mail(Wire("http://localhost:1", "http://127.0.0.1:1", journal), journal)
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def inbox(mail: Mail) -> Iterator[IMAPClient]:
    """A client with INBOX open and three mails in it."""
    for subject, text in (("one", "first"), ("two", "second"), ("شكاية", "third")):
        mail.send(AMINA, subject, text)
    client = _client(mail)
    client.select_folder("INBOX")
    yield client
    client.logout()


def _client(mail: Mail) -> IMAPClient:
    user, password, port = re.findall(r"//(.+):(.+)@127.0.0.1:(\d+)/", mail.environ()["IMAP_URL"])[
        0
    ]
    client = IMAPClient("127.0.0.1", port=int(port), ssl=False)
    client.login(user, password)
    return client


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        pytest.param("ALL", [1, 2, 3], id="all"),
        pytest.param("UNSEEN", [1, 3], id="a flag's absence"),
        pytest.param("SEEN", [2], id="a flag"),
        pytest.param(["UID", "2:*"], [2, 3], id="a range of UIDs"),
        pytest.param(["UID", "9:*"], [3], id="n:* holds the last one, though it is older"),
        pytest.param(["NOT", "SEEN"], [1, 3], id="negation"),
        pytest.param(["OR", "SEEN", "UID", "3"], [2, 3], id="either"),
        pytest.param([["UNSEEN", "UID", "1:2"]], [1], id="a group"),
        pytest.param(["HEADER", "Subject", "one"], [1], id="a header"),
        pytest.param(["KEYWORD", "Guichet"], [1], id="a keyword"),
        pytest.param("1:2", [1, 2], id="sequence numbers"),
    ],
)
def test_search(inbox: IMAPClient, criteria: str | list[object], found: list[int]) -> None:
    inbox.add_flags([2], [b"\\Seen"])
    inbox.add_flags([1], [b"Guichet"])
    assert inbox.search(criteria) == found


def test_peeking_leaves_a_mail_unseen_and_reading_does_not(inbox: IMAPClient) -> None:
    peeked = inbox.fetch([1], ["BODY.PEEK[]", "RFC822.SIZE", "INTERNALDATE"])[1]
    assert len(peeked[b"BODY[]"]) == peeked[b"RFC822.SIZE"]
    assert inbox.search("UNSEEN") == [1, 2, 3]
    assert inbox.fetch([1], ["BODY[TEXT]"])[1][b"BODY[TEXT]"].strip() == b"first"
    assert inbox.search("UNSEEN") == [2, 3]


def test_parts_of_a_mail(inbox: IMAPClient) -> None:
    items = ["BODY.PEEK[HEADER.FIELDS (To Message-ID)]", "BODY.PEEK[]<0.8>", "BODY.PEEK[HEADER]"]
    told = inbox.fetch([3], items)[3]
    assert set(re.findall(rb"^\S+(?=:)", told[b"BODY[HEADER.FIELDS (TO MESSAGE-ID)]"], re.M)) == {
        b"To",
        b"Message-ID",
    }
    assert told[b"BODY[]<0>"] == b"Subject:"
    assert told[b"BODY[HEADER]"].endswith(b"\r\n\r\n")


def test_a_moved_mail_is_in_the_other_folder_only(inbox: IMAPClient) -> None:
    assert not inbox.folder_exists("Guichet/Done")
    inbox.create_folder("Guichet/Done")
    inbox.move([1, 3], "Guichet/Done")
    assert inbox.search() == [2]
    assert inbox.folder_status("Guichet/Done", ["MESSAGES"]) == {b"MESSAGES": 2}
    with pytest.raises(IMAPClientError, match="ALREADYEXISTS"):
        inbox.create_folder("Guichet/Done")


def test_copied_deleted_and_expunged(inbox: IMAPClient) -> None:
    inbox.create_folder("Kept")
    inbox.copy([2], "Kept")
    inbox.delete_messages([2])
    inbox.expunge()
    assert inbox.search() == [1, 3]
    assert [name for _, _, name in inbox.list_folders()] == ["INBOX", "Kept"]
    inbox.select_folder("Kept", readonly=True)
    assert inbox.search() == [1]
    with pytest.raises(IMAPClientError, match="READ-ONLY"):
        inbox.add_flags([1], [b"\\Seen"])


def test_who_idles_hears_of_a_mail_and_of_another_clients_move(
    mail: Mail, inbox: IMAPClient
) -> None:
    inbox.idle()
    mail.send(IDIR, "four", "fourth")
    assert (4, b"EXISTS") in inbox.idle_check(timeout=PATIENCE)
    other = _client(mail)
    other.create_folder("Done")
    other.select_folder("INBOX")
    other.move([1], "Done")
    assert (1, b"EXPUNGE") in inbox.idle_check(timeout=PATIENCE)
    inbox.idle_done()
    other.logout()


def test_an_appended_mail_comes_back_byte_for_byte(inbox: IMAPClient) -> None:
    """Eight-bit text, a parenthesis, a brace, what looks like a literal; but for the bare line
    ends, which the client itself mends."""
    raw = 'Subject: ⵣ\r\n\r\n) {3}\r\n* BAD "\\ '.encode() + bytes(set(range(256)) - set(b"\r\n"))
    inbox.append("INBOX", raw, flags=[b"\\Flagged"])
    (uid,) = inbox.search("FLAGGED")
    assert inbox.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == raw


def test_a_wrong_password_and_an_unknown_folder_are_refused(mail: Mail, inbox: IMAPClient) -> None:
    stranger = IMAPClient("127.0.0.1", port=inbox.socket().getpeername()[1], ssl=False)
    with pytest.raises(LoginError):
        stranger.login("guichet", "wrong")
    with stranger.socket().dup() as line:
        line.sendall(b'X LIST "" *\r\n')
        assert line.recv(1000).startswith(b"X NO")
    with pytest.raises(IMAPClientError, match="NONEXISTENT"):
        inbox.select_folder("Nowhere")
    assert stranger.logout()


@pytest.mark.parametrize(
    "command", ["FROB 1", "UID", "UID FETCH", "FETCH x FLAGS", "FETCH 1 (FLAGS"]
)
def test_nonsense_is_answered_and_the_session_lives(inbox: IMAPClient, command: str) -> None:
    with inbox.socket().dup() as line:
        line.sendall(b"X " + command.encode() + b"\r\n")
        assert line.recv(1000).startswith(b"X BAD")
    assert inbox.noop()[0] == b"NOOP completed"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b'a (b "c d" (e)) f', [b"a", [b"b", b"c d", [b"e"]], b"f"]),
        (b"BODY.PEEK[HEADER.FIELDS (A B)]<0.9> x", [b"BODY.PEEK[HEADER.FIELDS (A B)]<0.9>", b"x"]),
        (b'LOGIN {3}\r\n"\\) {2+}\r\n\r\n', [b"LOGIN", b'"\\)', b"\r\n"]),
        (b'"quote \\" and \\\\"', [b'quote " and \\']),
    ],
)
def test_words(line: bytes, read: list[object]) -> None:
    assert words(line) == read


@pytest.mark.parametrize("line", [b"(a", b"a)", b'"a', b"[a"])
def test_what_is_cut_off_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        words(line)


def test_a_sequence_set_may_be_written_backwards() -> None:
    meant = within(b"7:*,3:1", 5)
    assert [number for number in range(1, 9) if meant(number)] == [1, 2, 3, 5, 6, 7]


def test_a_mail_of_ours_reaches_the_mailbox_over_smtp(mail: Mail) -> None:
    _, _, address = mail.environ()["SMTP_URL"].partition("//")
    raw = f"From: {ADDRESS}\r\nTo: {AMINA.mailbox}\r\nSubject: =?utf-8?b?2LHZgtmF?=\r\n\r\nok\r\n"
    with smtplib.SMTP(*address.split(":")) as smtp:  # type: ignore[arg-type]  # a host and a port
        smtp.sendmail(ADDRESS, [AMINA.mailbox.upper()], raw.encode())
    (arrived,) = (e for e in mail.journal.since(0) if e["kind"] == "mail")
    assert (arrived["person"], arrived["data"]["subject"]) == (AMINA.key, "رقم")


# The providers' APIs, as the official clients see them


@pytest.fixture
def app(make_app: MakeApp) -> Iterator[Flask]:
    """An application with every channel simulated; nothing listens at its address."""
    made = make_app(SIMULATOR="1")
    yield made
    made.extensions["simulator"].stop()


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A visitor's browser, without its script."""
    return app.test_client()


def test_without_credentials_every_channel_is_simulated(browser: FlaskClient) -> None:
    page = browser.get("/simulator/").get_data(as_text=True)
    for channel in ("sms", "voice", "telegram", "email", "webform"):
        assert f'id="{channel}"' in page
    assert "Connected to its real provider" not in page


def test_a_channel_with_credentials_is_left_to_its_provider(make_app: MakeApp) -> None:
    app = make_app(SIMULATOR="1", TELEGRAM_BOT_TOKEN="42:real", TELEGRAM_SECRET_TOKEN="real")
    page = app.test_client().get("/simulator/").get_data(as_text=True)
    assert page.count("Connected to its real provider") == 1
    assert 'id="telegram-thread"' not in page
    app.extensions["simulator"].stop()


def test_without_the_setting_there_is_no_simulator(make_app: MakeApp) -> None:
    app = make_app(SIMULATOR="0")
    assert app.test_client().get("/simulator/").status_code == 404
    assert app.test_client().post("/simulator/do/sms").status_code == 404


@pytest.mark.parametrize(
    ("present", "overlaid"),
    [
        pytest.param({}, {"TWILIO", "TELEGRAM", "IMAP", "SMTP", "EMAIL"}, id="nothing"),
        pytest.param(
            {"TWILIO_ACCOUNT_SID": "AC1"}, {"TELEGRAM", "IMAP", "SMTP", "EMAIL"}, id="sms"
        ),
        pytest.param({"TELEGRAM_BOT_TOKEN": "1:a"}, {"TWILIO", "IMAP", "SMTP", "EMAIL"}, id="bot"),
        pytest.param({"SMTP_URL": "smtp://a"}, {"TWILIO", "TELEGRAM"}, id="half of the mail"),
        pytest.param(
            {"IMAP_URL": " "}, {"TWILIO", "TELEGRAM", "IMAP", "SMTP", "EMAIL"}, id="blank"
        ),
    ],
)
def test_only_what_lacks_credentials_is_overlaid(
    present: Mapping[str, str], overlaid: set[str]
) -> None:
    simulator = Simulator(load({"SECRET_KEY": "x", "SIMULATOR": "1"}))
    assert {name.partition("_")[0] for name in simulator.environ(present)} == overlaid


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("::1", "http://[::1]:8123"),
        ("localhost", "http://localhost:8123"),
    ],
)
def test_the_gateway_is_reached_where_it_listens(host: str, reached: str) -> None:
    settings = load({"SECRET_KEY": "x", "SIMULATOR": "allow-public", "HOST": host, "PORT": "8123"})
    assert Simulator(settings).url == reached


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 403, id="a form of another site"),
        pytest.param({HEADER: "1"}, 202, id="no browser"),
        pytest.param({HEADER: "1", "Origin": "http://localhost:8000"}, 202, id="our own page"),
        pytest.param({HEADER: "1", "Origin": "http://127.0.0.1:9000"}, 202, id="this machine"),
        pytest.param({HEADER: "1", "Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({HEADER: "1", "Origin": "null"}, 403, id="a sandboxed page"),
    ],
)
def test_only_the_simulators_own_page_may_act(
    browser: FlaskClient, headers: Mapping[str, str], status: int
) -> None:
    fields = {"person": "amina", "text": ""}
    for path in ("/simulator/do/sms", "/simulator/do/mail"):
        assert browser.post(path, data=fields, headers=headers).status_code == status
    changed = browser.post("/simulator/case/123456789012", headers=headers)
    assert changed.status_code == (403 if status == 403 else 404)


def test_unknown_acts_people_and_files_are_not_found(browser: FlaskClient) -> None:
    own = {HEADER: "1"}
    assert (
        browser.post("/simulator/do/no", data={"person": "amina"}, headers=own).status_code == 404
    )
    assert browser.post("/simulator/do/sms", data={"person": "no"}, headers=own).status_code == 404
    assert browser.get("/simulator/file/no").status_code == 404


def test_a_visitors_file_cannot_become_a_page_of_ours(app: Flask, browser: FlaskClient) -> None:
    journal: Journal = app.extensions["simulator"].journal
    key = journal.keep(File("x.html", "text/html", b"<script>alert(1)</script>"))
    answer = browser.get(f"/simulator/file/{key}")
    assert answer.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_wrong_credentials_are_refused_as_the_providers_refuse_them(
    visitor: Visitor,
) -> None:
    client = Client("AC" + "0" * 32, "wrong", http_client=_Moved(visitor.url))
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=AMINA.phone, from_="+15005550006", body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)

    async def ask() -> None:
        await Bot("42:wrong", base_url=f"{visitor.url}/telegram/bot").get_me()

    with pytest.raises(InvalidToken):
        asyncio.run(ask())


class _Moved(TwilioHttpClient):  # type: ignore[misc]  # the library publishes no types
    """Twilio's client, towards the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> object:
        moved = url.replace("https://api.twilio.com", f"{self._url}/twilio")
        return super().request(method, moved, *args, **kwargs)


# What the devices are made of


def test_the_journal_forgets_the_oldest() -> None:
    journal = Journal()
    for number in range(ENTRIES + 5):
        journal.add("sms", None, number=number)
    kept = journal.since(0)
    assert (len(kept), kept[0]["data"]["number"]) == (ENTRIES, 5)
    assert [entry["seq"] for entry in journal.since(ENTRIES + 3)] == [ENTRIES + 4, ENTRIES + 5]


def test_only_addresses_of_the_gateway_are_called() -> None:
    wire = Wire("https://guichet.example", "http://127.0.0.1:1", Journal())
    for url in (
        "https://evil.example/",
        "https://guichet.example.evil/",
        "http://guichet.example/",
    ):
        with pytest.raises(Unreachable, match="not below"):
            wire.send("sms", None, "a text", url)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<Response><Say>", id="cut off"),
        pytest.param(b"<html/>", id="a page"),
        pytest.param(b'<!DOCTYPE x [<!ENTITY a "b">]><Response/>', id="with entities"),
        pytest.param(b"<Response>" + b" " * 70_000 + b"</Response>", id="too long"),
    ],
)
def test_what_is_no_twiml(document: bytes) -> None:
    with pytest.raises(NotTwiml):
        parse(document)


@pytest.mark.parametrize("seconds", [1, 4, 45])
def test_the_simulated_caller_speaks_as_long_as_asked(seconds: int) -> None:
    """24 kbit/s are 3,000 bytes a second; every frame begins with its sync word."""
    spoken = sound.call("arb", seconds)
    assert abs(len(spoken) / 3_000 - seconds) < 0.05
    assert all(spoken[n : n + 2] == b"\xff\xf3" for n in range(0, len(spoken), 108))


# The whole road, through a server that really runs


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Somebody at the page of a gateway that really runs."""
    with running(tmp_path_factory.mktemp("gateway")) as url:
        yield Visitor(url)


def _number(entry: Entry, key: str = "text") -> str:
    found = NUMBER.search(str(entry["data"][key]))
    assert found, "the answer names no number"
    return found[0].replace(" ", "")


def test_a_text_gets_a_number_a_notice_and_reports(visitor: Visitor) -> None:
    visitor.do("sms", "lucia", text="Llevo cuatro meses esperando la cita del pasaporte en Tánger.")
    answer = visitor.next("sms", "lucia", by="gateway")
    visitor.next("sms-status", "lucia", sid=answer["data"]["sid"], status="delivered")
    visitor.change(_number(answer), "answered", "La cita es mañana.")
    assert "La cita es mañana." in visitor.next("sms", "lucia", by="gateway")["data"]["text"]


def test_the_wire_shows_the_signed_request_and_the_reply(visitor: Visitor) -> None:
    visitor.do("sms", "lucia", text="¿Ayuda?")
    shown = visitor.next("wire", "lucia", title="A text arrives")["data"]
    assert "X-Twilio-Signature: " in shown["sent"]
    assert "Body=¿Ayuda?" in shown["body"]
    assert shown["answered"].startswith("200 ")
    sent = visitor.next("wire", "lucia", title="The gateway sends a text")["data"]
    assert "StatusCallback=" in sent["body"]


@pytest.mark.parametrize(
    ("who", "act", "fields"),
    [
        pytest.param("amina", "telegram", {"text": "انقطع الماء عن حي المسيرة بمراكش"}, id="text"),
        pytest.param("idir", "telegram-photo", {"text": "الإنارة معطلة في الرباط"}, id="photo"),
        pytest.param("lucia", "telegram-voice", {}, id="voice note"),
        pytest.param("lucia", "telegram-location", {}, id="location"),
    ],
)
def test_a_chat_gets_a_number_and_a_notice(
    visitor: Visitor, who: str, act: str, fields: Mapping[str, str]
) -> None:
    """Each from somebody who has nothing open, but the place alone: it goes on with what is."""
    visitor.do(act, who, **fields)
    answer = visitor.next("telegram", who, by="gateway")
    visitor.change(_number(answer), "answered", "فريقنا في الطريق")
    assert "فريقنا في الطريق" in visitor.next("telegram", who, by="gateway")["data"]["text"]


def test_a_mail_gets_a_threaded_answer_and_a_notice(visitor: Visitor) -> None:
    visitor.do("mail", "idir", subject="Éclairage en panne", text="À Rabat, rue X.", photo="1")
    sent = visitor.next("mail", "idir", by="citizen")["data"]
    answer = visitor.next("mail", "idir", by="gateway")
    assert dict(answer["data"]["headers"])["In-Reply-To"] == sent["message_id"]
    visitor.change(_number(answer), "awaiting_citizen", "À quelle adresse exactement ?")
    question = visitor.next("mail", "idir", by="gateway")["data"]
    assert "À quelle adresse exactement ?" in question["text"]


def test_a_call_records_a_complaint_and_is_called_back(visitor: Visitor) -> None:
    visitor.do("call", "idir")
    # French, file, no place; then what was recorded is kept, and no code is chosen.
    for key in ("2", "1"):
        visitor.next("call", "idir", what="gather")
        visitor.do("key", "idir", key=key)
    visitor.next("call", "idir", what="gather")
    visitor.do("wait", "idir")
    asked = visitor.next("call", "idir", what="record")["data"]
    visitor.do("record", "idir", seconds="3", ended_by="#", language=asked["language"])
    visitor.next("call", "idir", what="recorded")
    assert visitor.next("call", "idir", what="play")["data"]["url"].startswith("file/")
    visitor.next("call", "idir", what="gather")
    visitor.do("key", "idir", key="1")
    visitor.next("call", "idir", what="gather")
    visitor.do("wait", "idir")
    said = visitor.until("call", "idir", what="ended")
    spoken = "".join(entry["data"].get("text", "") for entry in said)
    (number,) = set(re.findall(r"\d{12}", re.sub(r"[ ,]", "", spoken)))
    visitor.change(number, "answered", "C'est réparé.")
    visitor.next("call", "idir", what="ringing")
    visitor.do("call", "idir", answer="1")
    notice = visitor.until("call", "idir", what="ended")
    assert any("C'est réparé." in entry["data"].get("text", "") for entry in notice)


def test_who_hangs_up_while_recording_has_filed_a_complaint(visitor: Visitor) -> None:
    before = len(visitor.cases())
    visitor.do("call", "lucia")
    for _ in range(3):
        visitor.next("call", "lucia", what="gather")
        visitor.do("wait", "lucia")
    visitor.next("call", "lucia", what="record")
    visitor.do("record", "lucia", seconds="2", ended_by="hangup", language="es")
    visitor.next("call", "lucia", what="ended", why="hung up")
    visitor.next("wire", "lucia", title="The recording is reported")
    newest = visitor.cases()[0]
    assert (newest["channel"], len(visitor.cases()) >= before) == ("voice", True)


def test_the_desk_refuses_what_makes_no_sense(visitor: Visitor) -> None:
    visitor.do("sms", "amina", text="الأزبال متراكمة في حي المحيط بالرباط")
    number = _number(visitor.next("sms", "amina", by="gateway"))
    refused = visitor.try_change(number, "answered", "")
    assert (refused.status_code, "needs a message" in refused.json()["problem"]) == (422, True)


def test_every_thread_of_the_simulator_ends_with_it(make_app: MakeApp) -> None:
    app = make_app(SIMULATOR="1")
    app.extensions["simulator"].stop()
    assert not [t.name for t in threading.enumerate() if t.name == "simulator-mail"]


def test_a_chat_shows_buttons_that_work_keys_that_send_and_files(visitor: Visitor) -> None:
    visitor.do("telegram", "amina", text="Les ordures débordent à Casablanca depuis une semaine")
    told = visitor.next("telegram", "amina", by="gateway")
    buttons = {
        button["value"].partition(":")[0]: button
        for row in told["data"]["buttons"]
        for button in row
    }
    value = buttons["place"]["value"]
    visitor.do("telegram-press", "amina", message=str(told["data"]["id"]), value=value)
    asked = visitor.next("telegram", "amina", by="gateway")
    assert [key["sends"] for key in asked["data"]["keys"]] == ["location"]
    visitor.do("telegram-location", "amina")
    assert visitor.next("telegram", "amina", by="gateway")["data"]["keys"] == []


def test_the_bot_takes_files_edits_and_its_menu(visitor: Visitor) -> None:
    """What an adapter may call, the stand-in answers as Telegram does."""
    settings = load({"SECRET_KEY": "for the tests only", "SIMULATOR": "1"})
    token = Simulator(settings).telegram.token

    async def ask() -> None:
        bot = Bot(token, base_url=f"{visitor.url}/telegram/bot")
        await bot.send_document(AMINA.chat, b"%PDF-1.7", caption="Voici.", filename="a.pdf")
        await bot.set_my_commands([("help", "Help")])
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("1", callback_data="rate:1:1")]])
        asked = await bot.send_message(AMINA.chat, "?", reply_markup=keys)
        await bot.edit_message_reply_markup(AMINA.chat, asked.message_id)
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_reply_markup(AMINA.chat, asked.message_id)

    asyncio.run(ask())
    assert visitor.next("telegram", "amina", by="gateway")["data"]["name"] == "a.pdf"
    assert visitor.next("telegram-edit", "amina")["data"]["buttons"] == []
