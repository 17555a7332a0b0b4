"""Float mathematics: points of a fractal, and numbers through the functions of math."""

from __future__ import annotations

import cmath
import math

SIZE = 120


def escape_time(point: complex, most: int) -> int:
    value = 0j
    for step in range(most):
        value = value * value + point
        if value.real * value.real + value.imag * value.imag > 4.0:
            return step
    return most


def run(size: int) -> object:
    total = 0
    for row in range(size):
        for column in range(size):
            total += escape_time(complex(3.0 * column / size - 2.0, 2.0 * row / size - 1.0), 40)
    area = 0.0
    for number in range(1, size * size):
        x = number / 100.0
        area += math.sin(x) * math.cos(x) + math.sqrt(x) * math.exp(-x) + math.log(x)
        area += math.hypot(x, 1.0) - math.atan2(x, 2.0) + abs(cmath.exp(1j * x))
    return total, round(area, 6)
