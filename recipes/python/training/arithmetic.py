"""Whole numbers: loops, bits, recursion, calls, numbers of more than a machine word."""

from __future__ import annotations

import math
from itertools import count, takewhile


def collatz(limit: int) -> int:
    longest = 0
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, steps)
    return longest


def queens(columns: int, left: int, right: int, full: int) -> int:
    if columns == full:
        return 1
    found = 0
    free = full & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        found += queens(columns | bit, (left | bit) << 1, (right | bit) >> 1, full)
    return found


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in takewhile(lambda d: d * d <= n, count(2)))


def change(amount: int, coins: list[int]) -> int:
    ways = [1] + [0] * amount
    for coin in coins:
        for total in range(coin, amount + 1):
            ways[total] += ways[total - coin]
    return ways[amount]


def life(size: int, rounds: int) -> int:
    cells = [[(x * y + x) % 3 == 0 for x in range(size)] for y in range(size)]
    for _ in range(rounds):
        after = []
        for y in range(size):
            row = []
            for x in range(size):
                near = 0
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        if (dx or dy) and cells[(y + dy) % size][(x + dx) % size]:
                            near += 1
                row.append(near == 3 or (near == 2 and cells[y][x]))
            after.append(row)
        cells = after
    return sum(map(sum, cells))


def large() -> int:
    modulus = 2**521 - 1
    total = 0
    for n in range(1, 60):
        total += pow(n + 2, modulus - 2, modulus) if n % 12 == 0 else pow(n, 65537, modulus)
        total ^= math.factorial(n) * 3**n // (n + 7)
        total += len(str(7 ** (n * 8))) + int("9" * n) % 10007
    a, b = 0, 1
    for _ in range(4000):
        a, b = b, a + b
    return total + math.gcd(a, b * 15) + math.isqrt(a) + (a >> 300) + hash(b)


def run() -> None:
    collatz(3000)
    queens(0, 0, 0, (1 << 7) - 1)
    ackermann(2, 40)
    sum(1 for n in range(3000) if is_prime(n))
    change(4000, [1, 2, 5, 10, 20, 50, 100, 200])
    life(32, 12)
    for _ in range(3):
        large()
