"""One-time links in what is said: they work for their reader, and nobody else can read them."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256

import pytest

from gateway import links
from gateway.house import House
from gateway.models import Case, LinkRow, Message, OutboundRow
from gateway.pipeline.signpost import with_signposts
from tests.gateway.messages_in import FRENCH, WHEN, rows, sms, take


@pytest.mark.parametrize(
    ("said", "hints", "key", "purpose"),
    [
        pytest.param("lien", {}, "link", "case", id="asked for"),
        pytest.param("J'ajoute ce film", {"too_large": "1"}, "added", "upload", id="too large"),
    ],
)
def test_a_link_is_made_when_it_is_sent_and_cannot_be_read_in_what_is_kept(
    house: House, said: str, hints: dict[str, str], key: str, purpose: links.Purpose
) -> None:
    take(house, sms(FRENCH))
    take(house, replace(sms(said), hints=hints))
    (row,) = rows(house, OutboundRow, key=key)
    assert links.MASK in row.text
    assert rows(house, LinkRow) == []
    sent = with_signposts(house.pipeline.parts, [row], WHEN)[0]
    token = re.findall(r"/l/(\w{12})\b", sent)[0]
    assert token not in f"{row.text} {row.facts}"
    with house.store.write() as session:
        assert links.open_link(session, token, purpose, WHEN)
        assert not links.open_link(session, token, purpose, WHEN)


def test_words_that_look_like_one_become_none(house: House) -> None:
    """An agent's stars are an agent's stars."""
    take(house, sms(FRENCH))
    (case,) = rows(house, Case)
    house.cases.change(
        case.number, status="in_progress", message=f"Code {links.MASK}", actor="agent"
    )
    row = rows(house, OutboundRow)[-1]
    assert with_signposts(house.pipeline.parts, [row], WHEN)[0] == row.text
    assert rows(house, LinkRow) == []


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        pytest.param(["code 1111"], ["pin_set"], id="in Latin letters"),
        pytest.param(["رمز ١١١١"], ["pin_set"], id="in Arabic ones"),
        pytest.param(["téléphone partagé", "1111"], ["pin_ask", "pin_set"], id="when asked for"),
    ],
)
def test_of_a_code_that_was_written_only_its_hmac_is_kept(
    house: House, said: list[str], keys: list[str]
) -> None:
    take(house, sms(FRENCH))
    take(house, *map(sms, said))
    (case,) = rows(house, Case)
    assert case.pin is not None
    message = rows(house, Message)[-1]
    assert not re.search(r"\d", message.text)
    assert (message.raw, message.raw_sha256) == (b"", sha256(b"").hexdigest())
    assert [row.key for row in rows(house, OutboundRow)] == ["acknowledged", *keys]
