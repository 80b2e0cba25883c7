"""The sentences said to citizens, in their own language and at their channel's length."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Literal, get_args

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from normalizer import tracking

#: ``sms`` is one segment with its facts in, ``long`` is for mail, chat and pages, ``voice`` is
#: what a synthetic voice reads.
Style = Literal["sms", "long", "voice"]
#: ``messages`` holds the sentences below, ``pages`` those of the citizens' HTML templates, ``desk``
#: those of the staff's.
Domain = Literal["messages", "pages", "desk"]

LANGUAGES = ("ar", "ary-Arab", "ary-Latn", "zgh-Tfng", "zgh-Latn", "fr", "en", "es")

#: The languages as buttons: what is sent back, and the name in its own letters.
LANGUAGE_CHOICES = (
    ("language:ar", "العربية"),
    ("language:ary-Arab", "الدارجة"),
    ("language:ary-Latn", "Darija"),
    ("language:zgh-Tfng", "ⵜⴰⵎⴰⵣⵉⵖⵜ"),
    ("language:fr", "Français"),
    ("language:en", "English"),
    ("language:es", "Español"),
)

#: Every sentence with the facts it takes. ``number`` is a tracking number of twelve digits,
#: ``due`` a date, ``status`` a case status; all three are put into words here. ``administration``
#: is a label in the citizen's language (the short one for an SMS), ``message`` what an agent wrote,
#: ``choices`` the lines to choose from, empty where they are buttons.
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "acknowledged": ("number", "administration", "due"),
    "acknowledged_triage": ("number", "due"),
    "added": ("number",),
    "in_progress": ("number", "administration"),
    "transferred": ("number", "administration"),
    "question": ("number", "message"),
    "answered": ("number", "message"),
    "closed": ("number", "message"),
    "reopened": ("number", "administration"),
    "inadmissible": ("number", "message"),
    "ground_court": (),
    "ground_prosecutor": (),
    "ground_competence": (),
    "ground_private": (),
    "ground_unclear": (),
    "told": ("number", "message"),
    "merged": ("number",),
    "status": ("number", "status", "administration", "due"),
    "status_triage": ("number", "due"),
    "status_over": ("number", "status"),
    "status_received": (),
    "status_routed": (),
    "status_in_progress": (),
    "status_awaiting_citizen": (),
    "status_answered": (),
    "status_closed": (),
    "status_reopened": (),
    "status_inadmissible": (),
    "unknown_number": (),
    "no_case": (),
    "stopped": (),
    "started": (),
    "language_set": (),
    "language_ask": (),
    "help": (),
    "greeting": (),
    "not_understood": (),
    "which_case": ("choices",),
    "ask_reopen": ("number",),
    "left_closed": ("number",),
    "settled": ("number",),
    "rate_reminder": ("number",),
    "rated": ("number",),
    "rated_poor": ("number",),
    "near_number": ("number",),
    "cases_list": ("choices",),
    "triage_ask": ("number", "choices"),
    "city_ask": ("number",),
    "picked": ("number", "administration"),
    "pick_none": ("number",),
    "details_ask": ("number",),
    "location_ask": ("number",),
    "location_saved": ("number",),
    "contact_ask": (),
    "proof_sent": ("address",),
    "proved": ("address",),
    "proof_wrong": (),
    "reach_by_link": (),
    "link": ("url",),
    "human": ("phone",),
    "human_none": (),
    "reopened_mediator": ("number",),
    "extended": ("number", "due", "message"),
    "late_notice": ("number",),
    "question_expired": (),
    "pin_ask": ("number",),
    "pin_set": ("number",),
    "shared_ask": (),
    "slow_down": (),
    "bot_welcome": (),
    "button_details": (),
    "button_location": (),
    "button_wrong": (),
    "button_follow": (),
    "button_reopen": (),
    "button_leave": (),
    "button_none": (),
    "button_new": (),
    "button_contact": (),
    "command_new": (),
    "command_cases": (),
    "command_status": (),
    "command_follow": (),
    "command_language": (),
    "command_help": (),
    "command_stop": (),
    "subject": ("number",),
    "follow_link": ("url",),
    "upload_link": ("url",),
    "proof_code": ("code",),
    "moved": ("number",),
    "voice_welcome": (),
    "voice_choose": ("digit",),
    "voice_menu": (),
    "voice_human": (),
    "voice_wrong_key": (),
    "voice_place": (),
    "voice_record": (),
    "voice_check": (),
    "voice_confirm": (),
    "voice_pin": (),
    "voice_number": ("number",),
    "voice_repeat": (),
    "voice_nothing": (),
    "voice_later": (),
    "voice_goodbye": (),
    "voice_notice": (),
    "voice_ask_number": (),
    "voice_ask_pin": (),
    "voice_unknown": (),
    "voice_rate": (),
    "voice_rated": (),
    "voice_reopened": (),
    "voice_connecting": (),
}

_TRANSLATIONS = Path(__file__).parent / "translations"

#: What is said where a sentence has no version of its own for a style.
_INSTEAD: Mapping[Style, tuple[Style, ...]] = {
    "sms": ("sms", "long", "voice"),
    "long": ("long", "sms", "voice"),
    "voice": ("voice", "long", "sms"),
}

#: Which catalogue speaks to whom, by primary language and, where it matters, script.
_SPEAKS: Mapping[str, str] = {
    **{tag.lower(): tag for tag in LANGUAGES},
    "ar-latn": "ary-Latn",
    "ary": "ary-Arab",
    "zgh": "zgh-Tfng",
}
#: The Amazigh languages that people and detectors name; one standard is written for them all.
_AMAZIGH = frozenset({"ber", "rif", "shi", "tzm", "zgh"})

_RIGHT_TO_LEFT = frozenset({"ar", "ary-Arab"})

#: Whose words the CLDR has for dates. Darija in Arabic script takes the month names of Morocco,
#: Darija in Latin letters the French ones, as people do. The others see figures.
_DATES_OF: Mapping[str, str] = {
    "ar": "ar_MA",
    "ary-Arab": "ar_MA",
    "ary-Latn": "fr",
    "zgh-Tfng": "zgh",
    "fr": "fr",
    "en": "en_GB",
    "es": "es",
}

#: Without it the groups of a number would change places in right-to-left text: after an Arabic
#: letter digits count as Arabic numbers (UAX #9, W2) and the spaces between them as right-to-left
#: (N1). After this mark they are left-to-right letters to the algorithm (W7) and so are the spaces.
_LEFT_TO_RIGHT_MARK = "\u200e"
_GAP = re.compile(r"\n{3,}")


@lru_cache(maxsize=512)
def speak(language: str | None, default: str = "ar") -> str:
    """The catalogue for a BCP 47 tag (``fr-MA``, ``ary``, ``shi-Latn``), or ``default``."""
    primary, *rest = (language or "").replace("_", "-").lower().split("-")
    if primary in _AMAZIGH:
        primary = "zgh"
    script = next((subtag for subtag in rest if len(subtag) == 4 and subtag.isalpha()), "")
    return _SPEAKS.get(f"{primary}-{script}") or _SPEAKS.get(primary, default)


def direction(language: str) -> Literal["rtl", "ltr"]:
    """Where lines start in a language, as HTML's ``dir`` wants it."""
    return "rtl" if speak(language, "en") in _RIGHT_TO_LEFT else "ltr"


