"""Every sentence to a citizen exists in every language, says its facts, and fits its channel."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise, product
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from gateway import messages
from gateway.choices import listed
from gateway.fitting import fit
from gateway.messages import (
    LANGUAGES,
    SENTENCES,
    Style,
    catalogue,
    date_in,
    direction,
    number_in,
    phrase,
    render,
    speak,
    spoken,
)
from gateway.segments import measure
from normalizer import tracking
from normalizer.intent import Intent, wish_of
from routing.directory import Directory

NUMBER = "264831592783"
SPACED = "2648 3159 2783"
DUE = date(2027, 1, 20)
STATUSES = tuple(
    "received routed in_progress awaiting_citizen answered closed reopened inadmissible".split()
)
FACTS: dict[str, object] = {
    "number": NUMBER,
    "administration": "ONCF",
    "due": DUE,
    "status": "in_progress",
    "message": "-",
    "url": "https://guichet.example/l/k7Qm2xWd9rTz",
    "digit": "4",
    "choices": "-",
    "code": "482915",
    "address": "y***********@hotmail.com",
    "phone": "+212 5 37 57 77 00",
}
GSM7_LANGUAGES = ("ary-Latn", "zgh-Latn", "fr", "en", "es")
ARABIC = ("ar", "ary-Arab")
#: Which styles a sentence is written in; the others fall back on these.
SPOKEN = {key for key in SENTENCES if key.startswith("voice_")}
SPOKEN_TOO = {"acknowledged", "acknowledged_triage", "question"}
LONG_ONLY = {"subject", "follow_link", "reach_by_link", "contact_ask", "bot_welcome"} | {
    key for key in SENTENCES if key.startswith(("ground_", "button_", "command_"))
}
#: Our own messages; a status name is only ever part of one.
SMS = [
    key
    for key in SENTENCES
    if key not in SPOKEN | LONG_ONLY and key.removeprefix("status_") not in STATUSES
]
EVERYWHERE = [*product(LANGUAGES, SENTENCES)]
EVERY_SMS = [*product(LANGUAGES, SMS)]
TRANSLATIONS = Path(messages.__file__).parent / "translations"


def read(language: str) -> Catalog:
    with (TRANSLATIONS / language / "messages.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def entries(language: str) -> Iterator[tuple[str, Message]]:
    return ((entry.context or "", entry) for entry in read(language) if entry.id)


def placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def styles(key: str) -> set[str]:
    if key in SPOKEN:
        return {"voice"}
    if key in LONG_ONLY:
        return {"long"}
    return {"sms", "long"} | ({"voice"} if key in SPOKEN_TOO else set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_written_in_every_style_it_needs(language: str) -> None:
    wanted = {f"{key}/{style}" for key in SENTENCES for style in styles(key)}
    assert {context for context, _ in entries(language)} == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    english = {context: str(entry.id) for context, entry in entries("en")}
    for context, entry in entries(language):
        assert entry.string, context
        assert not entry.fuzzy, context
        assert entry.id == english[context], f"{context}: translated from an older sentence"
        assert (entry.string == entry.id) == (language == "en"), context


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_says_all_the_facts_once_and_no_others(language: str) -> None:
    said: dict[str, set[str]] = {}
    for context, entry in entries(language):
        facts = placeholders(str(entry.string))
        assert sorted(facts) == sorted(placeholders(str(entry.id))), context
        said.setdefault(context.split("/")[0], set()).update(facts)
    assert said == {key: set(facts) for key, facts in SENTENCES.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_names_its_language_and_counts_as_the_language_does(language: str) -> None:
    header = (TRANSLATIONS / language / "messages.po").read_text("utf-8").partition("\n\n")[0]
    assert f'"Language: {language}\\n"' in header
    plural = {"ar": "nplurals=6;", "fr": "nplurals=2; plural=(n > 1);"}
    assert f'"Plural-Forms: {plural.get(language, "nplurals=2; plural=(n != 1);")}' in header


@pytest.mark.parametrize("language", ["fr", "en", "es", "ary-Latn", "zgh-Latn"])
def test_latin_catalogues_hold_no_other_script(language: str) -> None:
    for context, entry in entries(language):
        letters = {unicodedata.name(c).split()[0] for c in str(entry.string) if c.isalpha()}
        # The one sentence that names each language in its own letters.
        assert letters <= {"LATIN"} or context == "language_ask/long", context


@pytest.mark.parametrize(("language", "key"), EVERYWHERE)
def test_every_sentence_can_be_said_in_every_style(language: str, key: str) -> None:
    facts = {name: FACTS[name] for name in SENTENCES[key]}
    for style in ("sms", "long", "voice"):
        text = render(key, language, style, **facts)
        assert text
        assert "{" not in text
        assert "\n\n\n" not in text


@pytest.mark.parametrize(("key", "missing"), [(k, f) for k, v in SENTENCES.items() for f in v])
def test_a_missing_fact_is_an_error(key: str, missing: str) -> None:
    facts = {name: FACTS[name] for name in SENTENCES[key] if name != missing}
    style: Style = "voice" if key in SPOKEN else "long"
    with pytest.raises(KeyError, match=missing):
        render(key, "fr", style, **facts)


@pytest.mark.parametrize("arguments", [("nonsense", {}), ("status", FACTS | {"status": "lost"})])
def test_an_unknown_sentence_or_status_is_an_error(
    arguments: tuple[str, dict[str, object]],
) -> None:
    key, facts = arguments
    with pytest.raises(KeyError):
        render(key, "fr", "sms", **facts)


# --- one segment -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.load()


def worst(key: str, language: str, administration: str) -> str:
    """The longest an automatic SMS gets, before what an agent wrote."""
    facts = FACTS | {"administration": administration, "message": "", "due": date(2027, 12, 28)}
    statuses = STATUSES if "status" in SENTENCES[key] else STATUSES[:1]
    texts = (render(key, language, "sms", **facts | {"status": status}) for status in statuses)
    return max(texts, key=lambda text: measure(text).units)


@pytest.mark.parametrize(("language", "key"), EVERY_SMS)
def test_an_automatic_sms_is_one_segment_whoever_is_competent(
    language: str, key: str, directory: Directory
) -> None:
    for administration in directory.administrations:
        text = worst(key, language, administration.label(language, short=True))
        length = measure(text)
        assert length.segments == 1, f"{length.units} units for {administration.slug}: {text}"
        assert length.alphabet == ("gsm7" if language in GSM7_LANGUAGES else "ucs2"), text


@pytest.mark.parametrize(("language", "key"), EVERY_SMS)
def test_an_automatic_sms_has_room_for_the_longest_short_name_a_directory_may_have(
    language: str, key: str
) -> None:
    name = "N" * 24 if language in GSM7_LANGUAGES else "م" * 16
    assert measure(worst(key, language, name)).segments == 1


# --- numbers and dates in every direction of writing --------------------------------------------


@pytest.mark.parametrize(
    ("language", "style", "expected"),
    [
        ("fr", "sms", SPACED),
        ("zgh-Tfng", "long", SPACED),
        ("ary-Latn", "sms", SPACED),
        ("ar", "sms", "\u200e" + SPACED),
        ("ary-Arab", "long", "\u200e" + SPACED),
        ("ar", "voice", "2 6 4 8, 3 1 5 9, 2 7 8 3"),
        ("en", "voice", "2 6 4 8, 3 1 5 9, 2 7 8 3"),
    ],
)
def test_a_number_is_written_as_people_read_it(language: str, style: Style, expected: str) -> None:
    assert number_in(NUMBER, language, style) == expected


def test_a_number_is_spoken_digit_by_digit_with_a_pause_between_groups() -> None:
    assert spoken(NUMBER) == "2 6 4 8, 3 1 5 9, 2 7 8 3"


@pytest.mark.parametrize(("language", "key"), EVERYWHERE)
def test_our_own_number_is_found_again_when_a_citizen_quotes_us(language: str, key: str) -> None:
    if "number" in SENTENCES[key] and key not in SPOKEN:
        text = render(key, language, "long", **FACTS)
        assert tracking.find(text) == (NUMBER,)


@pytest.mark.parametrize(("language", "key"), [*product(ARABIC, SENTENCES)])
def test_in_arabic_the_groups_of_a_number_keep_their_places(language: str, key: str) -> None:
    """UAX #9: the mark stands right before the number, and the line starts with an Arabic letter,
    so that a reader that guesses the direction from the first letter (P2) guesses right."""
    for style in ("sms", "long"):
        text = render(key, language, style, **FACTS)
        for line in text.split("\n"):
            if SPACED in line:
                assert f"\u200e{SPACED}" in line
                strong = (c for c in line if unicodedata.bidirectional(c) in {"L", "R", "AL"})
                assert unicodedata.bidirectional(next(strong)) == "AL"


@pytest.mark.parametrize("language", [*ARABIC, "zgh-Tfng"])
def test_letters_stand_between_facts_of_either_direction(language: str) -> None:
    """A number or a date with no letter of ours between it and a name in the other direction
    would be drawn on the wrong side of it. A status is itself in the language's script."""
    for context, entry in entries(language):
        parts = re.split(r"\{(\w+)\}", str(entry.string))
        names, between = parts[1::2], parts[2:-1:2]
        for neighbours, text in zip(pairwise(names), between, strict=True):
            fenced = "\n" in text or any(letter.isalpha() for letter in text)
            assert fenced or "status" in neighbours, (context, neighbours)


