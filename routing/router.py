"""The decision: which administration is competent for a complaint, how surely, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from normalizer.complaint import Complaint
from normalizer.text import fold
from routing import lexicon, places
from routing.directory import Administration, Directory
from routing.kinds import NOT_ROUTED, Sort, sort_of, turns_of, vector
from routing.lexicon import Hit, Lexicon
from routing.model import Model, shipped, shipped_kinds, softmax
from routing.objections import is_private, objection
from routing.places import Gazetteer
from routing.postcodes import city_of
from routing.words import keys, split

#: The candidate that stands for "no administration's matter". It is never handed out.
NOBODY = "none"
#: Below this probability a person decides. Chosen on our own examples, see docs/routing.md.
THRESHOLD = 0.4
#: How much the lexicon's log-odds count beside the model's, and how much where none was trained.
_LEXICON, _LEXICON_ALONE = 0.9, 1.2
#: What speaks for "nobody's" when the lexicon knows no word of a text, and the log-odds from which
#: it knows one. Without it the model would route every text of which it recognises a few letters.
_UNHEARD_OF, _HEARD = 1.5, 1.2
_CANDIDATES = 5
_WORDS_SHOWN = 4
#: What the title and the sentence that asks for something weigh against the story around them.
_SUBJECT, _REQUEST = 1.6, 1.6
_NOBODYS = "It looks like no administration's matter."
_UNFIT = "Proposed as inadmissible: it looks like a quarrel between private persons."
#: Intents that ask nothing of an administration.
_TO_US = frozenset({"stop", "start", "help", "greeting"})

#: How a kind that is not routed is told to the desk.
_NOT_ROUTED_AS: Mapping[str, str] = {
    "status_query": "an enquiry about an earlier message",
    "spam": "an advert",
}

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
class Route:
    """Where a complaint goes.

    ``administration`` is None when a person has to decide (triage). ``candidates`` are slugs with
    probabilities, likeliest first, without communes of single cities. ``reasons`` are sentences
    for the desk. ``destination`` is the first candidate where it is sure enough: a commune matter
    whose city is not known has the destination ``commune`` and no administration. ``kind`` is what
    sort of message it is.
    """

    administration: str | None
    confidence: float
    candidates: tuple[tuple[str, float], ...]
    reasons: tuple[str, ...]
    city: str | None
    destination: str | None = None
    kind: Sort = "complaint"


@dataclass(frozen=True, slots=True)
class _Index:
    """What is computed from a directory once."""

    lexicon: Lexicon
    gazetteer: Gazetteer
    destinations: tuple[str, ...]


@lru_cache(maxsize=8)
def _index(directory: Directory) -> _Index:
    top = [
        administration for administration in directory.administrations if not administration.city
    ]
    return _Index(
        lexicon=lexicon.build(
            (
                *((each.slug, each.lexicon) for each in top),
                (NOBODY, directory.outside),
            )
        ),
        gazetteer=places.build(directory.cities),
        destinations=tuple(each.slug for each in top),
    )


def decide(complaint: Complaint, directory: Directory, model: Model | None = None) -> Route:
    """Find the competent administration. Pure and deterministic; raises for no text.

    ``model`` defaults to the one that stands beside the directory's data.
    """
    index = _index(directory)
    city = _city(complaint, directory, index)
    reading = _read(complaint, index)
    kind = _kind(complaint, reading, directory)
    chosen = directory.get(complaint.administration) if complaint.administration else None
    if chosen:
        return replace(_as_chosen(chosen, directory, city), kind=kind)
    if complaint.intent in _TO_US:
        word = "It is a word to the service, not a matter."
        return Route(None, 1.0, (), (word,), city, kind="remark")
    odds = _weigh(reading, index, model or shipped(directory.source))
    route = _conclude(odds, reading, directory, city)
    return replace(_held_back(route, kind, complaint, directory), kind=kind)


def log_odds(complaint: Complaint, directory: Directory, model: Model) -> dict[str, float]:
    """What speaks for each destination and for NOBODY: what training calibrates."""
    index = _index(directory)
    return _weigh(_read(complaint, index), index, model)


def kind_vector(complaint: Complaint, directory: Directory) -> dict[str, float]:
    """What the model of kinds sees of a complaint: what it is trained on."""
    matter = _heard(_read(complaint, _index(directory)).listed)
    return vector(_said(complaint), matter, turns_of(directory))


def _said(complaint: Complaint) -> str:
    return "\n".join(part for part in (complaint.subject, complaint.text) if part)


def _kind(complaint: Complaint, reading: _Reading, directory: Directory) -> Sort:
    if complaint.told_kind:
        return complaint.told_kind
    model = shipped_kinds(directory.source)
    return sort_of(_said(complaint), _heard(reading.listed), turns_of(directory), model)


def _held_back(route: Route, kind: Sort, complaint: Complaint, directory: Directory) -> Route:
    """The route, or triage with a proposed reason: no machine turns a citizen away."""
    if kind in NOT_ROUTED:
        reasons = (f"It looks like {_NOT_ROUTED_AS[kind]}.",)
        return replace(route, administration=None, destination=None, reasons=reasons)
    if why := objection(_said(complaint), turns_of(directory)):
        return replace(route, administration=None, destination=None, reasons=(why, *route.reasons))
    return route


def _city(complaint: Complaint, directory: Directory, index: _Index) -> str | None:
    if found := index.gazetteer.find(_said(complaint)):
        return found
    if complaint.city:
        chosen = city_of(complaint.city) or complaint.city
        if any(city.slug == chosen for city in directory.cities):
            return chosen
        if found := index.gazetteer.find(complaint.city):
            return found
    if complaint.location:
        return index.gazetteer.nearest(complaint.location.latitude, complaint.location.longitude)
    return None


def _as_chosen(chosen: Administration, directory: Directory, city: str | None) -> Route:
    slug = _of_city(chosen.slug, city, directory)
    top = chosen.parent if chosen.city and chosen.parent else chosen.slug
    return Route(
        slug or chosen.slug,
        1.0,
        ((top, 1.0),),
        ("The citizen chose it.",),
        chosen.city or city,
        top,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """The words of a complaint, what each weighs, and the phrases of the lexicon among them."""

    words: tuple[str, ...]
    emphasis: tuple[float, ...]
    hits: tuple[Hit, ...]

    @property
    def listed(self) -> dict[str, float]:
        """Log-odds per slug by the lexicon alone."""
        return lexicon.score((hit, self.emphasis[hit.start]) for hit in self.hits)


def _heard(listed: Mapping[str, float]) -> float:
    """What speaks most for some administration's matter."""
    return max((value for slug, value in listed.items() if slug != NOBODY), default=0.0)


