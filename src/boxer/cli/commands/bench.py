"""`boxer bench`: what a box costs on this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.benchmark import Figure

# As boxer.benchmark.KINDS, which is not imported for a usage text; a test compares the two.
KINDS = ("startup", "throughput", "memory", "size", "cpu", "curves")


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("bench", help="measure a box on this machine")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("box", nargs="?", metavar="BOX", help="default: the smallest Python box")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the figures, too")
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        help="cpu: the native Python to compare with (default: the one that runs boxer)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.benchmark import measure, plot, subject
    from boxer.blobstore import write_atomically

    figures = measure(options.kind, subject(options.box), options.python)
    if options.plot:
        write_atomically(options.plot, plot(f"boxer bench {options.kind}", figures).encode())
    if options.json:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=2))
        return 0
    names = [_name(figure) for figure in figures]
    wide = max(map(len, names))
    for name, figure in zip(names, figures, strict=True):
        spread = "" if figure.p99 is None else f"   p99 {figure.p99:>10,.1f}"
        sys.stdout.write(
            f"{name:<{wide}}  {_digits(figure)} {figure.unit:<3}{spread}   of {figure.samples}\n"
        )
    return 0


def _name(figure: Figure) -> str:
    return figure.name if figure.size is None else f"{figure.name}: {figure.size:,}"


def _digits(figure: Figure) -> str:
    # Shares of one need more than a decimal.
    return f"{figure.p50:>10,.2f}" if figure.unit == "x" else f"{figure.p50:>10,.1f}"
