"""The language of a message is recognised, offline, the way Moroccans write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.language import detect, reading
from normalizer.language.command import detect_line

PLAIN = [
    ("ar", "أود تقديم شكوى بخصوص انقطاع الكهرباء عن حينا"),
    ("ar", "لم أتوصل بأي جواب منذ شهرين"),
    ("ar", "الْمَاءُ مَقْطُوعٌ مُنْذُ أَمْسِ"),
    ("ar", "اين المسؤولون من كل هذا"),
    ("ary-Arab", "الما مقطوع من البارح وحتى واحد ما جاوبنا"),
    ("ary-Arab", "عفاكم بغيت نعرف فين وصل الملف ديالي"),
    ("ary-Arab", "واش كاين شي حل"),
    ("ary-Arab", "ما خدامش"),
    ("ary-Latn", "3afak l7ofra f zan9a dyalna khtira bzaf"),
    ("ary-Latn", "wach kayn chi jdid f dossier dyali"),
    ("ary-Latn", "lma m9to3 men lbare7 w ta wa7ed ma jawbna"),
    ("ary-Latn", "allah ya5od fihom l7a9"),
    ("zgh-Tfng", "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ"),
    ("zgh-Latn", "azul fllawn, ur illi waman gh tigmmi"),
    ("zgh-Latn", "manza kunyi, is tllit labas"),
    ("zgh-Latn", "Ur yelli waman deg taddart-nneɣ"),
    ("fr", "Le lampadaire devant l'école est cassé depuis un mois"),
    ("fr", "slt ya pas d eau chez ns dp hier"),
    ("en", "there has been no water in our street since monday"),
    ("en", "my bus never came"),
    ("es", "no hay luz en mi calle desde ayer"),
    ("es", "la farola de la esquina está rota"),
    ("de", "Guten Tag, ich habe meinen Reisepass in Rabat verloren"),
    ("it", "Buonasera, vorrei sapere quando parte il treno per Fes"),
    ("ru", "Здравствуйте, я потерял паспорт"),
    ("fa", "سلام، من گذرنامه‌ام را گم کرده‌ام و کمک می‌خواهم"),
]

SILENT = [
    *(
        "",
        " \n\t",
        "12345",
        "٠٦١٢٣٤٥٦٧٨",
        "+212 6 12 34 56 78",
        "👍🏽😂",
        "?!…",
        "\u200f\u0640",
        "#",
    ),
    *("https://x.ma/a", "www.site.ma", "a@b.ma", "OK", "ok 👍", "Casablanca", "x", "hhhhh"),
]

MIXED = [
    ("svp الماء مقطوع", "ar", "fr"),
    ("Bonjour, 3andi mochkil f lma", "ary-Latn", "fr"),
    ("Merci beaucoup pour votre réponse شكرا", "fr", "ar"),
    ("ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ bonjour", "zgh-Tfng", "fr"),
]

HINTED = [
    ("", "fr", "fr"),
    ("👍", "ary-Latn", "ary-Latn"),
    ("OK", "es", "es"),
    ("Casablanca", "ar", "ar"),
    ("merci", "ary-Latn", "ary-Latn"),
    ("الماء مقطوع", "ary-Arab", "ary-Arab"),
]

OVERRULED = [
    ("واش كاين شي حل", "fr", "ary-Arab"),
    ("الما مقطوع", "fr", "ary-Arab"),
    ("ⴰⵣⵓⵍ", "fr", "zgh-Tfng"),
    ("bonjour", "ar", "fr"),
    ("there has been no water in our street since monday", "fr", "en"),
]


@pytest.mark.parametrize(
    ("tag", "text"), PLAIN, ids=[f"{tag}-{n}" for n, (tag, _) in enumerate(PLAIN)]
)
def test_a_message_is_recognised(tag: str, text: str) -> None:
    found = detect(text)
    assert (found.tag, found.source != "hint") == (tag, True)


@pytest.mark.parametrize("text", SILENT, ids=repr)
def test_a_text_that_says_nothing_is_undetermined(text: str) -> None:
    found = detect(text)
    assert (found.tag, found.confidence, found.source) == ("und", 0.0, "none")


@pytest.mark.parametrize(("text", "tag", "also"), MIXED, ids=[row[0] for row in MIXED])
def test_in_a_mixed_message_the_one_that_carries_it_wins(text: str, tag: str, also: str) -> None:
    found = detect(text)
    assert (found.tag, found.also) == (tag, also)


@pytest.mark.parametrize(("text", "hint", "tag"), HINTED, ids=[repr(row[0]) for row in HINTED])
def test_where_the_text_says_little_the_hint_decides_and_it_says_so(
    text: str, hint: str, tag: str
) -> None:
    found = detect(text, hint)
    assert (found.tag, found.source) == (tag, "hint")


@pytest.mark.parametrize(("text", "hint", "tag"), OVERRULED, ids=[row[0] for row in OVERRULED])
def test_a_hint_does_not_overrule_the_script_or_a_clear_text(
    text: str, hint: str, tag: str
) -> None:
    found = detect(text, hint)
    assert found.tag == tag
    assert found.source != "hint"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بزاف هادشي", "بزااااااف هـــادشي"),
        ("wach kayn lma", "WACH KAYN LMA!!! https://lma.ma 2026 😡"),
        ("الى متى هذا الانتظار", "إلى متى هذا الإنتظار"),
    ],
    ids=["elongation and tatweel", "address, number, emoji, capitals", "hamza"],
)
def test_what_tells_no_language_changes_nothing(one: str, other: str) -> None:
    assert detect(one) == detect(other)


@given(st.text(), st.sampled_from([None, "fr", "ar", "ary-Latn", "zgh-Tfng"]))
def test_any_text_has_an_answer(text: str, hint: str | None) -> None:
    found = detect(text, hint)
    assert found.tag
    assert 0.0 <= found.confidence <= 1.0
    assert found.also != found.tag
    assert found.source != "hint" or found.tag == hint


@given(st.text(alphabet="abdehiklmnorstuwyz3790 اوينلمتبكدشهر'", max_size=80))
def test_the_same_text_has_the_same_answer(text: str) -> None:
    assert detect(text) == detect(text)


def test_a_long_text_is_read_no_further_than_it_takes() -> None:
    assert detect("lma m9tou3 f zan9a dyalna " * 100_000).tag == "ary-Latn"


@given(st.text(max_size=200))
def test_a_long_text_is_read_like_a_short_one(text: str) -> None:
    """The one as a whole, the other word by word."""
    assert reading.words(text.ljust(reading.LONGEST + 1)) == reading.words(text)


def test_the_command_says_one_tag_a_line() -> None:
    assert [detect_line(line) for line in ("wach kayn lma", "", "no hay agua en casa\n")] == [
        "ary-Latn",
        "und",
        "es",
    ]
