"""Whole numbers of thousands of digits: products, powers, quotients, text."""

from __future__ import annotations

from math import gcd, isqrt

SIZE = 1_300


def run(size: int) -> object:
    product = 1
    for number in range(1, size):
        product *= number
    text = str(product)
    prime = (1 << 521) - 1
    residue = pow(3, product, prime)
    a, b = 0, 1
    for _ in range(size * 10):
        a, b = b, a + b
    root = isqrt(product)
    rests = residue % 1_000_003, b % 10_007, root % 9_973, product // b % 97
    return len(text), gcd(product, a) % 10_009, rests
