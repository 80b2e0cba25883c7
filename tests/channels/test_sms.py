"""The SMS adapter: Twilio's webhooks in, its REST API out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from channels.base import (
    Attachment,
    BadSetting,
    FetchFailed,
    Inbound,
    Location,
    Outbound,
    Rejected,
    Report,
    SendFailed,
    WireRequest,
)
from channels.sms.twilio import STATUSES, Twilio
from channels.twilio_api import CODES, Account
from channels.twilio_media import credentials, download
from tests.fakes.server import Answer, Trouble, in_json
from tests.fakes.twilio import (
    ERRORS,
    FROM,
    SID,
    TOKEN,
    FakeTwilio,
    openapi,
    refusal,
    signature,
    signed,
    violations,
)
from tests.harness import (
    PUBLIC_URL,
    AdapterContract,
    Wire,
    hook_url,
    make,
    message,
    outbound,
    post,
)
from tests.servers.certificates import self_signed
from tests.servers.service import PATIENCE

PAYLOADS = Path(__file__).parents[1] / "payloads" / "sms"
CITIZEN = "+212612345678"


def payload(name: str) -> dict[str, str]:
    return dict(parse_qsl((PAYLOADS / f"{name}.form").read_text(), keep_blank_values=True))


def incoming(name: str, path: str = "") -> WireRequest:
    """A payload file as Twilio would post it."""
    return signed(hook_url("sms", path), payload(name))


def account_at(twilio: FakeTwilio, answer: Answer | Trouble) -> Account:
    """An account that is soon out of patience where no answer comes, and nowhere else."""
    patience = 0.3 if answer == "silence" else PATIENCE
    return Account(SID, (TOKEN,), FROM, twilio.url, timeout=patience)


@pytest.fixture
def sms(twilio: FakeTwilio) -> Twilio:
    adapter = make("sms", twilio.environ)
    assert isinstance(adapter, Twilio)
    return adapter


class TestContract(AdapterContract):
    @pytest.fixture
    def wire(self, twilio: FakeTwilio) -> Wire:
        serial = count(1)

        def write(text: str) -> WireRequest:
            fields = {**payload("inbound-arabic"), "MessageSid": f"SM{next(serial):032x}"}
            return signed(hook_url("sms"), {**fields, "Body": text})

        def forged() -> Iterator[tuple[str, WireRequest]]:
            good = write("genuine")
            fields = payload("inbound-arabic")
            yield "no signature", replace(good, headers={})
            yield "another text", replace(write("altered"), headers=good.headers)
            yield "another token", signed(hook_url("sms"), fields, "someone else's")
            yield "another address", replace(good, url=hook_url("sms", "", "x=1"))
            by_host = signed("http://localhost/hooks/sms", fields)
            yield "our own Host header", replace(by_host, url=hook_url("sms"))

        return Wire(
            channel="sms",
            environ=twilio.environ,
            write=write,
            unknown=lambda: incoming("not-understood"),
            forged=forged,
            secrets=[TOKEN],
            recipient=CITIZEN,
            refuse_for_now=lambda: twilio.plan(refusal(20429)),
            refuse_for_good=lambda: twilio.plan(refusal(21211, CITIZEN)),
            sent=lambda: [sent["Body"] for sent in twilio.messages],
        )


def test_every_parameter_of_a_message_is_kept(sms: Twilio) -> None:
    request = incoming("inbound-arabic")
    assert message(sms, request) == Inbound(
        external_id="SM11111111111111111111111111111111",
        account=SID,
        sender=CITIZEN,
        text="السلام عليكم، كاينة حفرة كبيرة فزنقة ١٢",
        raw=request.body,
        received_at=request.received_at,
    )


def test_pictures_are_named_for_fetching_later(sms: Twilio) -> None:
    media = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM{'2' * 32}/Media"
    assert message(sms, incoming("inbound-mms")).attachments == (
        Attachment(content_type="image/jpeg", reference=f"{media}/ME{'3' * 32}"),
        Attachment(content_type="image/png", reference=f"{media}/ME{'4' * 32}"),
    )


def test_whatsapp_brings_its_address_a_name_and_a_place(sms: Twilio) -> None:
    heard = message(sms, incoming("inbound-whatsapp-location"))
    assert heard.account == payload("inbound-whatsapp-location")["To"]
    assert heard.sender == f"whatsapp:{CITIZEN}"
    assert heard.sender_name == "Aïcha B."
    assert heard.location == Location(34.020882, -6.84165, "Bab el Had")


@pytest.mark.parametrize("latitude", ["", "north", "nan", "91", "inf"])
def test_a_place_not_on_this_globe_is_no_place(sms: Twilio, latitude: str) -> None:
    fields = {**payload("inbound-whatsapp-location"), "Latitude": latitude}
    assert message(sms, signed(hook_url("sms"), fields)).location is None


def test_twilios_opt_out_is_a_hint(sms: Twilio) -> None:
    heard = message(sms, incoming("inbound-stop"))
    assert (heard.text, heard.hints) == ("STOP", {"opt_out": "STOP"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("status-delivered", ("delivered", None, False)),
        ("status-undelivered-30003", ("failed", "30003", False)),
        ("status-failed-21610", ("failed", "21610", True)),
    ],
)
def test_a_status_callback_is_a_report(
    sms: Twilio, name: str, expected: tuple[str, str | None, bool]
) -> None:
    (report,) = sms.receive(incoming(name, "/status"))
    assert isinstance(report, Report)
    assert report.provider_id == "SM00000000000000000000000000000001"
    assert (report.status, report.code, report.opted_out) == expected


@pytest.mark.parametrize("status", [name for name, meaning in STATUSES.items() if not meaning])
def test_a_status_without_news_is_no_report(sms: Twilio, status: str) -> None:
    fields = {**payload("status-delivered"), "MessageStatus": status}
    assert sms.receive(signed(hook_url("sms", "/status"), fields)) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/status", {**payload("status-delivered"), "MessageStatus": "teleported"}),
        ("/status", {"AccountSid": SID, "MessageStatus": "sent"}),
        ("/elsewhere", payload("inbound-arabic")),
        ("", {}),
    ],
    ids=["new status", "no message", "unknown path", "nothing at all"],
)
def test_what_twilio_says_and_we_do_not_know_is_kept(
    sms: Twilio, path: str, fields: Mapping[str, str]
) -> None:
    request = signed(hook_url("sms", path), fields)
    heard = message(sms, request)
    assert heard.hints == {"event": "not-understood"}
    assert heard.external_id == sha256(request.url.encode() + b"\n" + request.body).hexdigest()


def test_every_token_of_the_list_is_accepted_and_the_first_one_sends(twilio: FakeTwilio) -> None:
    sms = make("sms", {**twilio.environ, "TWILIO_AUTH_TOKEN": f"{TOKEN}, old-one"})
    fields = payload("inbound-arabic")
    for token in (TOKEN, "old-one"):
        assert message(sms, signed(hook_url("sms"), fields, token)).sender == CITIZEN
    assert sms.send(outbound(CITIZEN))


def test_a_field_that_repeats_is_signed_with_all_its_values(sms: Twilio) -> None:
    request = incoming("inbound-arabic")
    form = (*request.form, ("Extra", "b"), ("Extra", "a"))
    headers = {"x-twilio-signature": signature(request.url, form)}
    assert message(sms, replace(request, form=form, headers=headers)).sender == CITIZEN


def test_a_signature_over_the_port_counts_too(sms: Twilio) -> None:
    """Twilio signs sometimes with the port that HTTPS has anyhow, sometimes without."""
    request = incoming("inbound-arabic")
    url = request.url.replace("guichet.example", "guichet.example:443")
    headers = {"x-twilio-signature": signature(url, request.form)}
    assert message(sms, replace(request, headers=headers)).sender == CITIZEN


def test_a_body_that_is_no_form_must_match_its_signed_hash(sms: Twilio) -> None:
    body = b'{"Parameters": []}'
    url = hook_url("sms", "", f"bodySHA256={sha256(body).hexdigest()}")
    headers = {"X-Twilio-Signature": signature(url, [])}
    assert message(sms, post(url, body, "application/json", headers)).raw == body
    with pytest.raises(Rejected):
        sms.receive(post(url, body + b" ", "application/json", headers))


def test_a_webhook_by_get_is_understood(sms: Twilio) -> None:
    url = hook_url("sms", "", (PAYLOADS / "inbound-arabic.form").read_text())
    request = post(url, b"", "", {"X-Twilio-Signature": signature(url, [])})
    assert message(sms, replace(request, method="GET")).sender == CITIZEN


def test_a_message_asks_for_reports_and_offers_its_choices(sms: Twilio, twilio: FakeTwilio) -> None:
    text = Outbound(
        id=1, to=CITIZEN, text="Which one?", language="en", choices=(("1", "water"), ("2", "lamp"))
    )
    assert sms.send(text) == "SM00000000000000000000000000000001"
    assert twilio.messages == [
        {
            "To": CITIZEN,
            "From": FROM,
            "Body": "Which one?\n1 water\n2 lamp",
            "StatusCallback": f"{PUBLIC_URL}/hooks/sms/status",
        }
    ]


@pytest.mark.parametrize(
    ("sender", "account", "expected"),
    [
        ("MG" + "5" * 32, "", {"MessagingServiceSid": "MG" + "5" * 32, "To": CITIZEN}),
        ("Guichet", SID, {"From": "Guichet", "To": CITIZEN}),
        (FROM, "whatsapp:+1415", {"From": "whatsapp:+1415", "To": f"whatsapp:{CITIZEN}"}),
    ],
    ids=["messaging service", "alphanumeric sender", "back over WhatsApp"],
)
def test_the_sender_fits_the_way(
    twilio: FakeTwilio, sender: str, account: str, expected: Mapping[str, str]
) -> None:
    answer = replace(outbound(CITIZEN), account=account)
    make("sms", {**twilio.environ, "TWILIO_FROM": sender}).send(answer)
    assert expected.items() <= twilio.messages[0].items()


def test_a_message_agrees_with_twilios_own_description(sms: Twilio, twilio: FakeTwilio) -> None:
    document = openapi()
    if document is None:
        pytest.skip("no specs/twilio_api_v2010.json in a folder beside the checkout")
    sms.send(outbound(CITIZEN))
    sms.send(replace(outbound(CITIZEN, "é" * 1600), account="whatsapp:+14155238886"))
    make("sms", {**twilio.environ, "TWILIO_FROM": "MG" + "5" * 32}).send(outbound(CITIZEN))
    assert [violations(asked, document) for asked in twilio.asked] == [[], [], []]


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (refusal(21211, CITIZEN), False),
        (refusal(21610, CITIZEN), False),
        (refusal(21614, CITIZEN), False),
        (refusal(20429), True),
        (refusal(20003), True),
        (Answer(403, b"<html>no</html>"), True),
        (Answer(404, b""), True),
        (in_json(400, {"code": 99999, "message": CITIZEN}), False),
        (in_json(400, ["no", "object"]), False),
        (Answer(500, b""), True),
        (Answer(503, b'{"code": null}'), True),
        (Answer(302, headers={"Location": "https://elsewhere.example/"}), True),
        (Answer(200, b"<html>a captive portal</html>"), True),
        (in_json(201, {}), True),
        (in_json(201, []), True),
        ("reset", True),
        ("silence", True),
    ],
)
def test_a_failure_is_for_now_or_for_good(
    twilio: FakeTwilio, answer: Answer | Trouble, retryable: bool
) -> None:
    """And its reason never repeats the citizen's number, although Twilio's own sentence does."""
    account = account_at(twilio, answer)
    twilio.plan(answer)
    with pytest.raises(SendFailed) as failed:
        Twilio(account, PUBLIC_URL).send(outbound(CITIZEN))
    assert failed.value.retryable is retryable
    assert CITIZEN not in failed.value.reason


def test_nobody_listening_is_a_failure_for_now() -> None:
    with FakeTwilio() as gone:
        environ = gone.environ
    with pytest.raises(SendFailed, match="cannot be reached") as failed:
        make("sms", environ).send(outbound(CITIZEN))
    assert failed.value.retryable


@pytest.mark.parametrize("trouble", ["reset", "silence"])
def test_what_may_have_arrived_is_told_from_what_nobody_heard(
    twilio: FakeTwilio, trouble: Trouble
) -> None:
    account = account_at(twilio, trouble)
    twilio.plan(trouble)
    with pytest.raises(SendFailed) as failed:
        Twilio(account, PUBLIC_URL).send(outbound(CITIZEN))
    assert (failed.value.unknown, failed.value.everyone) == (True, False)
    deaf = replace(account, api_url="http://127.0.0.1:9")
    with pytest.raises(SendFailed) as failed:
        Twilio(deaf, PUBLIC_URL).send(outbound(CITIZEN))
    assert (failed.value.unknown, failed.value.everyone) == (False, True)


def test_who_cannot_prove_to_be_twilio_is_told_nothing(tmp_path: Path) -> None:
    stranger = FakeTwilio()
    stranger.speak_tls(self_signed(tmp_path))
    with stranger:
        account = Account(SID, (TOKEN,), FROM, stranger.url)
        with pytest.raises(SendFailed, match="cannot be reached") as failed:
            Twilio(account, PUBLIC_URL).send(outbound(CITIZEN))
        assert (failed.value.unknown, stranger.asked) == (False, [])


def test_messages_share_a_connection(sms: Twilio, twilio: FakeTwilio) -> None:
    for _ in range(3):
        sms.send(outbound(CITIZEN))
    assert (len(twilio.messages), twilio.connections) == (3, 1)


def test_a_refusal_tells_who_opted_out_and_how_long_to_wait(
    sms: Twilio, twilio: FakeTwilio
) -> None:
    twilio.plan(refusal(21610, CITIZEN), in_json(429, {"code": 20429}, Retry_After="7"))
    with pytest.raises(SendFailed) as stopped:
        sms.send(outbound(CITIZEN))
    assert stopped.value.opted_out
    with pytest.raises(SendFailed) as throttled:
        sms.send(outbound(CITIZEN))
    assert throttled.value.retry_after == 7


def test_a_text_that_twilio_would_refuse_fails_for_good(sms: Twilio) -> None:
    """The fake counts as Twilio does, so that its other refusals can be believed as well."""
    with pytest.raises(SendFailed, match="21617") as failed:
        sms.send(outbound(CITIZEN, "ع" * 1601))
    assert not failed.value.retryable


def test_the_fake_and_the_table_know_the_same_codes() -> None:
    ours = {20404, 21603, 21604}  # What only a mistake in our own request would bring.
    assert set(ERRORS) - ours <= set(CODES)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "accepts our credentials"),
        (refusal(20003), "TWILIO_AUTH_TOKEN is wrong"),
        (in_json(200, {"status": "suspended"}), "suspended"),
        (Answer(200, b"hello"), "unreadable"),
        ("reset", "cannot be reached"),
    ],
    ids=["works", "wrong token", "suspended", "not Twilio", "unreachable"],
)
def test_the_check_says_in_one_line_what_is_wrong(
    sms: Twilio, twilio: FakeTwilio, answer: Answer | Trouble | None, said: str
) -> None:
    if answer is None:
        line = sms.check()
    else:
        twilio.plan(answer)
        with pytest.raises(SendFailed) as failed:
            sms.check()
        line = failed.value.reason
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_ACCOUNT_SID": "SK1"}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_AUTH_TOKEN": " , "}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_FROM": ""}, "TWILIO_FROM"),
        ({"TWILIO_API_URL": "localhost:4010"}, "TWILIO_API_URL"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    twilio: FakeTwilio, changed: Mapping[str, str], named: str
) -> None:
    with pytest.raises(BadSetting) as bad:
        make("sms", {**twilio.environ, **changed})
    assert bad.value.name == named


# Fetching what Twilio keeps.

FILE = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
AT_TWILIO = Attachment(reference=f"https://api.twilio.com{FILE}")


def test_a_picture_is_fetched_with_our_credentials(sms: Twilio, twilio: FakeTwilio) -> None:
    twilio.media[FILE] = Answer(200, b"\xff\xd8picture", "image/jpeg")
    assert sms.download(AT_TWILIO, limit=9) == b"\xff\xd8picture"
    at_the_stand_in = Attachment(reference=twilio.url + FILE)
    assert sms.download(at_the_stand_in, limit=9) == b"\xff\xd8picture"


def test_a_redirect_within_twilio_is_followed(sms: Twilio, twilio: FakeTwilio) -> None:
    twilio.media[FILE] = Answer(307, headers={"Location": "/cdn/picture"})
    twilio.media["/cdn/picture"] = Answer(200, b"picture")
    assert sms.download(AT_TWILIO, limit=100) == b"picture"


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (Answer(200, b"0123456789"), False),
        (Answer(404), True),
        (Answer(410), False),
        (Answer(401), True),
        (Answer(500), True),
        (Answer(200, b"half", headers={"Content-Encoding": "gzip"}), True),
        ("reset", True),
        ("silence", True),
        (Answer(307, headers={"Location": FILE}), False),
        (Answer(307, headers={"Location": "http://169.254.169.254/latest/meta-data"}), False),
        (Answer(307, headers={"Location": "file:///etc/passwd"}), False),
        (Answer(307, headers={"Location": "http://[broken"}), False),
    ],
    ids=[
        "too large",
        "not there yet",
        "gone",
        "wrong token",
        "their fault",
        "not what it says",
        "reset",
        "silence",
        "a circle",
        "away from HTTPS",
        "a local file",
        "no URL",
    ],
)
def test_a_file_that_cannot_be_had(
    twilio: FakeTwilio, answer: Answer | Trouble, retryable: bool
) -> None:
    account = account_at(twilio, answer)
    twilio.plan(*[answer] * 9)
    with pytest.raises(FetchFailed) as failed:
        download(account, AT_TWILIO.reference or "", limit=9)
    assert failed.value.retryable is retryable


@pytest.mark.parametrize(
    "reference",
    [
        "https://api.twilio.com.evil.example/x",
        "https://eviltwilio.com/x",
        "http://api.twilio.com/x",
        "https://api.twilio.com@evil.example/x",
        "https://evil.example\\@api.twilio.com/x",
        "//api.twilio.com/x",
        "file:///etc/passwd",
        "http://[::1/x",
        "",
    ],
)
def test_nothing_is_fetched_from_elsewhere(sms: Twilio, reference: str) -> None:
    with pytest.raises(FetchFailed, match=r"not at Twilio|no URL") as failed:
        sms.download(Attachment(reference=reference), limit=9)
    assert not failed.value.retryable


def test_a_file_is_cut_off_at_its_limit_while_it_comes(sms: Twilio, twilio: FakeTwilio) -> None:
    twilio.media[FILE] = Answer(200, b"x" * 5_000_000)
    with pytest.raises(FetchFailed, match="larger than 1000000 bytes"):
        sms.download(AT_TWILIO, limit=1_000_000)


def test_a_file_that_comes_too_slowly_is_left_for_later(twilio: FakeTwilio) -> None:
    account = Account(SID, (TOKEN,), FROM, twilio.url)
    twilio.media[FILE] = Answer(200, b"picture")
    with pytest.raises(FetchFailed, match="too long") as failed:
        download(account, twilio.url + FILE, limit=100, patience=0)
    assert failed.value.retryable


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://api.twilio.com/x", True),
        ("https://media.twilio.com/x", True),
        ("http://stand-in.example:4010/x", True),
        ("https://mms.twiliocdn.com/x", False),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/x", False),
        ("http://api.twilio.com/x", False),
    ],
)
def test_our_credentials_go_to_twilio_only(url: str, given: bool) -> None:
    account = Account(SID, (TOKEN,), FROM, "http://stand-in.example:4010")
    assert credentials(account, url) == ((SID, TOKEN) if given else None)


def test_the_fake_calls_webhooks_as_twilio_does(sms: Twilio, twilio: FakeTwilio) -> None:
    """Over real HTTP, under an address that is not the one it signs."""
    twilio.plan(Answer(204))
    url = hook_url("sms")
    assert twilio.post(twilio.url, payload("inbound-arabic"), signed_url=url) == 204
    (asked,) = twilio.asked
    request = post(url, asked.body, asked.headers["content-type"], asked.headers)
    assert message(sms, request).text == payload("inbound-arabic")["Body"]
