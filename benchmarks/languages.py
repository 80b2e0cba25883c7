"""How well languages are told apart: ``python -m benchmarks.languages`` prints the table of
docs/languages.md. Needs the repository alone; lingua joins in when it is installed.

Every third block of 40 neighbouring lines of our own text is held out, models are trained on the
rest, and sentences of the public corpus that are never learnt from are read beside.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from langdetect import DetectorFactory, LangDetectException

from normalizer.language import builtin, corpus, detect, model, reading, train
from normalizer.language.corpus import Line

Tagger = Callable[[str], str]
OURS = ("guichet", "short")
SHORT = 20  # characters
FOLDS = 3
#: langdetect blanks out digits, which are letters in Arabizi: some letters nobody here uses.
DIGITS = str.maketrans("23456789", "αβγδεζηθ")


def main() -> None:
    lines = [line for line in corpus.read() if line.tag != "other"]
    other = [line for line in corpus.read() if line.tag == "other"]
    held = [line for line in lines if line.source in OURS and line.block % FOLDS == 0]
    kept = {line.text for line in held}
    rest = [line for line in lines if line.text not in kept] + other
    public = corpus.development()
    print("| | messages | up to 20 | ar + ary | short lines | macro-F1 | public | µs |")
    print("|-|-|-|-|-|-|-|-|")
    for name, tagger in taggers(rest):
        show(name, tagger, held, public)


def taggers(rest: Sequence[Line]) -> Iterator[tuple[str, Tagger]]:
    yield "script alone", by_script
    yield "langdetect", built_in
    yield from lingua()
    yield "langdetect, own profiles", (own := own_profiles(rest))
    yield "model, public text alone", trained([x for x in rest if x.source == "public"])
    yield "model, without our short lines", trained([x for x in rest if x.source != "short"])
    yield "model, without words and verbs", trained([x for x in rest if x.source not in LISTS])
    yield "model, no word as a whole", trained(rest, whole=0)
    yield "model, whole words counted once", trained(rest, whole=1)
    yield "model, all", trained(rest)
    models = fit(rest)
    for sure in (0.6, 0.8):
        yield f"model, own profiles below {sure}", second(models, own, sure)
    yield "`detect` as shipped: it learnt these lines", lambda text: detect(text).tag


LISTS = {"words", "verbs"}


def show(name: str, tagger: Tagger, held: Sequence[Line], public: Sequence[Line]) -> None:
    start = time.process_time()
    read = [(line, tagger(line.text)) for line in held]
    spent = (time.process_time() - start) / len(held) * 1e6
    pairs = [(line.tag, tag) for line, tag in read]
    messages = [(line, tag) for line, tag in read if line.source == "guichet"]
    scores = (
        accuracy([(line.tag, tag) for line, tag in messages]),
        accuracy([(line.tag, tag) for line, tag in messages if len(line.text) <= SHORT]),
        accuracy([(base(line.tag), base(tag)) for line, tag in messages]),
        accuracy([(line.tag, tag) for line, tag in read if line.source == "short"]),
        macro_f1(pairs),
        accuracy([(line.tag, tagger(line.text)) for line in public]),
    )
    print(
        f"| {name} | {' | '.join(f'{score:.3f}' for score in scores)} | {spent:.0f} |", flush=True
    )


def base(tag: str) -> str:
    return "ar" if tag == "ary-Arab" else tag


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(a == b for a, b in pairs) / len(pairs)


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    right = Counter(a for a, b in pairs if a == b)
    true, said = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    return sum(2 * right[tag] / (true[tag] + said[tag]) for tag in true) / len(true)


def by_script(text: str) -> str:
    arabic = sum("\u0600" <= letter <= "\u06ff" for letter in text)
    tifinagh = sum("\u2d30" <= letter <= "\u2d7f" for letter in text)
    return "zgh-Tfng" if tifinagh > arabic else "ar" if arabic * 2 > len(text) / 2 else "fr"


def built_in(text: str) -> str:
    return builtin.guess(text, latin=by_script(text) == "fr")[0]


def chances(models: dict[str, model.Model], text: str) -> dict[str, float]:
    words = reading.words(text)
    if not words:
        return {"und": 1.0}
    judge = models["Arab" if by_script(text) == "ar" else "Latn"]
    found = judge.chances(judge.weigh(words))
    return {tag: chance for tag, chance in found.items() if tag != "other"}


def trained(lines: Sequence[Line], whole: int = reading.WHOLE) -> Tagger:
    def tag(text: str) -> str:
        reading.WHOLE = whole
        found = chances(models, text)
        reading.WHOLE = shipped
        return max(found, key=found.__getitem__)

    shipped, reading.WHOLE = reading.WHOLE, whole
    models = fit(lines)
    reading.WHOLE = shipped
    return tag


def fit(lines: Sequence[Line]) -> dict[str, model.Model]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tsv"
        train.train(lines, path, digest="")
        return model.load(path)[1]


def second(models: dict[str, model.Model], other: Tagger, sure: float) -> Tagger:
    def tag(text: str) -> str:
        found = chances(models, text)
        best = max(found, key=found.__getitem__)
        return best if found[best] >= sure else other(text)

    return tag


def own_profiles(lines: Sequence[Line]) -> Tagger:
    """langdetect, taught our languages the way its own profiles were made."""
    factory = DetectorFactory()
    factory.load_json_profile(
        [profile(tag, lines) for tag in sorted({line.tag for line in lines} - {"other"})]
    )
    factory.seed = 0

    def tag(text: str) -> str:
        detector = factory.create()
        detector.append(" ".join(reading.words(text)).translate(DIGITS))
        try:
            return str(detector.detect())
        except LangDetectException:
            return "und"

    return tag


def profile(tag: str, lines: Sequence[Line]) -> str:
    counts: Counter[str] = Counter()
    for line in lines:
        if line.tag == tag and line.source != "verbs":
            for word in reading.words(line.text):
                padded = f" {word.translate(DIGITS)} "
                for size in (1, 2, 3):
                    counts.update(padded[n : n + size] for n in range(len(padded) - size + 1))
    kept = {gram: n for gram, n in counts.items() if n > 1 and gram.strip()}
    totals = [sum(n for gram, n in kept.items() if len(gram) == size) for size in (1, 2, 3)]
    return json.dumps({"freq": kept, "n_words": [max(1, n) for n in totals], "name": tag})


def lingua() -> list[tuple[str, Tagger]]:
    if importlib.util.find_spec("lingua") is None:
        return []
    from lingua import LanguageDetectorBuilder  # type: ignore[import-not-found]  # optional

    detector = LanguageDetectorBuilder.from_all_languages().build()

    def tag(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else "und"

    return [("lingua", tag)]


if __name__ == "__main__":
    main()
