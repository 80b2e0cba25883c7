"""The administrations that a case can be sent to, as one looks for them in a list."""

from __future__ import annotations

from functools import lru_cache

from gateway.web.current import house
from routing.directory import Directory, Kind

_KINDS: tuple[Kind, ...] = ("ministry", "establishment", "commune")

#: A kind of administration with those of it: slug and name, by name.
Group = tuple[Kind, list[tuple[str, str]]]


def places(tag: str) -> list[Group]:
    """All of them in one language, by kind and name."""
    return _places(house().directory, tag)


@lru_cache
def _places(directory: Directory, tag: str) -> list[Group]:
    every = directory.administrations
    return [
        (kind, sorted(((one.slug, one.label(tag)) for one in every if one.kind == kind), key=_name))
        for kind in _KINDS
    ]


def _name(pair: tuple[str, str]) -> str:
    return pair[1]
