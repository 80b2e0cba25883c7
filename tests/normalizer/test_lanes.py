"""Numbers side by side in one int are added without touching one another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from normalizer.lanes import lanes

ROWS = st.lists(st.tuples(*[st.integers(-(2**40), 2**40)] * 3), max_size=20)


@given(ROWS)
def test_the_sum_of_ints_is_that_of_their_numbers(rows: list[tuple[int, ...]]) -> None:
    three = lanes(3)
    sums = tuple(map(sum, zip((0, 0, 0), *rows, strict=True)))
    assert three.unpacked(sum(map(three.packed, rows))) == sums
