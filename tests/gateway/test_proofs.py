"""Codes: an address is proved by who reads what was sent there, and by nobody else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gateway import proofs
from gateway.house import House
from gateway.models import AddressRow, Case, CaseAddress, Contact, Event, OutboundRow, Proof
from normalizer.contact import Address
from tests.gateway.messages_in import ARABIC, FRENCH, PHONE, STRANGER, WHEN, rows, sms, take

MAIL = Address("mail", "fatima@example.ma")


@pytest.fixture(autouse=True)
def _filed(house: House) -> None:
    """Somebody filed a case by SMS: address 1, contact 1, case 1."""
    take(house, sms(ARABIC))


def begin(
    house: House, wanted: Address = MAIL, now: datetime = WHEN, *, case: int | None = None
) -> str | None:
    """Ask for a code; the one that was sent, or None when none was."""
    with house.store.write() as session:
        asker = session.get_one(AddressRow, 1)
        about = session.get_one(Case, case) if case else None
        proof = proofs.begin(session, house.pipeline.parts.notices, asker, wanted, now, case=about)
        if proof is None:
            return None
    sent = rows(house, OutboundRow, key="proof_code")[-1]
    return str(re.findall(r"\d{6}", sent.text)[0])


def answer(house: House, code: str, now: datetime = WHEN, address: int = 1) -> bool:
    with house.store.write() as session:
        row = session.get_one(AddressRow, address)
        proof = proofs.answer(session, house.pipeline.parts.notices, row, code, now)
        return proof is not None


def contact_of(house: House, address: Address) -> int:
    (row,) = rows(house, AddressRow, kind=address.kind, value=address.value)
    return int(row.contact_id)


def test_the_code_goes_to_the_address_in_question_and_its_hmac_is_kept(house: House) -> None:
    code = begin(house)
    assert code
    (sent,) = rows(house, OutboundRow, key="proof_code")
    assert (sent.channel, sent.address.value) == ("email", MAIL.value)
    assert sent.case_id is None, "a code is never tried over another way"
    (proof,) = rows(house, Proof)
    assert code not in proof.code


def test_the_right_code_makes_both_addresses_one_persons(house: House) -> None:
    code = begin(house)
    assert code
    assert contact_of(house, MAIL) != 1
    assert answer(house, code)
    assert contact_of(house, MAIL) == 1
    (row,) = rows(house, AddressRow, value=MAIL.value)
    assert row.proved_at == WHEN
    assert [one.id for one in rows(house, Contact)] == [1]


def test_what_the_other_address_had_comes_along(house: House) -> None:
    take(house, sms("Les ordures débordent dans notre rue à Casablanca", sender=STRANGER))
    code = begin(house, Address("tel", STRANGER))
    assert code
    assert answer(house, code)
    assert {case.contact_id for case in rows(house, Case)} == {1}


def test_a_case_whose_answers_shall_go_there_is_answered_there(house: House) -> None:
    code = begin(house, case=1)
    assert code
    assert answer(house, code)
    (case,) = rows(house, Case)
    (row,) = rows(house, AddressRow, value=MAIL.value)
    assert (case.address_id, case.channel) == (row.id, "email")
    assert {one.address_id for one in rows(house, CaseAddress)} == {1, row.id}
    (event,) = rows(house, Event, kind="moved")
    assert event.data == {"channel": "email"}, "history names no address"
    with house.store.read() as session:
        ways = list(house.pipeline.parts.notices.ways(session, session.get_one(Case, 1)))
    assert [way.channel for way in ways] == ["email", "sms", "voice"]


@pytest.mark.parametrize("wrong", ["", "12345", "hello", "\ud800", "0000000"])
def test_a_wrong_code_proves_nothing(house: House, wrong: str) -> None:
    assert begin(house)
    assert not answer(house, wrong)
    assert contact_of(house, MAIL) != 1


def test_after_five_wrong_codes_the_right_one_is_too_late(house: House) -> None:
    code = begin(house)
    assert code
    wrong = "000000" if code != "000000" else "111111"
    assert not any(answer(house, wrong) for _ in range(proofs.MOST_FAILURES))
    assert not answer(house, code)


def test_a_code_is_good_for_a_quarter_of_an_hour_and_once(house: House) -> None:
    code = begin(house)
    assert code
    assert not answer(house, code, WHEN + proofs.LIFETIME)
    assert answer(house, code, WHEN + timedelta(minutes=14))
    assert not answer(house, code, WHEN + timedelta(minutes=14))


def test_a_strangers_code_is_not_ours(house: House) -> None:
    take(house, sms(ARABIC, sender=STRANGER))
    code = begin(house)
    assert code
    with house.store.read() as session:
        stranger = session.scalar(select(AddressRow.id).where(AddressRow.value == STRANGER))
    assert stranger
    assert not answer(house, code, address=stranger)


def test_nobody_is_pestered_with_codes(house: House) -> None:
    """Three in an hour, whoever asks for them; then again after it."""
    assert [bool(begin(house)) for _ in range(4)] == [True, True, True, False]
    assert begin(house, now=WHEN + timedelta(hours=1, minutes=1))


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Address("tel", "+212522000000"), id="a line in a wall takes no SMS"),
        pytest.param(Address("other", "5757"), id="an operator's short code"),
    ],
)
def test_what_no_channel_reaches_gets_no_code(house: House, wanted: Address) -> None:
    assert begin(house, wanted) is None


def test_who_asked_to_hear_no_more_gets_no_code(house: House) -> None:
    take(house, sms("STOP", sender=STRANGER))
    assert begin(house, Address("tel", STRANGER)) is None


def test_linking_twice_changes_nothing_more(house: House) -> None:
    for _ in range(2):
        with house.store.write() as session:
            proofs.link(session, session.get_one(AddressRow, 1), MAIL, WHEN)
    assert {row.contact_id for row in rows(house, AddressRow)} == {1}
    assert rows(house, AddressRow)[0].value == PHONE


@pytest.mark.parametrize(
    ("vouched", "proved"),
    [
        pytest.param({}, False, id="nobody says anything"),
        pytest.param({"authenticity": "spf=pass dkim=pass"}, False, id="somebody's server"),
        pytest.param({"authenticity": "spf=fail dmarc=fail"}, False, id="forged"),
        pytest.param({"authenticity": "spf=pass dmarc=pass"}, True, id="surely theirs"),
    ],
)
def test_a_mail_proves_its_address_only_where_our_server_vouches_for_it(
    house: House, vouched: dict[str, str], proved: bool
) -> None:
    """Anybody can write any name into a mail."""
    mail = replace(sms(FRENCH, sender=MAIL.value), subject="Ordures", hints=vouched)
    take(house, mail, channel="email")
    (row,) = rows(house, AddressRow, kind="mail")
    assert (row.proved_at is not None) is proved
