"""What is kept of words is bounded by how many they are and by how long each may be."""

from __future__ import annotations

from collections import Counter

from normalizer.memo import _LONGEST, _MOST, Memo


class Work:
    """Counts how often each word was worked out."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, word: str) -> int:
        self.asked[word] += 1
        return len(word)


def test_a_word_is_worked_out_once() -> None:
    memo = Memo(work := Work())
    assert [memo["water"], memo("water"), *memo.each(["water", "road"])] == [5, 5, 5, 4]
    assert work.asked == {"water": 1, "road": 1}


def test_nobody_fills_memory_with_long_words() -> None:
    memo = Memo(len)
    assert memo["x" * 65_536] == 65_536
    assert not memo
    assert memo["x" * _LONGEST] == _LONGEST
    assert memo


def test_nor_with_many_and_what_is_asked_for_again_stays() -> None:
    memo = Memo(work := Work())
    for number in range(5 * _MOST):
        assert memo[f"{number:06}"] == 6
        assert memo["water"] == 5
    assert work.asked["water"] == 1
    assert len(memo) + len(memo._aside) <= 2 * _MOST
