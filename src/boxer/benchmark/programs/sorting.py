"""Sorting and heaps: lists of numbers, texts and tuples, with and without keys."""

from __future__ import annotations

import heapq
from operator import itemgetter

SIZE = 25_000


def run(size: int) -> object:
    state = 99
    numbers = []
    for _ in range(size):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        numbers.append(state)
    texts = sorted(str(number) for number in numbers)
    pairs = [(number % 100, text) for number, text in zip(numbers, texts, strict=True)]
    pairs.sort(key=itemgetter(0))
    pairs.sort(key=lambda pair: (-pair[0], pair[1]))
    floats = sorted((number / 7 for number in numbers), reverse=True)
    heap: list[int] = []
    for number in numbers:
        heapq.heappush(heap, number)
        if len(heap) > 200:
            heapq.heappop(heap)
    return sorted(numbers)[size // 2], pairs[0], round(floats[5], 3), min(heap)