@pytest.mark.parametrize(
    ("language", "style", "expected"),
    [
        ("ar", "long", "20 يناير 2027"),
        ("ary-Arab", "voice", "20 يناير 2027"),
        ("zgh-Tfng", "long", "20 ⵉⵏⵏⴰⵢⵔ 2027"),
        ("fr", "long", "20 janvier 2027"),
        ("ary-Latn", "long", "20 janvier 2027"),
        ("en", "long", "20 January 2027"),
        ("es", "long", "20 de enero de 2027"),
        ("zgh-Latn", "long", "20/01/2027"),
        *((language, "sms", "20/01/2027") for language in LANGUAGES),
    ],
)
def test_a_date_is_written_as_people_write_it(language: str, style: Style, expected: str) -> None:
    assert date_in(DUE, language, style) == expected


def test_arabic_months_have_their_moroccan_names() -> None:
    assert date_in(date(2027, 8, 1), "ar") == "1 غشت 2027"


def test_a_moment_is_said_as_its_day() -> None:
    moment = datetime(2027, 1, 20, 23, 30, tzinfo=UTC)
    assert date_in(moment, "fr") == "20 janvier 2027"
    assert date_in(moment, "fr", "sms") == "20/01/2027"


# --- what is said --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["question", "answered", "closed", "inadmissible", "extended"])
def test_what_an_agent_wrote_stands_on_lines_of_its_own(language: str, key: str) -> None:
    """So its language and direction do not mix with ours."""
    message = "Bonjour, {quelle} rue ?\nمرحبا"
    for style in ("sms", "long"):
        text = render(key, language, style, **FACTS | {"message": message})
        assert f"\n{message}" in text
    assert render(key, language, "sms", **FACTS | {"message": message}).endswith(message)


