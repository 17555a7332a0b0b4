"""Small lists turned over and indexed: the most flips a permutation's first number asks for."""

from __future__ import annotations

from itertools import permutations

SIZE = 8


def run(size: int) -> object:
    most = total = 0
    for number, order in enumerate(permutations(range(size))):
        flips = count(list(order))
        most = max(most, flips)
        total += -flips if number % 2 else flips
    return most, total


def count(cards: list[int]) -> int:
    flips = 0
    while first := cards[0]:
        cards[: first + 1] = cards[first::-1]
        flips += 1
    return flips