def _read(complaint: Complaint, index: _Index) -> _Reading:
    words: list[str] = []
    emphasis: list[float] = []
    for sentence, weight in _sentences(complaint):
        found = split(sentence)
        words += found
        emphasis += [weight] * len(found)
    darija = complaint.language.tag not in _SPELT
    hits = index.lexicon.hits([keys(word, darija=darija) for word in words])
    return _Reading(tuple(words), tuple(emphasis), tuple(hits))


def _sentences(complaint: Complaint) -> Iterator[tuple[str, float]]:
    if complaint.subject:
        yield complaint.subject, _SUBJECT
    for sentence in _SENTENCE.split(complaint.text):
        yield sentence, _REQUEST if _ASKS.search(fold(sentence)) else 1.0


def _weigh(reading: _Reading, index: _Index, model: Model | None) -> dict[str, float]:
    """Log-odds per destination and for NOBODY, lexicon and model together."""
    listed = reading.listed
    if model is None:
        return {
            slug: _LEXICON_ALONE * listed.get(slug, 0.0) for slug in (*index.destinations, NOBODY)
        }
    learnt = model.score(reading.words, reading.emphasis)
    unheard_of = _heard(listed) < _HEARD
    listed[NOBODY] = listed.get(NOBODY, 0.0) + unheard_of * _UNHEARD_OF / _LEXICON
    # A destination that the model never saw is judged by the lexicon alone.
    lowest = min(learnt.values(), default=0.0)
    return {
        slug: (_LEXICON * listed.get(slug, 0.0) + learnt.get(slug, lowest)) / model.temperature
        for slug in (*index.destinations, NOBODY)
    }


def _conclude(
    odds: Mapping[str, float], reading: _Reading, directory: Directory, city: str | None
) -> Route:
    ranked = sorted(softmax(odds).items(), key=lambda pair: (-pair[1], pair[0]))
    best, confidence = ranked[0]
    candidates = tuple(
        (slug, round(probability, 4)) for slug, probability in ranked if slug != NOBODY
    )[:_CANDIDATES]
    if best == NOBODY:
        reason = _UNFIT if is_private(" ".join(reading.words), turns_of(directory)) else _NOBODYS
        return Route(None, round(confidence, 4), candidates, (reason,), city)
    reasons = _reasons(best, reading, directory)
    if confidence < THRESHOLD:
        unsure = "It is not sure enough to route without a person."
        return Route(None, round(confidence, 4), candidates, (*reasons, unsure), city)
    administration = _of_city(best, city, directory)
    if administration is None:
        reasons = (*reasons, "It is a commune's matter, but of which city is not known.")
    return Route(administration, round(confidence, 4), candidates, reasons, city, best)


def _of_city(slug: str, city: str | None, directory: Directory) -> str | None:
    """The administration behind a destination: for ``commune`` the city's own, or None."""
    if slug != "commune":
        return slug
    commune = directory.commune_of(city) if city else None
    return commune.slug if commune else None


def _reasons(slug: str, reading: _Reading, directory: Directory) -> tuple[str, ...]:
    administration = directory.get(slug)
    name = administration.label("en") if administration else slug
    hits = sorted((hit for hit in reading.hits if hit.slug == slug), key=lambda hit: -hit.weight)
    said = dict.fromkeys(" ".join(reading.words[hit.start : hit.end]) for hit in hits)
    if not said:
        return (f"The wording resembles matters of: {name}.",)
    quoted = ", ".join(f"“{phrase}”" for phrase in list(said)[:_WORDS_SHOWN])
    return (f"{quoted} → {name}.",)
