"""Pickle both ways, objects and shared references included.

The references go down in steps of halves: before Python 3.12 a long chain of them reaches the
recursion limit.
"""

from __future__ import annotations

import pickle

SIZE = 600


class Record:
    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"record {number}"
        self.values = (number / 3, number * 3, None)
        self.links: list[Record] = []


def run(size: int) -> object:
    records = [Record(n) for n in range(size)]
    for n, record in enumerate(records):
        record.links = [records[n // 2], records[n // 3]]
    plain = {n: [n, str(n), {"half": n / 2}, (n,) * 3] for n in range(size)}
    length = 0
    for _ in range(15):
        text = pickle.dumps((records, plain), protocol=5)
        copy, again = pickle.loads(text)
        length += len(text) + copy[-1].links[1].number + len(again)
    return length
