"""Short answers that a citizen can pick, written below a text where there are no buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: What a button sends back, and what it is called. One whose value ends in ``:0`` is none of the
#: others, and its digit is 0.
Choice = tuple[str, str]

#: How much a choice may say of itself, in characters: at most, and at least where room is scarce.
LONGEST, _SHORTEST = 60, 4


def listed(choices: Sequence[Choice], fits: Callable[[str], bool]) -> str:
    """A line for each choice, their labels as long as ``fits`` still takes all of it; as short as
    they can be where it never does."""
    longest = min(LONGEST, max(len(label) for _, label in choices))
    for room in range(longest, _SHORTEST, -1):
        if fits(lines := _lines(choices, room)):
            return lines
    return _lines(choices, _SHORTEST)


def _lines(choices: Sequence[Choice], room: int) -> str:
    digits = (0 if value.endswith(":0") else n for n, (value, _) in enumerate(choices, 1))
    return "\n".join(
        f"{digit} {short(label, room)}" for digit, (_, label) in zip(digits, choices, strict=True)
    )


def short(label: str, room: int) -> str:
    """A label of at most so many characters, cut between words where that leaves most of it."""
    label = " ".join(label.split())
    if len(label) <= room:
        return label
    cut = label[: room + 1].rpartition(" ")[0]
    return cut if len(cut) > room // 2 else label[: room - 1] + "."
