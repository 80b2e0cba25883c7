"""The decision: which administration is competent for a complaint, how surely, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from normalizer.complaint import Complaint
from routing import lexicon, places
from routing.directory import Administration, Directory
from routing.kinds import NOT_ROUTED, Matter, Sort, parts, sort_of, turns_of, vector
from routing.lexicon import Lexicon
from routing.model import Calibration, Model, shipped, shipped_kinds, softmax
from routing.objections import is_private, objection
from routing.places import Gazetteer
from routing.postcodes import city_of
from routing.reading import Reading, read, said
from routing.reasons import Reason
from routing.words import as_written

#: The candidate that stands for "no administration's matter". It is never handed out.
NOBODY = "none"
#: Below this probability a person decides. Chosen on our own examples, see docs/routing.md.
THRESHOLD = 0.4
#: Where no model was trained, the lexicon decides alone: a text of which it knows nothing is
#: nobody's.
_ALONE = Calibration(lexicon=1.2, nobody=1.5)
#: What the lexicon's log-odds count for a destination that the model never saw.
_UNTAUGHT = 0.9
#: From so many words on a text is long, and tells more than its matter.
_LONG = 40
_CANDIDATES, _OFFERED = 5, 3
_WORDS_SHOWN = 4
#: Intents that ask nothing of an administration.
_TO_US = frozenset({"stop", "start", "help", "greeting"})

#: Why a kind is not routed.
_NOT_ROUTED_AS: Mapping[Sort, Reason] = {
    "status_query": Reason("earlier"),
    "spam": Reason("advert"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a complaint goes.

    ``administration`` is None when a person has to decide (triage). ``candidates`` are slugs with
    their probabilities if it is anybody's matter, likeliest first, without communes of single
    cities; ``offered`` names the best of them to the citizen. ``reasons`` are codes that
    ``routing.reasons.told`` puts into words. ``destination`` is the first candidate where it is
    sure enough: a commune matter whose city is not known has the destination ``commune`` and no
    administration. ``kind`` is what sort of message it is.
    """

    administration: str | None
    confidence: float
    candidates: tuple[tuple[str, float], ...]
    reasons: tuple[str, ...]
    city: str | None
    destination: str | None = None
    kind: Sort = "complaint"

    @property
    def needs_city(self) -> bool:
        """Whether nothing but the city is missing: it is a commune's matter, of which is not said.

        The answer is read by ``routing.places.city_named``.
        """
        return self.destination is not None and self.administration is None


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
        gazetteer=places.of(directory),
        # In order, in which those that are as likely as one another are shown.
        destinations=tuple(sorted((NOBODY, *(each.slug for each in top)))),
    )


def decide(
    complaint: Complaint,
    directory: Directory,
    model: Model | None = None,
    *,
    last_city: str | None = None,
) -> Route:
    """Find the competent administration. Pure and deterministic; raises for no text.

    ``model`` defaults to the one that stands beside the directory's data. ``last_city`` is the
    slug of the city of the sender's last case: a commune's matter that names no city is of it.
    """
    index = _index(directory)
    reading = read(complaint, index.lexicon)
    kind = _kind(complaint, reading, directory)
    where = _Where(_city(complaint, directory, index), last_city, directory)
    chosen = directory.get(complaint.administration) if complaint.administration else None
    if chosen:
        return replace(_as_chosen(chosen, where), kind=kind)
    if complaint.intent in _TO_US:
        return Route(None, 1.0, (), (Reason("to_us").code(),), where.city, kind="remark")
    model = model or shipped(directory.source)
    calibration = model.calibration if model else _ALONE
    odds = _evidence(reading, index, model).weighed(calibration)
    for slug, value in model.beside.log_odds(complaint).items() if model and model.beside else ():
        odds[slug] += value
    route = _conclude(odds, calibration.limit, reading, where, said(complaint))
    route = _held_back(route, kind, complaint, directory)
    return route if kind == route.kind else replace(route, kind=kind)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The log-odds for each destination and for NOBODY: by the model, which may not know all of
    them, and by the lexicon, for those of which it has a word."""

    destinations: tuple[str, ...]
    listed: Mapping[str, float]
    learnt: Mapping[str, float]
    long: bool

    def weighed(self, calibration: Calibration) -> dict[str, float]:
        """Both together, so that they stand for probabilities."""
        lowest = min(self.learnt.values(), default=0.0)
        odds = {slug: self.learnt.get(slug, lowest) for slug in self.destinations}
        for slug, listed in self.listed.items():
            taught = slug in self.learnt or not self.learnt
            odds[slug] += (calibration.lexicon if taught else _UNTAUGHT) * listed
        odds[NOBODY] += calibration.nobody
        heat = calibration.long if self.long else calibration.short
        return {slug: value / heat for slug, value in odds.items()}


def evidence(complaint: Complaint, directory: Directory, model: Model) -> Evidence:
    """What speaks for each destination and for NOBODY: what calibration weighs."""
    index = _index(directory)
    return _evidence(read(complaint, index.lexicon), index, model)


def kind_vector(complaint: Complaint, directory: Directory) -> dict[str, float]:
    """What the model of kinds sees of a complaint: what it is trained on."""
    matter = _matter(read(complaint, _index(directory).lexicon))
    return vector(parts(said(complaint), matter, turns_of(directory)))


def _kind(complaint: Complaint, reading: Reading, directory: Directory) -> Sort:
    if complaint.told_kind:
        return complaint.told_kind
    model = shipped_kinds(directory.source)
    return sort_of(said(complaint), _matter(reading), turns_of(directory), model)


def _held_back(route: Route, kind: Sort, complaint: Complaint, directory: Directory) -> Route:
    """The route, or triage with a proposed reason: no machine turns a citizen away."""
    if kind in NOT_ROUTED:
        reasons: tuple[str, ...] = (_NOT_ROUTED_AS[kind].code(),)
    elif why := objection(said(complaint), turns_of(directory)):
        reasons = (why.code(), *route.reasons)
    else:
        return route
    return replace(route, administration=None, destination=None, reasons=reasons)


def _city(complaint: Complaint, directory: Directory, index: _Index) -> str | None:
    if found := index.gazetteer.find(said(complaint)):
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


@dataclass(frozen=True, slots=True)
class _Where:
    """The city that a message tells, and the one of the sender's last case."""

    city: str | None
    last: str | None
    directory: Directory

    def settle(self, slug: str) -> tuple[str | None, str | None, tuple[str, ...]]:
        """The administration behind a destination, the city, and what there is to say of it:
        ``commune`` is the commune of the city told, else of the last one, else nobody's yet."""
        if slug != "commune":
            return slug, self.city, ()
        if self.city and (commune := self.directory.commune_of(self.city)):
            return commune.slug, self.city, ()
        if self.last and (commune := self.directory.commune_of(self.last)):
            return commune.slug, self.last, (Reason("last_city", self.last).code(),)
        return None, self.city, (Reason("which_city").code(),)


