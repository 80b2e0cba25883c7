"""Long messages to learn from: examples between sentences that people tell around their matter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

from routing.directory import Directory
from routing.examples import Example

#: So many sentences stand around what a message is about.
_FEWEST, _MOST = 2, 6
#: Longer examples tell a story themselves, in characters.
_LONG = 300
_SEED = 20110730


def wrapped(examples: Iterable[Example], directory: Directory) -> Iterator[Example]:
    """The examples with sentences before and after that name other administrations in passing.
    The same examples give the same messages."""
    chance = random.Random(_SEED)  # noqa: S311 - tells stories, keeps no secret
    for example in examples:
        stories = directory.stories.get(example.language, ())
        if len(stories) < _MOST or len(example.text) > _LONG:
            continue
        around = chance.sample(stories, chance.randint(_FEWEST, _MOST))
        before = chance.randint(0, len(around))
        text = "\n".join([*around[:before], example.text, *around[before:]])
        yield replace(example, text=text)