def render(key: str, language: str, style: Style, **facts: object) -> str:
    """One sentence of ``SENTENCES`` with its facts in.

    Facts that the sentence does not need are ignored. Raises KeyError for an unknown key or
    status, and for a fact that is missing.
    """
    tag = speak(language)
    sentence, needed = _sentence(key, tag, style)
    text = sentence.format_map({name: _said(name, facts[name], tag, style) for name in needed})
    return _GAP.sub("\n\n", text).strip()


@cache
def _sentence(key: str, tag: str, style: Style) -> tuple[str, Sequence[str]]:
    """A sentence, and the facts that it needs."""
    context = f"{key}/{_style_of(key, style)}"
    sentence = catalogue(tag, "messages").pgettext(context, _sources()[context])
    return sentence, [name for _, name, _, _ in Formatter().parse(sentence) if name]


def phrase(key: str, language: str, **facts: object) -> str:
    """``render`` for adapters, which know no styles: as a voice says it, if a voice says it."""
    return render(key, language, _style_of(key, "voice"), **facts)


def number_in(number: str, language: str, style: Style) -> str:
    """A tracking number as people read it: ``2648 3159 2783``."""
    if style == "voice":
        return spoken(number)
    return _fenced(tracking.spaced(number), language)


def _fenced(text: str, language: str) -> str:
    """Digits and signs that keep their places in either direction of writing."""
    return (_LEFT_TO_RIGHT_MARK if direction(language) == "rtl" else "") + text


def spoken(number: str) -> str:
    """A tracking number for a synthetic voice, digit by digit: ``2 6 4 8, 3 1 5 9, 2 7 8 3``."""
    return ", ".join(" ".join(group) for group in tracking.spaced(number).split())


def locale_of(language: str) -> str | None:
    """CLDR's name for how a language says dates; None for one that it does not know."""
    return _DATES_OF.get(speak(language))


@lru_cache(maxsize=1024)
def date_in(day: date, language: str, style: Style = "long") -> str:
    """A date with the month's name, or in an SMS ``20/01/2027``.

    Morocco writes Western digits, and slashes keep them in order in right-to-left text (UAX #9,
    W4). Pass a datetime in the citizens' time zone.
    """
    locale = locale_of(language)
    if style == "sms" or locale is None:
        return f"{day:%d/%m/%Y}"
    return format_date(day, "long", locale=locale)


@cache
def catalogue(language: str, domain: Domain) -> NullTranslations:
    """The gettext catalogue of one of ``LANGUAGES``; an empty one where none is written."""
    translations = _read(language, domain)
    if translations is None:
        return NullTranslations()
    binary = BytesIO()
    write_mo(binary, translations)
    binary.seek(0)
    return GNUTranslations(binary)


def _read(language: str, domain: Domain) -> Catalog | None:
    path = _TRANSLATIONS / language / f"{domain}.po"
    if language not in LANGUAGES or domain not in get_args(Domain) or not path.is_file():
        return None
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


@cache
def _sources() -> Mapping[str, str]:
    """The English sentences that gettext looks translations up by, by ``<key>/<style>``."""
    english = _read("en", "messages") or ()
    return {entry.context: str(entry.id) for entry in english if entry.context}


def _style_of(key: str, style: Style) -> Style:
    """The style in which a sentence is written that comes nearest to the one wanted."""
    for other in _INSTEAD[style]:
        if f"{key}/{other}" in _sources():
            return other
    raise KeyError(key)


def _said(name: str, fact: object, language: str, style: Style) -> str:
    """A fact in words. No message is no words: an agent may close a case without any."""
    if name == "number":
        return number_in(str(fact), language, style)
    if name in ("address", "phone"):
        return _fenced(str(fact), language)
    if name == "due" and isinstance(fact, date):
        return date_in(fact, language, style)
    if name == "status":
        return render(f"status_{fact}", language, style)
    return "" if fact is None else str(fact)
