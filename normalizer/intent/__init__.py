"""What a citizen wants of us, by their words or by a button."""

from normalizer.intent.answers import choice_of, rating_of
from normalizer.intent.codes import pin_of
from normalizer.intent.kinds import KINDS, Kind, kind_named, kind_of
from normalizer.intent.phrasebook import hear
from normalizer.intent.press import Press, Verb, press_of
from normalizer.intent.reach import reach_of
from normalizer.intent.trouble import goes_on, topics_of
from normalizer.intent.wishes import (
    Intent,
    assent_of,
    is_on_behalf,
    language_of,
    leaning_of,
    wish_of,
)

__all__ = [
    "KINDS",
    "Intent",
    "Kind",
    "Press",
    "Verb",
    "assent_of",
    "choice_of",
    "goes_on",
    "hear",
    "is_on_behalf",
    "kind_named",
    "kind_of",
    "language_of",
    "leaning_of",
    "pin_of",
    "press_of",
    "rating_of",
    "reach_of",
    "topics_of",
    "wish_of",
]
