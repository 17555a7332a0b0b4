"""Processor speed: programs in a box against the same programs in a native Python.

Belongs here: taking turns, comparing. Does not: the programs (`programs`).

Method: for each program box and native Python take turns; each turn is a run of its own, which
goes through the program once to warm up and then times several rounds from inside. The least time
of a side counts: what a busy machine adds is never negative. Both must give the same value, or the
figures would mean nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from importlib.resources import files

from boxer.benchmark.figures import Figure
from boxer.ending import run_program
from boxer.errors import BenchmarkError
from boxer.library import Box
from boxer.runtime import Limits

TURNS, ROUNDS = 3, 5
TURN_SECONDS = 300.0
# Follows a program's own text, on both sides.
HARNESS = """
def _measure():
    import json, sys, time
    value, seconds = run(SIZE), []
    for _ in range(int(sys.argv[1])):
        began = time.perf_counter()
        again = run(SIZE)
        seconds.append(time.perf_counter() - began)
        assert again == value, (again, value)
    version = "%d.%d.%d" % sys.version_info[:3]
    print(json.dumps({"seconds": seconds, "value": repr(value), "version": version}))
_measure()
"""

# A command's words to what it prints.
Side = Callable[[Sequence[str]], str]


def program_names() -> list[str]:
    folder = files("boxer.benchmark") / "programs"
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".py"))
    return sorted(name.removesuffix(".py") for name in names if name != "__init__.py")


def cpu(
    box: Box, python: str, programs: Sequence[str] | None = None, rounds: int = ROUNDS
) -> list[Figure]:
    """Each program's speed in the box as a share of its speed in the native `python`, a path; the
    geometric mean last. Raises `BenchmarkError` where a side fails or both do not agree."""
    versions: set[str] = set()
    shares = {}
    for name in programs or program_names():
        inside, outside = math.inf, math.inf
        for _ in range(TURNS):
            first, second = (
                _turn(side, name, rounds, versions) for side in (_in(box), _natively(python))
            )
            if first["value"] != second["value"]:
                raise BenchmarkError(f"`{name}` gives another value in the box than natively.")
            inside = min(inside, *first["seconds"])
            outside = min(outside, *second["seconds"])
        shares[name] = outside / inside
    said = " and ".join(sorted(versions))
    mean = math.exp(sum(map(math.log, shares.values())) / len(shares))
    return [
        *(Figure(name, "x", share, None, TURNS * rounds) for name, share in shares.items()),
        Figure(f"geometric mean, native Python {said} = 1", "x", mean, None, len(shares)),
    ]


def _turn(side: Side, name: str, rounds: int, versions: set[str]) -> dict[str, list[float]]:
    source = (files("boxer.benchmark") / "programs" / f"{name}.py").read_text("utf-8")
    answer: dict[str, list[float]] = json.loads(side(["-c", source + HARNESS, str(rounds)]))
    versions.add(str(answer["version"]))
    return answer


def _in(box: Box) -> Side:
    limits = Limits(time=TURN_SECONDS, cpu=TURN_SECONDS)

    def run(arguments: Sequence[str]) -> str:
        result = box.run(["python", *arguments], limits=limits)
        if result.exit_code:
            raise BenchmarkError(f"The program failed in the box: {_last_line(result.stderr)}")
        return result.stdout.decode()

    return run


def _natively(python: str) -> Side:
    def run(arguments: Sequence[str]) -> str:
        try:
            done = run_program([python, *arguments], timeout=TURN_SECONDS)
        except OSError as error:
            raise BenchmarkError(f"`{python}` did not run: {error}.") from None
        if done.returncode:
            raise BenchmarkError(f"The program failed in `{python}`: {_last_line(done.stderr)}")
        return done.stdout.decode()

    return run


def _last_line(text: bytes) -> str:
    return (text.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
