"""The text that the model learns from, read from the folder of the same name."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

FOLDER = Path(__file__).with_name("corpus")

#: How much a line counts against one of our own sentences. Read-aloud sentences are many and
#: unlike messages; lone words and verb forms are there for texts that are no longer than that.
WEIGHTS = {"guichet": 1.0, "short": 1.0, "other": 0.5, "words": 0.4, "verbs": 0.25, "public": 0.1}
_BLOCK = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text; ``block`` tells neighbours, which were written together, apart."""

    tag: str
    text: str
    source: str
    block: int


def read(folder: Path = FOLDER) -> list[Line]:
    """Every line to learn from, in a fixed order. Tags outside ours become ``other``."""
    return [*_sentences(folder), *_words(folder), *_verbs(folder)]


def development(folder: Path = FOLDER) -> list[Line]:
    """Sentences of the public corpus that are never learnt from."""
    return list(_labelled(folder / "public-dev.tsv", "public"))


def digest(folder: Path = FOLDER) -> str:
    """SHA-256 over all files of the corpus, which the model carries to show what it came from."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.t*")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _labelled(path: Path, source: str) -> Iterator[Line]:
    rows = (row.split("\t") for row in path.read_text("utf-8").splitlines() if row)
    for tag, group in groupby(rows, key=lambda row: row[0]):
        for position, row in enumerate(group):
            yield Line(tag, row[1], source, position // _BLOCK)


def _sentences(folder: Path) -> Iterator[Line]:
    for source in ("guichet", "short", "public"):
        yield from _labelled(folder / f"{source}.tsv", source)
    for line in _labelled(folder / "other.tsv", "other"):
        yield Line("other", line.text, "other", line.block)


def _words(folder: Path) -> Iterator[Line]:
    for path in sorted(folder.glob("words-*.txt")):
        tag = path.stem.removeprefix("words-")
        for position, word in enumerate(path.read_text("utf-8").split()):
            yield Line(tag, word, "words", position // _BLOCK)


def _verbs(folder: Path) -> Iterator[Line]:
    for tag, forms in (("ar", _standard), ("ary-Arab", _darija), ("ary-Latn", _arabizi)):
        # A verb has more forms than a lesson needs; a seeded draw keeps the mix even.
        draw = random.Random(tag)  # noqa: S311 - not a secret
        for position, row in enumerate(
            (folder / f"verbs-{tag}.tsv").read_text("utf-8").split("\n")
        ):
            if row:
                every = forms(*row.split("\t"))
                for form in draw.sample(every, 12):
                    yield Line(tag, form, "verbs", position // _BLOCK)


def _darija(i_did: str, he_did: str, do: str) -> list[str]:
    stem = i_did[:-1]
    did = he_did.removesuffix("ا")
    present = [f"كن{do}", f"كت{do}", f"كي{do}", f"كي{do}و", f"كن{do}و", f"تي{do}", f"تان{do}"]
    future = [f"غادي ن{do}", f"غادي ي{do}و", f"غان{do}", f"غ ي{do}", f"بغيت ن{do}", f"باش ن{do}و"]
    past = [f"{stem}تي", f"{stem}نا", f"{stem}تو", f"{did}ات", f"{did}او", he_did, i_did]
    not_ = [
        f"ما {he_did}ش",
        f"ما{stem}تش",
        f"ما كي{do}ش",
        f"ماكن{do}ش",
        f"ما غاديش ن{do}",
        f"مات{do}ش",
    ]
    object_ = [
        f"{stem}تو",
        f"{did}اتني",
        f"{stem}ناهم",
        f"خاصك ت{do}",
        f"واش ت{do}",
        f"فين {he_did}",
    ]
    return present + future + past + not_ + object_


def _standard(i_did: str, he_did: str, do: str) -> list[str]:
    present = [f"ي{do}", f"ت{do}", f"ن{do}", f"ي{do}ون", f"ت{do}ون", f"هل ت{do}", f"لا ي{do}"]
    future = [f"سي{do}", f"سوف ن{do}", f"سن{do}", f"لن ي{do}", f"أريد أن أ{do}", f"يجب أن ن{do}"]
    past = [
        i_did,
        he_did,
        f"{i_did}م",
        f"{i_did[:-1]}نا",
        f"لقد {i_did}",
        f"قد {he_did}",
        f"{he_did}ت",
    ]
    not_ = [f"لم ي{do}", f"لم ت{do}", f"لم ن{do}وا", f"لا ت{do}", f"ما {i_did}", f"لم أ{do}"]
    object_ = [
        f"{i_did}ه",
        f"{i_did}ها",
        f"ي{do}ني",
        f"{he_did}ني",
        f"لماذا ت{do}",
        f"أين {he_did}",
    ]
    return present + future + past + not_ + object_


def _arabizi(i_did: str, he_did: str, do: str) -> list[str]:
    stem = i_did[:-1]
    did = he_did.removesuffix("a")
    present = [f"kan{do}", f"kat{do}", f"kay{do}", f"kay{do}o", f"ki{do}", f"tay{do}", f"kan{do}ou"]
    future = [
        f"ghadi n{do}",
        f"ghadi y{do}ou",
        f"gha n{do}",
        f"ra y{do}",
        f"bghit n{do}",
        f"bach n{do}o",
    ]
    past = [
        f"{stem}ti",
        f"{stem}na",
        f"{stem}to",
        f"{did}at",
        f"{did}aw",
        he_did,
        i_did,
        f"{did}et",
    ]
    not_ = [f"ma {he_did}ch", f"ma{stem}tch", f"makay{do}ch", f"makan{do}sh", f"maghadich n{do}"]
    object_ = [
        f"{stem}tou",
        f"{did}atni",
        f"khasek t{do}",
        f"wach t{do}",
        f"fin {he_did}",
        f"mat{do}ch",
    ]
    return present + future + past + not_ + object_
