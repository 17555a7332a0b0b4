"""Plain loops over whole numbers: a sieve, recursion, comprehensions, nested ranges."""

from __future__ import annotations

SIZE = 150_000


def fibonacci(number: int) -> int:
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def primes(end: int) -> int:
    marks = [True] * end
    count = 0
    for number in range(2, end):
        if marks[number]:
            count += 1
            for multiple in range(number * number, end, number):
                marks[multiple] = False
    return count


def run(size: int) -> object:
    total = 0
    for number in range(size):
        if number % 3 and number & 4:
            total += number >> 1
        else:
            total -= number % 7
    table = [[row * column for column in range(60)] for row in range(size // 300)]
    diagonal = sum(row[n % 60] for n, row in enumerate(table))
    return total, diagonal, primes(size), fibonacci(17), len([n for n in range(size) if n % 2])
