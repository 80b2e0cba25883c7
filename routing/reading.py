"""The words of a complaint, what each weighs, and the phrases of the lexicon among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from normalizer.complaint import Complaint
from normalizer.text import fold
from routing import lexicon
from routing.lexicon import Hit, Lexicon
from routing.words import split

#: What the title and the sentence that asks for something weigh against the story around them.
_SUBJECT, _REQUEST = 1.6, 1.6
#: Languages with a spelling, so that words need not be recognised by their sound.
_SPELT = frozenset({"fr", "en", "es"})

_SENTENCE = re.compile(r"(?<=[.!?؟;؛\n])\s+|\n+")
_ASKS = re.compile(
    r"\b(?:je (?:vous )?(?:demande|prie|sollicite|reclame|souhaite|voudrais)|nous (?:vous )?"
    r"(?:demandons|prions|sollicitons)|merci d(?:e|'intervenir)|veuillez|objet|"
    r"(?:i|we) (?:ask|request|want|would like|kindly|demand)|please|"
    r"solicito|pido|pedimos|solicitamos|ruego|"
    r"bghit|bghina|kantlob|kantleb|kantalbo|3afak|afak|tleb|n?talbo)\b"
    r"|(?:المرجو|ارجو|نرجو|اطلب|نطلب|التمس|نلتمس|اطالب|نطالب|الموضوع|بغيت|بغينا|كنطلب|كنطالب|عافاك)"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A complaint as the router sees it; ``hits`` are places among its ``words``, ``listed`` the
    log-odds per slug by the lexicon alone."""

    words: tuple[str, ...]
    emphasis: tuple[float, ...]
    hits: tuple[Hit, ...]
    listed: Mapping[str, float]


def said(complaint: Complaint) -> str:
    """All that the citizen wrote: the title, where there is one, and the text."""
    return "\n".join(filter(None, (complaint.subject, complaint.text)))


def read(complaint: Complaint, listed: Lexicon) -> Reading:
    """The words of a complaint with the phrases that the lexicon lists."""
    words: list[str] = []
    emphasis: list[float] = []
    for sentence, weight in _sentences(complaint):
        found = split(sentence)
        words += found
        emphasis += [weight] * len(found)
    hits = listed.hits(words, darija=complaint.language.tag not in _SPELT)
    weighed = lexicon.score((hit, emphasis[hit.start]) for hit in hits)
    return Reading(tuple(words), tuple(emphasis), tuple(hits), weighed)


def _sentences(complaint: Complaint) -> Iterator[tuple[str, float]]:
    if complaint.subject:
        yield complaint.subject, _SUBJECT
    for sentence in _SENTENCE.split(complaint.text):
        yield sentence, _REQUEST if _ASKS.search(fold(sentence)) else 1.0
