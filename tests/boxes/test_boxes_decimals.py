"""Decimals of a box, whose words are divided in ways of their own, are the host's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., subprocess.CompletedProcess[str]]
Example = Callable[[str], Path]
# A digest for each operation, over numbers of up to 400 digits: of chance, and next to where words
# of 9 and 19 digits, of 32 and 64 bits, begin and end.
OPERATIONS = """
import decimal, hashlib, json, random
from decimal import Decimal
source = random.Random(7)
edges = [0, 7, 10**9, 10**19, 2**31, 2**32, 2**63, 2**64, 10**38, 10**57, 10**76]

def number(digits):
    kind = source.getrandbits(3)
    value = source.getrandbits(int(digits * 3.33) + 1)
    if kind < 2:
        value = edges[source.getrandbits(8) % len(edges)] + source.getrandbits(2) - 2
    if kind == 2:
        value = 10**digits - source.getrandbits(2)
    if kind == 3:
        value = value % 10**4 * 10**digits + source.getrandbits(2)
    exponent = source.getrandbits(6) - 40
    return Decimal((source.getrandbits(1), tuple(map(int, str(abs(value)))), exponent))

def operations(a, b):
    yield "add", lambda: a + b
    yield "multiply", lambda: a * b
    yield "divide", lambda: a / b
    yield "by a small one", lambda: a / (source.getrandbits(source.randrange(1, 36)) or 3)
    yield "whole", lambda: divmod(a, b)
    yield "root", lambda: abs(a).sqrt()
    yield "round", lambda: a.quantize(Decimal(1).scaleb(source.getrandbits(6) - 32))
    yield "shift", lambda: a.shift(source.getrandbits(7) - 64)
    yield "ln", lambda: (abs(a) + 1).ln()

found = {}
for precision, digits, rounds in ((28, 20, 4000), (9, 12, 500), (60, 70, 1500), (420, 400, 60)):
    for rounding in (decimal.ROUND_HALF_EVEN, decimal.ROUND_DOWN, decimal.ROUND_UP):
        context = decimal.Context(prec=precision, rounding=rounding, traps=[])
        decimal.setcontext(context)
        for _ in range(rounds):
            a, b = number(source.randrange(1, digits)), number(source.randrange(1, digits))
            for name, operation in operations(a, b):
                said = found.setdefault(name, hashlib.sha256())
                context.clear_flags()
                said.update(f"{operation()} {context.flags[decimal.Inexact]}\\n".encode())
print(json.dumps({name: said.hexdigest() for name, said in found.items()}))
"""


def test_decimals_are_the_hosts(boxer: Boxer, example: Example) -> None:
    done = boxer("run", "--entrypoint", "python", example("hello"), "-c", OPERATIONS)
    native = subprocess.run(
        [sys.executable, "-c", OPERATIONS], capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == json.loads(native.stdout), done.stderr
