"""Floats: matrices, differential equations, statistics, functions of `math` and `random`."""

from __future__ import annotations

import array
import cmath
import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass

Matrix = list[list[float]]


def product(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[sum(x * y for x, y in zip(row, c, strict=True)) for c in columns] for row in a]


def solve(matrix: Matrix, right: list[float]) -> list[float]:
    """Gauss's elimination."""
    size = len(matrix)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        best = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[best] = rows[best], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            for c in range(i, size + 1):
                rows[r][c] -= factor * rows[i][c]
    found = [0.0] * size
    for i in reversed(range(size)):
        rest = rows[i][size] - sum(rows[i][c] * found[c] for c in range(i + 1, size))
        found[i] = rest / rows[i][i]
    return found


@dataclass
class Point:
    x: float
    y: float
    z: float = 0.0

    def __add__(self, other: Point) -> Point:
        return Point(self.x + other.x, self.y + other.y, self.z + other.z)

    def __mul__(self, factor: float) -> Point:
        return Point(self.x * factor, self.y * factor, self.z * factor)

    @property
    def length(self) -> float:
        return math.sqrt(self.x * self.x + self.y * self.y + self.z * self.z)


def lorenz(at: Point) -> Point:
    return Point(10.0 * (at.y - at.x), at.x * (28.0 - at.z) - at.y, at.x * at.y - 8.0 / 3.0 * at.z)


def follow(slope: Callable[[Point], Point], at: Point, step: float, steps: int) -> float:
    """Runge and Kutta's way; returns the path's length."""
    total = 0.0
    for _ in range(steps):
        a = slope(at)
        b = slope(at + a * (step / 2))
        c = slope(at + b * (step / 2))
        d = slope(at + c * step)
        move = (a + (b + c) * 2.0 + d) * (step / 6)
        total += move.length
        at = at + move
    return total


def relax(size: int, rounds: int) -> float:
    """Heat in a plate, in one array."""
    plate = array.array("d", [0.0]) * (size * size)
    for x in range(size):
        plate[x] = 100.0
    for _ in range(rounds):
        change = 0.0
        for y in range(1, size - 1):
            for place in range(y * size + 1, (y + 1) * size - 1):
                around = plate[place - 1] + plate[place + 1]
                value = (around + plate[place - size] + plate[place + size]) * 0.25
                change += abs(value - plate[place])
                plate[place] = value
    return change


def transform(values: list[complex]) -> list[complex]:
    """Fourier's, of a power of two."""
    if len(values) == 1:
        return values
    even, odd = transform(values[::2]), transform(values[1::2])
    half = len(even)
    turned = [cmath.exp(-2j * math.pi * k / len(values)) * odd[k] for k in range(half)]
    return [e + t for e, t in zip(even, turned, strict=True)] + [
        e - t for e, t in zip(even, turned, strict=True)
    ]


def functions(steps: int) -> float:
    total = 0.0
    for i in range(1, steps):
        x = i / steps
        total += math.sin(x) * math.exp(-x) + math.log(x) + math.atan2(x, 1.0 - x)
        total += math.floor(x * 10) + round(x, 3) + x**1.5 + math.hypot(x, 1.0) + int(x * 100)
        total -= max(x, 0.5) if x > 0.25 else min(x, 0.125)
    return total


def weight(i: int, j: int) -> float:
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def powers(size: int, rounds: int) -> float:
    """The largest eigenvalue of a matrix that is nowhere kept."""
    vector = [1.0] * size
    for _ in range(rounds):
        vector = [sum(weight(i, j) * v for j, v in enumerate(vector)) for i in range(size)]
        longest = max(vector)
        vector = [v / longest for v in vector]
    return longest


def chance(draws: int) -> float:
    source = random.Random(7)
    inside = sum(source.random() ** 2 + source.random() ** 2 < 1.0 for _ in range(draws))
    values = [source.gauss(0.0, 1.0) for _ in range(draws // 10)]
    values += [float(source.randrange(100)) for _ in range(draws // 20)]
    source.shuffle(values)
    sums = statistics.fmean(values) + statistics.pstdev(values[:50]) + statistics.median(values)
    return inside / draws + sums + math.fsum(values)


def run() -> None:
    size = 24
    a = [[1.0 / (i + j + 1) + (i == j) for j in range(size)] for i in range(size)]
    for _ in range(3):
        a = product(a, a)
        a = [[value / 10.0 for value in row] for row in a]
    solve(a, [float(i) for i in range(size)])
    follow(lorenz, Point(1.0, 1.0, 1.0), 0.01, 500)
    relax(40, 20)
    transform([complex(i % 7, i % 3) for i in range(512)])
    functions(5000)
    powers(50, 4)
    chance(6000)
