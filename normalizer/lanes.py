"""Whole numbers side by side in one int, so that one addition adds all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from struct import Struct


class Lanes:
    """So many numbers of 64 bits: no text is long enough for its sums to run over."""

    def __init__(self, width: int) -> None:
        self._bytes = Struct(f"<{width}q")
        # The sign bit of every lane: added, it keeps a negative one from borrowing of the next.
        self._signs = sum(1 << (64 * n + 63) for n in range(width))

    def packed(self, numbers: Sequence[int]) -> int:
        """The int of these numbers. The sum of such ints is that of the sums."""
        return (int.from_bytes(self._bytes.pack(*numbers), "little") ^ self._signs) - self._signs

    def unpacked(self, whole: int) -> tuple[int, ...]:
        """The numbers of an int."""
        shifted = (whole + self._signs) ^ self._signs
        return self._bytes.unpack(shifted.to_bytes(self._bytes.size, "little"))


@cache
def lanes(width: int) -> Lanes:
    """Lanes for so many numbers."""
    return Lanes(width)
