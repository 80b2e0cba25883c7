"""One-time links: each opens its own thing, once, for a while, and is kept as a hash."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway import clock, links
from gateway.house import House
from gateway.models import Case, LinkRow, OutboundRow
from gateway.pipeline.signpost import with_signposts
from tests.gateway.messages_in import ARABIC, FRENCH, WHEN, rows, sms, take


@pytest.fixture
def token(house: House) -> str:
    take(house, sms(ARABIC))
    with house.store.write() as session:
        case = session.get_one(Case, 1)
        return links.make(
            session, "case", WHEN, case=case, address=case.address, lifetime=links.CASE
        )


def opened(house: House, token: str, **more: object) -> LinkRow | None:
    asked = {"purpose": "case", "now": WHEN, "use": True} | more
    with house.store.write() as session:
        return links.open_link(session, token, **asked)  # type: ignore[arg-type]  # a table of cases


def test_a_link_opens_its_case_once_and_knows_whom_it_was_sent_to(house: House, token: str) -> None:
    link = opened(house, token)
    assert link is not None
    assert (link.case_id, link.address_id) == (1, 1)
    assert opened(house, token) is None


def test_looking_at_a_link_does_not_use_it(house: House, token: str) -> None:
    """A mail scanner and a chat's preview look; only the citizen's press of the button uses it."""
    for _ in range(3):
        assert opened(house, token, use=False) is not None
    assert opened(house, token) is not None
    assert opened(house, token, use=False) is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"now": WHEN + links.CASE}, id="over"),
        pytest.param({"purpose": "upload"}, id="of another purpose"),
        pytest.param({"token": "2" * 12}, id="made up"),
        pytest.param({"token": ""}, id="nothing"),
        pytest.param({"token": "\ud800"}, id="a broken character"),
    ],
)
@pytest.mark.parametrize("use", [True, False])
def test_what_is_no_good_link_opens_nothing(
    house: House, token: str, wrong: dict[str, object], use: bool
) -> None:
    assert opened(house, **({"token": token} | wrong), use=use) is None  # type: ignore[arg-type]  # a table of cases


def test_a_link_is_short_and_its_letters_are_not_kept(house: House, token: str) -> None:
    assert len(token) == 12
    assert token.isalnum()
    (row,) = rows(house, LinkRow)
    assert token not in (row.sha256, str(vars(row)))


def test_no_two_links_are_alike(house: House) -> None:
    with house.store.write() as session:
        made = {links.make(session, "upload", WHEN, lifetime=timedelta(days=1)) for _ in range(200)}
    assert len(made) == 200


def test_a_link_that_is_long_over_is_forgotten(house: House, token: str) -> None:
    for days, left in ((36, 1), (38, 0)):
        with house.store.write() as session:
            links.forget(session, WHEN + timedelta(days=days))
        assert len(rows(house, LinkRow)) == left


def test_a_mail_about_a_case_ends_with_a_link_that_is_kept_nowhere(house: House) -> None:
    mail = sms(FRENCH, "fatima@example.ma", account="plaintes@guichet.example")
    take(house, mail, channel="email")
    (row,) = rows(house, OutboundRow)
    now = clock.now()
    (told,) = with_signposts(house.pipeline.parts, [row], now)
    assert told.startswith(row.text)
    token = told.rpartition("https://guichet.example/l/")[2]
    link = opened(house, token, now=now)
    assert link is not None
    assert (link.case_id, link.address_id) == (row.case_id, row.address_id)
    assert token not in row.text


def test_an_sms_has_no_room_for_a_link(house: House, token: str) -> None:
    row = rows(house, OutboundRow)[0]
    assert with_signposts(house.pipeline.parts, [row], WHEN) == [row.text]
