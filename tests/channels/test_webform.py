"""The form's adapter: fields and files in, one message out, and nobody to call back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from channels.base import Attachment, Inbound, Receipt, SendFailed, WireRequest
from channels.webform import WebForm
from tests.harness import PUBLIC_URL, AdapterContract, Wire, make, message, outbound, post_form

PAYLOADS = Path(__file__).parents[1] / "payloads" / "webform"
PAGE = f"{PUBLIC_URL}/ar/submit"


def sent(name: str, *files: Attachment, **changed: str) -> WireRequest:
    """A payload file as the page hands it over."""
    form = (PAYLOADS / f"{name}.form").read_text(encoding="utf-8").strip()
    fields = {**dict(parse_qsl(form, keep_blank_values=True)), **changed}
    return replace(post_form(PAGE, fields.items()), path="", files=files)


def read(request: WireRequest) -> Inbound:
    return message(WebForm(), request)


class TestContract(AdapterContract):
    @pytest.fixture
    def wire(self) -> Iterator[Wire]:
        numbers = count()
        yield Wire(  # noqa: PT022  # the contract's fixture is a generator
            channel="webform",
            environ={},
            write=lambda text: sent(
                "french", message=text, submission=str(UUID(int=next(numbers)))
            ),
            unknown=lambda: sent("empty"),
            signed=False,
            hooks=False,
        )


@pytest.mark.parametrize(
    ("name", "text", "hints"),
    [
        pytest.param(
            "arabic",
            "السلام عليكم،\r\nالإنارة العمومية منعدمة في زنقة ١٢ منذ أسبوعين.",
            {"language": "ar", "kind": "complaint", "city": "sale", "reply_tel": "06 12-34-56-78"},
            id="Arabic, with a phone and a city",
        ),
        pytest.param(
            "french",
            "L'hôpital de Salé n'a plus de médecin depuis deux semaines.",
            {"language": "fr", "administration": "health", "reply_mail": "Amina.B@Example.MA"},
            id="French, with a mailbox and an administration",
        ),
        pytest.param(
            "tifinagh-unreachable",
            "ⴰⵣⵓⵍ, ⵓⵔ ⵉⵍⵍⵉ ⵓⵎⵙⵓⵊⵊⵉ ⴳ ⵜⵎⵙⴳⵏⴰⴼⵜ.",
            {"language": "zgh-Tfng"},
            id="Tamazight, with words alone",
        ),
        pytest.param(
            "empty",
            " \r\n ",
            {"language": "en", "event": "not-understood"},
            id="nothing said: kept, as not understood",
        ),
    ],
)
def test_what_was_filled_in_becomes_a_message(
    name: str, text: str, hints: Mapping[str, str]
) -> None:
    heard = read(sent(name))
    assert heard.text == text
    assert heard.hints == hints
    assert (heard.account, heard.sender) == ("portal", "")


def test_the_name_is_kept_and_no_name_is_none() -> None:
    assert read(sent("arabic")).sender_name == "أمينة"
    assert read(sent("tifinagh-unreachable")).sender_name is None


def test_a_file_alone_says_something() -> None:
    photo = Attachment("trou.jpg", "image/jpeg", b"\xff\xd8\xff")
    heard = read(sent("empty", photo))
    assert heard.attachments == (photo,)
    assert "event" not in heard.hints


PHOTO = Attachment("a.jpg", "image/jpeg", b"one")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param(sent("arabic"), sent("arabic"), True, id="sent twice"),
        pytest.param(sent("arabic", PHOTO), sent("arabic", PHOTO), True, id="twice, with a file"),
        pytest.param(
            sent("arabic"), sent("arabic", message="أصلحت كلماتي"), False, id="mended, then sent"
        ),
        pytest.param(
            sent("arabic", PHOTO),
            sent("arabic", replace(PHOTO, content=b"two")),
            False,
            id="another file",
        ),
        pytest.param(
            sent("arabic"),
            sent("arabic", submission=str(UUID(int=7))),
            False,
            id="the same words in another form",
        ),
        pytest.param(sent("made-up"), sent("made-up"), True, id="a made-up form id, twice"),
        pytest.param(
            sent("made-up"),
            sent("made-up", message="other"),
            False,
            id="a made-up form id, other words",
        ),
    ],
)
def test_a_form_is_one_message_however_often_it_is_sent(
    first: WireRequest, second: WireRequest, same: bool
) -> None:
    assert (read(first).external_id == read(second).external_id) is same


def test_a_made_up_form_id_never_reaches_the_database() -> None:
    assert "DROP" not in read(sent("made-up")).external_id


def test_the_answer_says_the_acknowledgement() -> None:
    receipt = Receipt(1, number="264831592783", language="ar", text="شكرا 2648 3159 2783")
    assert WebForm().answer(sent("arabic"), [receipt]).body.decode() == "شكرا 2648 3159 2783"


def test_it_cannot_call_back_and_says_so_for_good() -> None:
    """Answers go by mail or SMS; a row that comes here by mistake is not tried for days."""
    with pytest.raises(SendFailed) as failed:
        WebForm().send(outbound("nobody"))
    assert not failed.value.retryable


def test_it_is_always_open() -> None:
    assert isinstance(make("webform", {}), WebForm)
    assert WebForm().check()
