"""How well the router decides on labelled messages: ``python -m routing.measure FILE``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from routing.directory import Directory
from routing.examples import Example, judged
from routing.model import Model
from routing.router import NOBODY, Route, decide

_LONG = 300
_BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """An example beside what the router decided."""

    example: Example
    route: Route

    @property
    def routed_right(self) -> bool:
        """Whether it went where it belongs; what is nobody's belongs nowhere."""
        return (self.route.destination or NOBODY) == self.example.slug

    @property
    def first_right(self) -> bool:
        """Whether the likeliest candidate is right, routed or not."""
        return self._among(1)

    @property
    def among_three(self) -> bool:
        """Whether it is among the three that a person is offered."""
        return self._among(3)

    def _among(self, first: int) -> bool:
        return self.example.slug in [slug for slug, _ in self.route.candidates[:first]]


def judge(examples: Iterable[Example], directory: Directory, model: Model | None) -> list[Judged]:
    """Decide each example."""
    return [Judged(each, decide(each.complaint(), directory, model)) for each in examples]


def share(judged: Sequence[Judged], test: Callable[[Judged], bool]) -> float:
    """The share that passes a test; 1 of nothing."""
    return sum(map(test, judged)) / len(judged) if judged else 1.0


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error in ten bins, over what has candidates."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for each in judged:
        if each.route.candidates:
            confidence = each.route.candidates[0][1]
            bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, each.first_right))
    total = sum(map(len, bins)) or 1
    return sum(abs(sum(c for c, _ in each) - sum(r for _, r in each)) for each in bins) / total


def coverage(judged: Sequence[Judged], precision: float = 0.95) -> float:
    """The largest share that can be routed, surest first, with so much of it right."""
    ranked = sorted(judged, key=lambda each: -each.route.candidates[0][1])
    covered = right = 0
    for count, each in enumerate(ranked, start=1):
        right += each.first_right
        if right / count >= precision:
            covered = count
    return covered / len(ranked) if ranked else 0.0


def kind_scores(judged: Sequence[Judged]) -> dict[str, float]:
    """F1 per kind of message that occurs."""
    scores: dict[str, float] = {}
    for kind in dict.fromkeys(each.example.kind for each in judged):
        said = [each for each in judged if each.route.kind == kind]
        meant = [each for each in judged if each.example.kind == kind]
        right = sum(each.example.kind == kind for each in said)
        scores[kind] = 2 * right / (len(said) + len(meant))
    return scores


def report(judged: Sequence[Judged]) -> str:
    """The table, as Markdown."""
    matters = [each for each in judged if each.example.slug != NOBODY]
    outside = [each for each in judged if each.example.slug == NOBODY]
    spoken = dict.fromkeys(each.example.language for each in matters)
    groups = {
        "all": matters,
        **{tag: [each for each in matters if each.example.language == tag] for tag in spoken},
        f"over {_LONG} characters": [each for each in matters if len(each.example.text) > _LONG],
    }
    decided = [each for each in matters if each.route.candidates]
    placed = [each for each in judged if each.example.city]
    kept = share(outside, lambda each: each.routed_right)
    return "\n".join(
        (
            "| | messages | routed right | top 1 | top 3 |",
            "|---|---|---|---|---|",
            *(_row(name, group) for name, group in groups.items() if group),
            "",
            f"- nobody's matter kept from routing: {kept:.3f} of {len(outside)}",
            f"- coverage at 95 % precision: {coverage(decided):.3f}",
            f"- expected calibration error: {calibration_error(matters):.3f}",
            f"- kind, F1: {_kinds(judged)}",
            f"- city right where one is named: {share(placed, _city_right):.3f} of {len(placed)}",
        )
    )


def _city_right(each: Judged) -> bool:
    return each.route.city == each.example.city


def _kinds(judged: Sequence[Judged]) -> str:
    scores = kind_scores(judged)
    each = ", ".join(f"{kind} {score:.2f}" for kind, score in scores.items())
    return f"{sum(scores.values()) / max(len(scores), 1):.3f} on average ({each})"


def _row(name: str, group: Sequence[Judged]) -> str:
    tests: tuple[Callable[[Judged], bool], ...] = (
        lambda each: each.routed_right,
        lambda each: each.first_right,
        lambda each: each.among_three,
    )
    shares = " | ".join(f"{share(group, test):.3f}" for test in tests)
    return f"| {name} | {len(group)} | {shares} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table for a file of JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m routing.measure", description=__doc__)
    parser.add_argument("file", type=Path, help="JSON lines {text, lang, destination}")
    parser.add_argument("--without-model", action="store_true", help="the lexicon alone")
    parser.add_argument("--mistakes", action="store_true", help="list what went wrong")
    options = parser.parse_args(arguments)
    directory = Directory.load()
    if options.without_model:
        # A directory that stands nowhere has no model beside it.
        directory = Directory(directory.administrations, directory.cities, directory.outside)
    decisions = judge(list(judged(options.file)), directory, None)
    sys.stdout.write(f"{report(decisions)}\n{_time_spent(decisions, directory)}\n")
    if options.mistakes:
        for each in decisions:
            if each.route.kind != each.example.kind:
                said = each.example.text[:100]
                sys.stdout.write(f"{each.example.kind} → {each.route.kind}: {said}\n")
            if not each.routed_right:
                said = each.example.text[:100]
                sys.stdout.write(f"{each.example.slug} → {each.route.destination}: {said}\n")
    return 0


def _time_spent(decisions: Sequence[Judged], directory: Directory) -> str:
    complaints = [each.example.complaint() for each in decisions]
    started = time.process_time()
    for complaint in complaints:
        decide(complaint, directory)
    spent = (time.process_time() - started) / max(len(complaints), 1)
    return f"- CPU time of a decision: {1000 * spent:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
