"""Calls of small functions on numbers: the largest singular value of an endless matrix's corner."""

from __future__ import annotations

from math import sqrt

SIZE = 130


def entry(row: int, column: int) -> float:
    diagonal = row + column
    return 1.0 / (diagonal * (diagonal + 1) // 2 + row + 1)


def times(vector: list[float]) -> list[float]:
    size = range(len(vector))
    return [sum(entry(row, column) * vector[column] for column in size) for row in size]


def times_transposed(vector: list[float]) -> list[float]:
    size = range(len(vector))
    return [sum(entry(row, column) * vector[row] for row in size) for column in size]


def run(size: int) -> object:
    vector = [1.0] * size
    for _ in range(6):
        previous = vector
        vector = times_transposed(times(vector))
    along = sum(a * b for a, b in zip(vector, previous, strict=True))
    return round(sqrt(along / sum(b * b for b in previous)), 9)
