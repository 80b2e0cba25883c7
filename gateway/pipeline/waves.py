"""Which messages of a batch may be registered together: those that cannot concern one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def waves(items: Sequence[tuple[Item, Iterable[object]]]) -> list[list[Item]]:
    """Items in groups, one after the other: no two in a group share a key, and of those that do
    the earlier one is in an earlier group."""
    found: list[list[Item]] = []
    last: dict[object, int] = {}
    for item, keys in items:
        own = list(keys)
        n = max((last[key] + 1 for key in own if key in last), default=0)
        if n == len(found):
            found.append([])
        found[n].append(item)
        last.update(dict.fromkeys(own, n))
    return found
