"""Make the models of a directory from its examples and lexicon: ``python -m routing.train``.

The same data and code make the same files, byte for byte: ``--check`` makes them and compares.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from routing.calibration import calibrated, held
from routing.directory import MOROCCO, Directory, Words
from routing.examples import Example, judged, shipped
from routing.fitting import fit, fit_vectors
from routing.kinds import SORTS
from routing.model import Calibration, Model
from routing.model import shipped as shipped_model
from routing.router import NOBODY, kind_vector
from routing.stories import wrapped

#: Words of the lexicon are examples too, but worth less than a whole message.
_PHRASE = 0.3
#: A complaint that is an administration's, in the model of kinds.
_COMPLAINT = 0.5
#: Kinds are told apart by few features of many texts: the model is bound less, and fitted longer.
_KIND_EPOCHS, _KIND_DECAY = 15, 5e-5
#: One example of so many is also told at length. Nobody tells a story around a greeting: of what is
#: no complaint, only texts of more than so many characters.
_AT_LENGTH, _GREETING = 3, 40
#: What a person decided counts more than an example: it is a real citizen's message.
_DECISION = 2.0
#: Every so manieth example is enough to notice a change of the code that fits.
_SAMPLE = 80


def lessons_of(examples: Iterable[Example]) -> Iterator[tuple[str, str, float]]:
    """Each example with its subject, as the model is taught it."""
    for example in examples:
        said = f"{example.subject}\n{example.text}" if example.subject else example.text
        yield said, example.slug, 1.0


def lessons(directory: Directory, examples: Sequence[Example]) -> Iterator[tuple[str, str, float]]:
    """What the model is taught: examples, some of them told at length, and the scopes and phrases
    of the administrations."""
    yield from lessons_of(examples)
    matters = [e for e in examples if e.slug != NOBODY or e.kind not in ("remark", "spam")]
    yield from lessons_of(wrapped(matters[::_AT_LENGTH], directory))
    for administration in directory.administrations:
        if administration.city:
            continue
        for scope in administration.scope.values():
            yield scope, administration.slug, 1.0
        yield from _phrases(administration.lexicon, administration.slug)
    yield from _phrases(directory.outside, NOBODY)


def _phrases(lexicon: Words, slug: str) -> Iterator[tuple[str, str, float]]:
    for by_strength in lexicon.values():
        for strength, phrases in by_strength.items():
            for phrase in phrases:
                yield phrase, slug, _PHRASE if strength != "hint" else _PHRASE / 3


def kind_lessons(
    directory: Directory, examples: Sequence[Example]
) -> Iterator[tuple[Mapping[str, float], str, float]]:
    """What the model of kinds is taught. Complaints are most of the examples, so each counts
    less, and fewer are told at length."""
    complaints = [each for each in examples if each.kind == "complaint"]
    others = [e for e in examples if e.kind != "complaint" and len(e.text) > _GREETING]
    told = wrapped((*complaints[::_AT_LENGTH], *others), directory)
    for example in (*examples, *told):
        weight = _COMPLAINT if example.kind == "complaint" and example.slug != NOBODY else 1.0
        yield kind_vector(example.complaint(), directory), example.kind, weight


def fit_kinds(directory: Directory, examples: Sequence[Example]) -> Model:
    """The model of kinds that examples teach."""
    taught = kind_lessons(directory, examples)
    return fit_vectors(SORTS, taught, epochs=_KIND_EPOCHS, decay=_KIND_DECAY)


def slugs_of(directory: Directory) -> tuple[str, ...]:
    """All that a text can be decided to be."""
    return (*(each.slug for each in directory.administrations if not each.city), NOBODY)


def origin(directory: Directory, folder: Path) -> str:
    """A digest of all that the files depend on: the data, and the code by what it makes of a few
    of the examples. It is kept in them, so that a test can tell in a second that they are stale."""
    examples = list(shipped(folder))
    aside = list(held(folder))
    few = examples[::_SAMPLE]
    small = fit(slugs_of(directory), lessons_of(few))
    digest = hashlib.sha256()
    for part in (
        *lessons(directory, examples),
        *((each.text, each.kind) for each in examples),
        *((each.text, each.slug) for each in aside),
        *sorted(directory.turns.items()),
        calibrated(small, directory, aside[::_SAMPLE]).written(),
        fit_kinds(directory, few).written(),
    ):
        digest.update(repr(part).encode())
    return digest.hexdigest()[:16]


def made(directory: Directory, folder: Path) -> dict[str, str]:
    """The files beside a directory's data, by name."""
    source, examples = origin(directory, folder), list(shipped(folder))
    kinds = fit_kinds(directory, examples)
    model = fit(slugs_of(directory), lessons(directory, examples))
    model = calibrated(model, directory, held(folder))
    return {
        "kinds.json": replace(kinds, made_from=source).written(),
        "model.json": replace(model, made_from=source).written(),
    }


def refit(directory: Directory, examples: Sequence[Example], decisions: Sequence[Example]) -> Model:
    """The model that old examples and people's decisions teach together. It keeps the calibration
    of the shipped one."""
    learnt = [(text, slug, _DECISION) for text, slug, _ in lessons_of(decisions)]
    model = fit(slugs_of(directory), (*lessons(directory, examples), *learnt))
    before = shipped_model(directory.source)
    return replace(model, calibration=before.calibration if before else Calibration())


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on a directory's examples and write ``model.json`` and ``kinds.json`` beside them."""
    parser = argparse.ArgumentParser(prog="python -m routing.train", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=MOROCCO)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--decisions", type=Path, help="JSON lines of what people decided")
    parser.add_argument("--to", type=Path, help="only fit with those decisions, and write here")
    options = parser.parse_args(arguments)
    folder = options.folder
    directory = Directory.load(folder)
    if options.to:
        # Beside a gateway at work, whose requests go first.
        os.nice(10)
        decided = list(judged(options.decisions)) if options.decisions else []
        refit(directory, list(shipped(folder)), decided).write(options.to)
        return 0
    files = made(directory, folder)
    if options.check:
        stale = [n for n, text in files.items() if (folder / n).read_text("utf-8") != text]
        sys.stdout.write(f"stale: {', '.join(stale)}\n" if stale else "as committed\n")
        return int(bool(stale))
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
