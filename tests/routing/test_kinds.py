"""What kind of message it is, and what is not an administration's matter, is told apart."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from routing.directory import MOROCCO, Directory
from routing.examples import complaint, judged
from routing.kinds import turns_of
from routing.measure import judge, kind_scores, share
from routing.reasons import told
from routing.router import NOBODY, decide

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _morocco() -> Directory:
    return Directory.load()


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("fr", "Je propose de planter des arbres dans notre rue", "suggestion"),
        ("ar", "أقترح فتح المستوصف يوم السبت", "suggestion"),
        ("en", "How do I renew my driving licence?", "question"),
        ("ary-Latn", "wach kayn tran l fes had lil?", "question"),
        ("fr", "Merci beaucoup aux infirmières pour leur gentillesse", "remark"),
        ("ary-Arab", "شنو وقع فالشكاية ديالي", "status_query"),
        ("en", "Is there any progress on my complaint?", "status_query"),
        ("fr", "Gagnez un scooter, cliquez sur le lien, offre limitée", "spam"),
        ("ar", "خصومات كبيرة على جميع الساعات، اطلب الآن والتوصيل مجاني", "spam"),
        ("fr", "L'hôpital refuse de soigner mon fils", "complaint"),
    ],
)
def test_a_message_is_known_by_its_kind(language: str, text: str, kind: str) -> None:
    assert decide(complaint(text, language), _morocco()).kind == kind


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("fr", "Mon affaire est en cours, intervenez auprès du juge", "court"),
        ("ar", "قضيتي مازالت معروضة على المحكمة وأطلب منكم التدخل لدى القاضي", "court"),
        ("fr", "Mon frère a gardé les bijoux et ne veut pas me rendre ma part", "private persons"),
        ("fr", "Promo exceptionnelle, gagnez un voyage gratuit, cliquez ici", "advert"),
        ("en", "Any news about my complaint?", "earlier message"),
    ],
)
def test_what_may_not_be_taken_up_goes_to_a_person_with_the_proposed_reason(
    language: str, text: str, reason: str
) -> None:
    route = decide(complaint(text, language), _morocco())
    assert route.administration is None
    assert any(reason in told(code, _morocco()) for code in route.reasons)


def test_a_slow_court_is_a_matter_of_its_administration() -> None:
    said = complaint("Le tribunal de Fès reporte mon procès depuis cinq ans", "fr")
    assert decide(said, _morocco()).administration == "justice"


def test_every_turn_of_phrase_is_found_in_a_text() -> None:
    turns = turns_of(_morocco())
    for kind, phrases in _morocco().turns.items():
        for phrase in phrases:
            assert kind in turns.inside(f"Voilà, {phrase.replace('*', 'abc')}!"), phrase


def test_the_kind_that_the_citizen_chose_stands() -> None:
    said = replace(complaint("L'hôpital est fermé", "fr"), told_kind="remark")
    assert decide(said, _morocco()).kind == "remark"


@pytest.mark.parametrize(
    ("file", "first", "three", "kept", "kinds"),
    [
        (MOROCCO / "held" / "heldout.jsonl", 0.9, 0.95, 0.95, 0.88),
        (MOROCCO / "held" / "strangers.jsonl", 0.9, 0.95, 0.95, 0.88),
        (MOROCCO / "held" / "newcomers.jsonl", 0.9, 0.95, 0.95, 0.88),
        # Says everything without its word.
        (MOROCCO / "held" / "passersby.jsonl", 0.8, 0.93, 0.9, 0.85),
        # The same, and at length.
        (HERE / "counter.jsonl", 0.78, 0.88, 0.87, 0.8),
    ],
)
def test_messages_that_nobody_trained_on_stay_told_apart(
    file: Path, first: float, three: float, kept: float, kinds: float
) -> None:
    """A floor under what docs/routing.md reports for messages held out."""
    decisions = judge(judged(file), _morocco(), None)
    matters = [each for each in decisions if each.example.slug != NOBODY]
    assert share(matters, lambda each: each.first_right) >= first
    assert share(matters, lambda each: each.among_three) >= three
    outside = [each for each in decisions if each.example.slug == NOBODY]
    assert share(outside, lambda each: each.routed_right) >= kept
    scores = kind_scores(decisions)
    assert sum(scores.values()) / len(scores) >= kinds