def _as_chosen(chosen: Administration, where: _Where) -> Route:
    top = chosen.parent if chosen.city and chosen.parent else chosen.slug
    reason = Reason("chosen").code()
    if chosen.city:
        return Route(chosen.slug, 1.0, ((top, 1.0),), (reason,), chosen.city, top)
    slug, city, more = where.settle(chosen.slug)
    return Route(slug, 1.0, ((top, 1.0),), (reason, *more), city, top)


def _matter(reading: Reading) -> Matter:
    hits = [hit for hit in reading.hits if hit.slug != NOBODY]
    words = frozenset(word for hit in hits for word in reading.words[hit.start : hit.end])
    heard = (value for slug, value in reading.listed.items() if slug != NOBODY)
    return Matter(max(heard, default=0.0), words)


def _evidence(reading: Reading, index: _Index, model: Model | None) -> Evidence:
    return Evidence(
        index.destinations,
        reading.listed,
        model.score(reading.words, reading.emphasis) if model else {},
        len(reading.words) > _LONG,
    )


def _conclude(
    odds: Mapping[str, float], limit: float, reading: Reading, where: _Where, text: str
) -> Route:
    """First whether it is anybody's matter, then whose: candidates share what is left."""
    chances = softmax(odds)
    nobody = chances.pop(NOBODY)
    somebody = sum(chances.values())
    ranked = sorted(chances, key=chances.__getitem__, reverse=True)[:_CANDIDATES]
    candidates = tuple((slug, round(chances[slug] / somebody, 4)) for slug in ranked)
    if nobody >= limit:
        private = is_private(" ".join(reading.words), turns_of(where.directory))
        reason = Reason("private" if private else "nobody").code()
        return Route(None, round(nobody, 4), candidates, (reason,), where.city)
    best, confidence = candidates[0]
    why = _reason(best, reading, text).code()
    if confidence < THRESHOLD:
        return Route(None, confidence, candidates, (why, Reason("unsure").code()), where.city)
    administration, city, more = where.settle(best)
    return Route(administration, confidence, candidates, (why, *more), city, best)


def _reason(slug: str, reading: Reading, text: str) -> Reason:
    """The words that spoke for it, as they were written."""
    hits = sorted((hit for hit in reading.hits if hit.slug == slug), key=lambda hit: -hit.weight)
    written = as_written(text, ((hit.start, hit.end) for hit in hits))
    words = tuple(dict.fromkeys(written))[:_WORDS_SHOWN]
    return Reason("words", slug, words) if words else Reason("resembles", slug)


def offered(
    candidates: Iterable[Sequence[Any]],
    directory: Directory,
    language: str,
    city: str | None = None,
    *,
    short: bool = False,
) -> tuple[tuple[str, str], ...]:
    """The best three of a route's candidates as (slug, name in the citizen's language), for
    someone to choose among; a commune is named with its city where that is known. ``short`` are
    names for a one-segment SMS."""
    named: list[tuple[str, str]] = []
    for slug in [str(candidate[0]) for candidate in candidates][:_OFFERED]:
        of_city = directory.commune_of(city) if slug == "commune" and city else None
        if administration := of_city or directory.get(slug):
            said = administration.choice(language) if short else administration.label(language)
            named.append((slug, said))
    return tuple(named)
