"""Decimal arithmetic: pi by its arcus tangens series, and sums of money rounded to cents."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

SIZE = 2_000


def run(size: int) -> object:
    cent, tax, total = Decimal("0.01"), Decimal("1.19"), Decimal(0)
    for number in range(size * 10):
        price = (Decimal(number) / 7 * tax).quantize(cent, ROUND_HALF_UP)
        total += price
    return str(arctan_pi(size))[-20:], str(total)


def arctan_pi(places: int) -> Decimal:
    with localcontext() as context:
        context.prec = places + 5
        result = 4 * (4 * arctan(5, context.prec) - arctan(239, context.prec))
        context.prec = places
        return +result


def arctan(inverse: int, places: int) -> Decimal:
    power = Decimal(1) / inverse
    total, square, number = power, inverse * inverse, 1
    least = Decimal(10) ** -places
    while power > least:
        power /= square
        number += 2
        total += power / number if number % 4 == 1 else -power / number
    return total
