"""What the router learns at once from people's decisions: the words that their matters share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from normalizer.complaint import Complaint
from routing.model import Model
from routing.words import skeleton, split, stem

#: Log-odds that a word gains for a destination with each decision it occurs in, and at most. More
#: would teach faster and cost the other matters more, see docs/routing.md.
_GAIN, _AT_MOST = 3.5, 8.0
#: A word that the model weighs for so many destinations belongs to no topic (*demande*, *mois*).
_COMMON = 36
#: Shorter words are rarely topics.
_SHORTEST = 3


def taught(model: Model, decisions: Iterable[tuple[Complaint, str]]) -> Model:
    """The model with a memory of decisions (complaint, slug), the order of which does not matter.

    A word that people sent to different destinations speaks for each by its share.
    """
    gains: dict[str, dict[int, float]] = {}
    for complaint, slug in decisions:
        if slug in model.slugs:
            place = model.slugs.index(slug)
            for feature, gain in _topics(complaint, model).items():
                row = gains.setdefault(feature, {})
                row[place] = row.get(place, 0.0) + gain
    return model.remembering({feature: _weighed(row) for feature, row in gains.items()})


def _weighed(row: Mapping[int, float]) -> tuple[tuple[int, float], ...]:
    total = sum(row.values())
    return tuple((place, min(gain, _AT_MOST) * gain / total) for place, gain in sorted(row.items()))


def _topics(complaint: Complaint, model: Model) -> dict[str, float]:
    """The words of a complaint that may be what it is about, by spelling and by sound, with what
    one decision is worth to each: most to a word that the model never saw."""
    said = "\n".join(part for part in (complaint.subject, complaint.text) if part)
    topics: dict[str, float] = {}
    for word in split(said):
        spelt = "=" + stem(word)
        gain = _GAIN * (1 - model.breadth(spelt) / _COMMON)
        if len(word) >= _SHORTEST and gain > 0:
            topics[spelt] = gain
            if len(sounds := skeleton(word)) > _SHORTEST:
                topics["~" + sounds] = gain
    return topics
