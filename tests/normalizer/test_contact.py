"""One person writes their address in many ways; it is one address all the same."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.contact import Address, canonical, e164, mail, takes_texts


@pytest.mark.parametrize(
    "said",
    [
        "+212612345678",
        "0612345678",
        "06 12 34 56 78",
        "06.12-34 56 78",
        "00212612345678",
        "212612345678",
        "+212 (0)6 12 34 56 78",
        "٠٦١٢٣٤٥٦٧٨",
        "whatsapp:+212612345678",
        "\u202a+212612345678\u202c",
    ],
)
def test_a_moroccan_number_has_one_spelling(said: str) -> None:
    assert e164(said) == "+212612345678"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+1 (415) 555-2671", "+14155552671"),
        # As Infobip writes them.
        ("385916242493", "+385916242493"),
        ("33612345678", "+33612345678"),
    ],
)
def test_a_foreign_number_keeps_its_country(said: str, expected: str) -> None:
    assert e164(said) == expected


@pytest.mark.parametrize("said", ["5757", "INWI", "anonymous", "", "+", "12", "0", "1234 5678"])
def test_what_is_no_number_is_none(said: str) -> None:
    assert e164(said) is None


@pytest.mark.parametrize(
    ("number", "takes"),
    [
        ("+212612345678", True),
        ("+212522123456", False),
        ("+33612345678", True),
        ("+33142685300", False),
        # Who is called there by voice or by text, nobody can tell from the number.
        ("+14155552671", True),
        ("+999", True),
    ],
)
def test_a_text_is_sent_wherever_there_is_no_line_in_a_wall(number: str, takes: bool) -> None:
    assert takes_texts(number) is takes


@given(st.integers(600_000_000, 799_999_999))
def test_no_moroccan_number_that_is_taken_for_a_mobile_one_is_a_line_in_a_wall(n: int) -> None:
    number = phonenumbers.parse(f"+212{n}")
    assert takes_texts(f"+212{n}")
    assert phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.FIXED_LINE


def test_a_sender_without_number_is_kept_apart_but_cannot_be_answered() -> None:
    assert canonical("tel", "5757") == Address("other", "5757")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Fatima@Example.MA", "Fatima@example.ma"),
        (" <a@b.ma> ", "a@b.ma"),
        ("no mailbox", None),
        ("a@b@c", None),
        ("x" * 300 + "@b.ma", None),
    ],
)
def test_a_mailbox_keeps_its_local_part_as_written(said: str, expected: str | None) -> None:
    assert mail(said) == expected


@given(st.sampled_from(["tel", "mail", "telegram", "other"]), st.text(max_size=60))
def test_any_sender_can_be_read(kind: str, said: str) -> None:
    canonical(kind, said)