@pytest.mark.parametrize("nothing", ["", None])
def test_a_case_closed_without_a_word_leaves_no_hole(nothing: str | None) -> None:
    facts = FACTS | {"message": nothing}
    assert render("closed", "en", "sms", **facts).endswith("just write to us.")
    assert "\n\n\n" not in render("closed", "en", "long", **facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_number_is_answered_without_a_hint_that_the_case_exists(language: str) -> None:
    assert not SENTENCES["unknown_number"]
    with_number = render("unknown_number", language, "sms", number=NUMBER)
    assert with_number == render("unknown_number", language, "sms")


COMMANDS: dict[str, tuple[str, str, Intent]] = {
    "ar follow": ("ar", "تتبع", "status"),
    "ar stop": ("ar", "توقف", "stop"),
    "ar start": ("ar", "ابدأ", "start"),
    "ary-Arab follow": ("ary-Arab", "فين وصلات", "status"),
    "ary-Arab stop": ("ary-Arab", "حبس", "stop"),
    "ary-Arab start": ("ary-Arab", "ابدأ", "start"),
    "ary-Latn follow": ("ary-Latn", "FIN WSLAT", "status"),
    "ary-Latn stop": ("ary-Latn", "STOP", "stop"),
    "ary-Latn start": ("ary-Latn", "START", "start"),
    "zgh-Tfng follow": ("zgh-Tfng", "ⵎⴰⵏⵉ ⴷ ⵜⵍⴽⵎ?", "status"),
    "zgh-Tfng stop": ("zgh-Tfng", "ⴱⴷⴷ", "stop"),
    "zgh-Tfng start": ("zgh-Tfng", "START", "start"),
    "zgh-Latn follow": ("zgh-Latn", "STATUS", "status"),
    "zgh-Latn stop": ("zgh-Latn", "STOP", "stop"),
    "zgh-Latn start": ("zgh-Latn", "START", "start"),
    "fr follow": ("fr", "SUIVI", "status"),
    "fr stop": ("fr", "STOP", "stop"),
    "fr start": ("fr", "START", "start"),
    "en follow": ("en", "STATUS", "status"),
    "en stop": ("en", "STOP", "stop"),
    "en start": ("en", "START", "start"),
    "es follow": ("es", "SEGUIMIENTO", "status"),
    "es stop": ("es", "STOP", "stop"),
    "es start": ("es", "START", "start"),
}


#: What the questions ask people to reply.
REPLIES: list[tuple[str, str, str, Intent]] = [
    ("ask_reopen", "ar", "نعم", "yes"),
    ("ask_reopen", "ar", "لا", "no"),
    ("ask_reopen", "ary-Arab", "إيه", "yes"),
    ("ask_reopen", "ary-Arab", "لا", "no"),
    ("ask_reopen", "ary-Latn", "IYEH", "yes"),
    ("ask_reopen", "ary-Latn", "LA", "no"),
    ("ask_reopen", "zgh-Tfng", "ⵢⴰⵀ", "yes"),
    ("ask_reopen", "zgh-Tfng", "ⵓⵀⵓ", "no"),
    ("ask_reopen", "zgh-Latn", "YAH", "yes"),
    ("ask_reopen", "zgh-Latn", "UHU", "no"),
    ("ask_reopen", "fr", "OUI", "yes"),
    ("ask_reopen", "fr", "NON", "no"),
    ("ask_reopen", "en", "YES", "yes"),
    ("ask_reopen", "en", "NO", "no"),
    ("ask_reopen", "es", "SI", "yes"),
    ("ask_reopen", "es", "NO", "no"),
    ("rated_poor", "ar", "إعادة فتح", "reopen"),
    ("rated_poor", "ary-Arab", "حلوه", "reopen"),
    ("rated_poor", "ary-Latn", "7ELLOUH", "reopen"),
    ("rated_poor", "zgh-Tfng", "ⵕⵥⵎ", "reopen"),
    ("rated_poor", "zgh-Latn", "RZEM", "reopen"),
    ("rated_poor", "fr", "ROUVRIR", "reopen"),
    ("rated_poor", "en", "REOPEN", "reopen"),
    ("rated_poor", "es", "REABRIR", "reopen"),
]


@pytest.mark.parametrize(("key", "language", "word", "intent"), REPLIES)
def test_the_replies_that_we_ask_for_are_understood(
    key: str, language: str, word: str, intent: Intent
) -> None:
    assert word in render(key, language, "sms", number=NUMBER)
    assert wish_of(word) == intent


@pytest.mark.parametrize(
    ("language", "key"),
    [*product(LANGUAGES, [key for key, facts in SENTENCES.items() if "choices" in facts])],
)
def test_an_sms_that_offers_choices_has_room_for_three(language: str, key: str) -> None:
    choices = "1 xxxxxxxx\n2 xxxxxxxx\n0 xxxxxxxx"
    facts = {"number": NUMBER, "choices": choices}
    assert measure(render(key, language, "sms", **facts)).segments == 1


@pytest.mark.parametrize(("language", "word", "intent"), COMMANDS.values(), ids=COMMANDS)
def test_the_words_we_tell_people_to_send_do_what_we_say(
    language: str, word: str, intent: Intent
) -> None:
    key = "stopped" if intent == "start" else "help"
    for style in ("sms", "long"):
        assert word in render(key, language, style)
    assert wish_of(word) == intent


# --- which language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        *((language, language) for language in LANGUAGES),
        ("AR-MA", "ar"),
        ("ar-Latn", "ary-Latn"),
        ("ary", "ary-Arab"),
        ("ary-latn-MA", "ary-Latn"),
        ("zgh", "zgh-Tfng"),
        ("tzm-Latn", "zgh-Latn"),
        ("shi", "zgh-Tfng"),
        ("fr_FR", "fr"),
        ("en-GB", "en"),
        ("es-419", "es"),
        ("de", "fr"),
        ("und", "fr"),
        ("", "fr"),
        (None, "fr"),
    ],
)
def test_every_tag_is_spoken_to_in_a_language_we_have(tag: str | None, expected: str) -> None:
    assert speak(tag, "fr") == expected


