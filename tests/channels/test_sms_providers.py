"""SMS providers beside Twilio: Kannel, and those that a profile describes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from channels.base import BadSetting, Inbound, Rejected, Report, SendFailed, WireRequest
from channels.sms.generic import Generic
from channels.sms.header import part, piece
from channels.sms.kannel import Kannel
from channels.sms.profile import find, read, shipped
from tests.fakes.server import Answer, Trouble
from tests.fakes.sms import (
    PASSWORD,
    SENDER,
    TOKEN,
    FakeAfricasTalking,
    FakeInfobip,
    FakeKannel,
    FakeSms,
)
from tests.harness import (
    PUBLIC_URL,
    AdapterContract,
    Wire,
    hear,
    hook_url,
    make,
    message,
    outbound,
    post,
    post_form,
    post_json,
)

PAYLOADS = Path(__file__).parents[1] / "payloads" / "sms"
CITIZEN = "+212612345678"
ARABIC = "الماء مقطوع"


def by_get(fields: Mapping[str, str], path: str = "") -> WireRequest:
    """A GET with these parameters."""
    return replace(post(hook_url("sms", path, urlencode(fields)), b"", ""), method="GET")


def kannel_says(name: str, path: str = "", **changed: str) -> WireRequest:
    """A payload file as Kannel would ask for it, octet by octet."""
    query = (PAYLOADS / f"kannel-{name}.query").read_text().replace("TOKEN", TOKEN)
    more = f"&{urlencode(changed)}" if changed else ""
    return replace(post(hook_url("sms", path, query + more), b"", ""), method="GET")


def form(name: str) -> dict[str, str]:
    return dict(parse_qsl((PAYLOADS / f"{name}.form").read_text(), keep_blank_values=True))


def with_token(path: str = "", token: str = TOKEN) -> str:
    return hook_url("sms", path, f"token={token}")


def wire(
    fake: FakeSms,
    write: Callable[[str], WireRequest],
    unknown: Callable[[], WireRequest],
    for_good: Answer,
) -> Wire:
    """What the three providers share at their ends."""

    def forged() -> Iterator[tuple[str, WireRequest]]:
        good = write("genuine")
        for label, token in (("another token", "guessed"), ("no token", "")):
            query = tuple((k, token if k == "token" else v) for k, v in good.query)
            url = hook_url("sms", "", urlencode(query))
            yield label, replace(good, url=url, query=query)

    return Wire(
        channel="sms",
        environ=fake.environ,
        write=write,
        unknown=unknown,
        forged=forged,
        secrets=[TOKEN, PASSWORD],
        recipient=CITIZEN,
        refuse_for_now=lambda: fake.plan(Answer(503)),
        refuse_for_good=lambda: fake.plan(for_good),
        sent=fake.texts,
    )


@pytest.fixture
def kannel() -> Iterator[FakeKannel]:
    with FakeKannel() as fake:
        yield fake


@pytest.fixture
def talking() -> Iterator[FakeAfricasTalking]:
    with FakeAfricasTalking() as fake:
        yield fake


@pytest.fixture
def infobip() -> Iterator[FakeInfobip]:
    with FakeInfobip() as fake:
        yield fake


class TestKannel(AdapterContract):
    @pytest.fixture
    def wire(self, kannel: FakeKannel) -> Wire:
        serial = count(1)
        fields = dict(parse_qsl(kannel_says("inbound").url.partition("?")[2]))

        def write(text: str) -> WireRequest:
            return by_get({**fields, "id": f"uuid-{next(serial)}", "text": text})

        return wire(kannel, write, lambda: by_get({"token": TOKEN, "odd": "1"}), Answer(400))


class TestAfricasTalking(AdapterContract):
    @pytest.fixture
    def wire(self, talking: FakeAfricasTalking) -> Wire:
        serial = count(1)

        def write(text: str) -> WireRequest:
            fields = {**form("africastalking-inbound"), "id": f"id-{next(serial)}", "text": text}
            return post_form(with_token(), fields.items())

        def unknown() -> WireRequest:
            return post_form(with_token(), {"subscription": "new"}.items())

        return wire(talking, write, unknown, talking.outcome(403))


class TestInfobip(AdapterContract):
    @pytest.fixture
    def wire(self, infobip: FakeInfobip) -> Wire:
        serial = count(1)

        def write(text: str) -> WireRequest:
            document = json.loads((PAYLOADS / "infobip-inbound.json").read_text("utf-8"))
            document["results"][0] |= {"messageId": f"id-{next(serial)}", "text": text}
            return post_json(with_token(), document)

        def unknown() -> WireRequest:
            return post_json(with_token(), {"event": "number-lost"})

        return wire(infobip, write, unknown, infobip.outcome("REJECTED"))


# Kannel.


def test_kannels_texts_come_in_the_charset_that_it_names(kannel: FakeKannel) -> None:
    adapter = make("sms", kannel.environ)
    heard = message(adapter, kannel_says("inbound"))
    assert (heard.text, heard.sender, heard.account) == (ARABIC, CITIZEN, "5757")
    piece = message(adapter, kannel_says("inbound-piece-utf16"))
    assert (piece.text, piece.hints) == ("الماء", {"part": "204/2/1"})
    assert TOKEN.encode() not in heard.raw + piece.raw


def test_an_unknown_charset_is_read_as_utf_8(kannel: FakeKannel) -> None:
    adapter = make("sms", kannel.environ)
    assert message(adapter, kannel_says("inbound", charset="KLINGON")).text == ARABIC


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("report-delivered", {}, ("delivered", None)),
        ("report-delivered", {"type": "8"}, ("sent", None)),
        ("report-delivered", {"type": "2"}, ("failed", "type 2")),
        ("report-rejected", {}, ("failed", "69")),
    ],
    ids=["delivered", "taken by the network", "not delivered", "refused by the network"],
)
def test_kannels_report_names_our_own_id(
    kannel: FakeKannel, name: str, changed: Mapping[str, str], expected: tuple[str, str | None]
) -> None:
    (report,) = hear(make("sms", kannel.environ), kannel_says(name, "/status", **changed))
    assert isinstance(report, Report)
    assert (report.provider_id, report.status, report.code) == ("guichet-1", *expected)


def test_a_message_that_waits_at_kannel_is_no_news(kannel: FakeKannel) -> None:
    adapter = make("sms", kannel.environ)
    assert hear(adapter, kannel_says("report-delivered", "/status", type="4")) == []


@pytest.mark.parametrize(
    ("text", "coding"), [("L'eau est coupée", "0"), ("reçu", "2"), (ARABIC, "2")]
)
def test_kannel_is_told_the_alphabet_and_where_to_report(
    kannel: FakeKannel, text: str, coding: str
) -> None:
    assert make("sms", kannel.environ).send(outbound(CITIZEN, text)) == "guichet-1"
    (asked,) = kannel.taken
    assert (asked["coding"], asked["text"]) == (coding, text)
    assert (asked["from"], asked["to"], asked["dlr-mask"]) == (SENDER, CITIZEN, "27")
    assert asked["dlr-url"] == (
        f"{PUBLIC_URL}/hooks/sms/status?token={TOKEN}&id=guichet-1&type=%d&answer=%A"
    )


# Profiles.


def test_africas_talking_is_told_what_to_send_and_gives_its_id(talking: FakeAfricasTalking) -> None:
    assert make("sms", talking.environ).send(outbound(CITIZEN, ARABIC)) == "ATXid_1"
    assert talking.taken[0].items() >= {"to": CITIZEN, "from": SENDER, "message": ARABIC}.items()


@pytest.mark.parametrize(
    ("code", "retryable", "opted_out"),
    [(403, False, False), (405, True, False), (501, True, False), (406, False, True)],
    ids=["bad number", "no credit", "their trouble", "blacklisted"],
)
def test_a_no_inside_a_yes_is_a_no(
    talking: FakeAfricasTalking, code: int, retryable: bool, opted_out: bool
) -> None:
    talking.plan(talking.outcome(code))
    with pytest.raises(SendFailed, match=str(code)) as failed:
        make("sms", talking.environ).send(outbound(CITIZEN))
    assert (failed.value.retryable, failed.value.opted_out) == (retryable, opted_out)


def test_africas_talking_reports_what_became_of_it(talking: FakeAfricasTalking) -> None:
    adapter = make("sms", talking.environ)
    told = [
        hear(adapter, post_form(with_token("/status"), form(f"africastalking-{name}").items()))[0]
        for name in ("report-success", "report-blacklisted")
    ]
    assert [
        (one.provider_id, one.status, one.code, one.opted_out)
        for one in told
        if isinstance(one, Report)
    ] == [
        ("ATXid_1", "delivered", None, False),
        ("ATXid_1", "failed", "UserInBlackList", True),
    ]


def test_who_told_africas_talking_to_stop_is_stopped_here_too(talking: FakeAfricasTalking) -> None:
    """As often as it is told: they may have come back meanwhile."""
    adapter = make("sms", talking.environ)
    told = post_form(with_token("/stop"), form("africastalking-stop").items())
    one = message(adapter, told)
    assert (one.sender, one.hints) == (CITIZEN, {"opt_out": "STOP"})
    later = replace(told, received_at=told.received_at + timedelta(days=1))
    assert message(adapter, later).external_id != one.external_id
    nobody = post_form(with_token("/stop"), {"senderId": "GUICHET"}.items())
    assert message(adapter, nobody).hints["event"] == "not-understood"


def test_infobip_is_told_where_to_report_and_reports_many_at_once(infobip: FakeInfobip) -> None:
    adapter = make("sms", infobip.environ)
    assert adapter.send(outbound(CITIZEN)) == "m1"
    assert infobip.taken[0]["to"] == CITIZEN.removeprefix("+")
    assert infobip.taken[0]["report"] == f"{with_token('/status')}&id=guichet-1"
    document = json.loads((PAYLOADS / "infobip-reports.json").read_text("utf-8"))
    reports = hear(adapter, post_json(with_token("/status"), document))
    assert [
        (one.provider_id, one.status, one.code) for one in reports if isinstance(one, Report)
    ] == [("m1", "delivered", None), ("m2", "failed", "EC_ABSENT_SUBSCRIBER")]


def test_one_odd_message_among_many_is_kept_beside_the_others(infobip: FakeInfobip) -> None:
    document = json.loads((PAYLOADS / "infobip-inbound.json").read_text("utf-8"))
    document["results"].append({"novelty": True})
    found = hear(make("sms", infobip.environ), post_json(with_token(), document))
    assert [one.hints for one in found if isinstance(one, Inbound)] == [
        {},
        {"event": "not-understood"},
    ]


# Every provider.


@pytest.mark.parametrize("fake", ["kannel", "talking", "infobip"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "accepts our credentials"),
        (Answer(401), "SMS_PASSWORD is wrong"),
        (Answer(403), "SMS_PASSWORD is wrong"),
        (Answer(404), "SMS_URL is wrong"),
        ("reset", "cannot be reached"),
    ],
    ids=["works", "wrong password", "forbidden", "wrong address", "unreachable"],
)
def test_the_check_tells_a_wrong_password_from_a_provider_out_of_reach(
    request: pytest.FixtureRequest, fake: str, answer: Answer | Trouble | None, said: str
) -> None:
    provider: FakeSms = request.getfixturevalue(fake)
    adapter = make("sms", provider.environ)
    if answer is None:
        line = adapter.check()
    else:
        provider.plan(answer)
        with pytest.raises(SendFailed) as failed:
            adapter.check()
        line = failed.value.reason
    assert said in line


@pytest.mark.parametrize("fake", ["kannel", "talking", "infobip"])
def test_a_provider_that_asks_for_time_gets_it(request: pytest.FixtureRequest, fake: str) -> None:
    provider: FakeSms = request.getfixturevalue(fake)
    provider.plan(Answer(429, headers={"Retry-After": "9"}))
    with pytest.raises(SendFailed) as failed:
        make("sms", provider.environ).send(outbound(CITIZEN))
    assert (failed.value.retryable, failed.value.retry_after) == (True, 9)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SMS_PROVIDER": "pigeon"}, "SMS_PROVIDER"),
        ({"SMS_PROVIDER": "/nowhere/own.toml"}, "SMS_PROVIDER"),
        ({"SMS_URL": "kannel:13013"}, "SMS_URL"),
        ({"SMS_PASSWORD": ""}, "SMS_PASSWORD"),
        ({"SMS_TOKEN": ""}, "SMS_TOKEN"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    kannel: FakeKannel, changed: Mapping[str, str], named: str
) -> None:
    with pytest.raises(BadSetting) as bad:
        make("sms", {**kannel.environ, **changed})
    assert bad.value.name == named


# A profile of one's own.

OWN = """
name = "Own"
documentation = "https://own.example"
url = "http://127.0.0.1:9"
[authentication]
PROOF
[inbound]
method = "GET"
encoding = "query"
fields = { id = "id", from = "msisdn", text = "msg", udh = "udh" }
answer = { body = "ACK/Jasmin" }
[outbound]
method = "GET"
encoding = "query"
url = "{url}/send"
body = { to = "{to}", text = "{text}" }
[check]
url = "{url}/ping"
"""
OWN_MESSAGE = {"id": "1", "msisdn": "0612345678", "msg": ARABIC, "udh": "050003CC0201"}
OWN_QUERY = urlencode(OWN_MESSAGE).encode()
PROOFS = {
    "a header": ('header_token = "X-Key"', {"x-key": TOKEN}, ""),
    "Basic": (
        'basic_user = "own"',
        {"authorization": "Basic " + base64.b64encode(f"own:{TOKEN}".encode()).decode()},
        "",
    ),
    "HMAC": (
        'hmac = { header = "X-Sign", prefix = "sha256=" }',
        {"x-sign": "sha256=" + hmac.new(TOKEN.encode(), OWN_QUERY, hashlib.sha256).hexdigest()},
        "",
    ),
    "HMAC in base64": (
        'hmac = { header = "X-Sign", algorithm = "sha1", encoding = "base64" }',
        {"x-sign": base64.b64encode(hmac.new(TOKEN.encode(), OWN_QUERY, "sha1").digest()).decode()},
        "",
    ),
    "an address": ('addresses = ["192.0.2.0/24"]', {}, "192.0.2.7"),
}


def own(folder: Path, proof: str = 'header_token = "X-Key"', old: str = "", new: str = "") -> Path:
    path = folder / "own.toml"
    path.write_text(
        OWN.replace("PROOF", proof).replace(old, new) if old else OWN.replace("PROOF", proof)
    )
    return path


def own_adapter(path: Path) -> Generic:
    environ = {"SMS_PROVIDER": str(path), "SMS_PASSWORD": PASSWORD, "SMS_TOKEN": TOKEN}
    adapter = make("sms", environ)
    assert isinstance(adapter, Generic)
    return adapter


@pytest.mark.parametrize(("proof", "headers", "remote"), PROOFS.values(), ids=PROOFS)
def test_a_request_is_proved_as_the_profile_says(
    tmp_path: Path, proof: str, headers: Mapping[str, str], remote: str
) -> None:
    adapter = own_adapter(own(tmp_path, proof))
    asked = by_get(OWN_MESSAGE)
    heard = message(adapter, replace(asked, headers=headers, remote=remote))
    assert (heard.text, heard.hints) == (ARABIC, {"part": "204/2/1"})
    assert adapter.answer(asked, []).body == b"ACK/Jasmin"
    wrong = {name: value[:-1] + "!" for name, value in headers.items()}
    altered = by_get({**OWN_MESSAGE, "msg": "another text"})
    forgeries = [replace(asked, headers=wrong, remote="198.51.100.1"), asked]
    if "hmac" in proof:
        forgeries.append(replace(altered, headers=headers))
    for forged in forgeries:
        with pytest.raises(Rejected):
            adapter.receive(forged)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "Own"', "name = ", "no TOML"),
        ('name = "Own"', 'name = "Own"\nnmae = "x"', "nmae"),
        ('id = "id",', "", "inbound.fields.id"),
        ('header_token = "X-Key"', "", "anybody could write"),
        ('header_token = "X-Key"', 'addresses = ["nonsense"]', "authentication.addresses"),
    ],
    ids=["no TOML", "a word we do not know", "no id", "no proof", "no address"],
)
def test_a_profile_that_cannot_work_says_where(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    path = own(tmp_path, old=old, new=new)
    with pytest.raises(BadSetting, match=problem):
        own_adapter(path)


def test_the_profiles_that_ship_can_be_read() -> None:
    assert shipped() == ["africastalking", "infobip"]
    for name in shipped():
        path = find(name)
        assert path is not None
        assert read(path).documentation.startswith("https://")


def test_the_profile_that_the_documentation_shows_can_be_read(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "phone.md").read_text("utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(shown)
    assert read(path).outbound.outcome is not None


# Long texts in pieces.


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("050003cc0201", "204/2/1"),
        ("06080401020302", "258/3/2"),
        ("0b0504158200000003070302", "7/3/2"),
        ("", None),
        ("0605041582158a", None),
        ("050003cc0101", None),
        ("050003cc0203", None),
        ("050003cc", None),
        ("ff", None),
    ],
    ids=[
        "one octet of reference",
        "two octets",
        "behind ports",
        "no header",
        "ports alone",
        "one of one",
        "three of two",
        "cut off",
        "nonsense",
    ],
)
def test_a_header_tells_which_piece_this_is(header: str, expected: str | None) -> None:
    assert part(bytes.fromhex(header)) == expected


def test_numbers_given_one_by_one_tell_it_too() -> None:
    assert piece("abc", 3, 2) == "abc/3/2"


def test_kannel_is_the_adapter_of_its_name(kannel: FakeKannel) -> None:
    assert isinstance(make("sms", kannel.environ), Kannel)
