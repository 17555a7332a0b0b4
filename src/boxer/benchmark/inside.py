"""Runs one program of `programs` several times and prints what it took, as JSON.

This file runs on both sides: natively, and inside a box. `python inside.py NAME ROUNDS`
"""

from __future__ import annotations

import importlib
import json
import sys
from time import perf_counter


def main() -> None:
    name, rounds = sys.argv[1], int(sys.argv[2])
    program = importlib.import_module(f"programs.{name}")
    value = program.run(program.SIZE)
    seconds = []
    for _ in range(rounds):
        began = perf_counter()
        again = program.run(program.SIZE)
        seconds.append(perf_counter() - began)
        if again != value:
            sys.exit(f"{name}: `{again}` after `{value}`")
    print(json.dumps({"seconds": seconds, "value": repr(value), "version": sys.version}))


if __name__ == "__main__":
    main()
