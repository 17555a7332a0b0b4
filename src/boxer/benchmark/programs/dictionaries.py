"""Dictionaries and sets: counting, grouping, joining, deleting."""

from __future__ import annotations

from collections import Counter, defaultdict

SIZE = 40_000


def run(size: int) -> object:
    state = 12345
    numbers = []
    for _ in range(size):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        numbers.append(state >> 8)
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for number in numbers:
        groups[number % 97].add(number % 1013)
    by_name = {f"key{number % 2000}": number for number in numbers}
    for name in [name for name, number in by_name.items() if number % 3 == 0]:
        del by_name[name]
    both = set(numbers[::2]) & {number ^ 1 for number in numbers} | set(numbers[:100])
    counts = Counter(number % 50 for number in numbers)
    inverted = {count: key for key, count in counts.items()}
    merged = {**by_name, **{str(key): key for key in both}} | {"end": 0}
    pairs = {(number % 11, number % 13): number for number in numbers}
    return len(merged), len(inverted), sum(map(len, groups.values())), sum(pairs.values())