@pytest.mark.parametrize("language", [*LANGUAGES, "ar-MA", "de"])
def test_arabic_script_runs_from_right_to_left(language: str) -> None:
    arabic = language in {"ar", "ar-MA", "ary-Arab"}
    assert direction(language) == ("rtl" if arabic else "ltr")


def test_adapters_need_no_style() -> None:
    assert phrase("voice_number", "en", number=NUMBER) == (
        "Your number is: 2 6 4 8, 3 1 5 9, 2 7 8 3."
    )
    assert phrase("greeting", "fr") == render("greeting", "fr", "long")
    assert phrase("answered", "en", number=NUMBER, message="-").startswith(
        f"Here is the answer to your case {SPACED}"
    )


def test_a_catalogue_not_written_yet_says_the_source() -> None:
    assert catalogue("xx", "messages").gettext("Send") == "Send"
    assert catalogue("fr", "messages") is catalogue("fr", "messages")


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_three_administrations_are_named_whole_where_one_sms_asks_which(language: str) -> None:
    """Where a segment has 70 characters; where it has 160 they are cut between words at most."""
    named = sorted((one.choice(language) for one in Directory.load().administrations), key=len)
    choices = [(f"pick:1:{n}", label) for n, label in enumerate(named[-3:], 1)]
    choices.append(("pick:1:0", render("button_none", language, "long")))

    def asked(lines: str) -> str:
        return render("triage_ask", language, "sms", number=NUMBER, choices=lines)

    lines = listed(choices, lambda lines: measure(fit(asked(lines), language)).segments == 1)
    assert measure(fit(asked(lines), language)).segments == 1
    cut = [label for _, label in choices if label not in lines]
    assert not cut or language in GSM7_LANGUAGES
