"""What CPython's own tests came to, and what was expected.

Belongs here: reading a module's outcomes, keeping them, judging them against
expected_failures.toml. Does not: running anything (`running`).

Invariant: a failure that is not expected is bad, and so is an expected one that passes or is not
there, and so is a skip for a reason that nobody has looked at. A test that would not come to an
end, or would take the others with it, is left out: its reason begins so.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).parent
BAD = ("fail", "error")
# Stands for a module that does not come to its end.
WHOLE = "*"
LEFT_OUT = "left out: "


@dataclass
class Outcome:
    """A module's tests by what they came to. hung: those that did not come to their end. ended:
    empty, or why the module did not.
    """

    module: str
    passed: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    hung: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    seconds: float = 0.0


def read_outcome(module: str, lines: Iterable[str], ending: str) -> Outcome:
    """Reads what inside.py said. ending: why the run ended, where it did not say `done`."""
    outcome = Outcome(module)
    running, done = read_lines(outcome, lines)
    outcome.passed -= outcome.failed.keys()
    if not done:
        outcome.ended = f"{ending} in {running or 'its import'}"
    return outcome


def read_lines(outcome: Outcome, lines: Iterable[str]) -> tuple[str, bool]:
    """Adds what inside.py said. The test that was begun last, and whether it said `done`."""
    running, done = "", False
    for line in lines:
        word, name, detail = [*line.split(" ", 2), "", ""][:3]
        if word == "begin":
            running = name
        elif word == "ok":
            outcome.passed.add(name)
        elif word == "skip":
            outcome.skipped[name] = detail
        elif word in BAD:
            outcome.failed.setdefault(name, detail)
        elif word == "done":
            done = True
    return running, done


def kept(path: Path, run: Callable[[], Outcome]) -> Outcome:
    """What is kept in a file, where one is; else what comes of `run`, which is kept there."""
    if not path.exists():
        outcome = run()
        keep(path, outcome)
        return outcome
    told = json.loads(path.read_text())
    return Outcome(**{**told, "passed": set(told["passed"])})


def keep(path: Path, outcome: Outcome) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({**asdict(outcome), "passed": sorted(outcome.passed)}, indent=1))
    draft.replace(path)


def expected_failures() -> dict[str, dict[str, str]]:
    """Reasons by module and test."""
    with (HERE / "expected_failures.toml").open("rb") as file:
        return tomllib.load(file)


def expected_skips() -> list[str]:
    """Patterns (fnmatch) of the reasons for which tests may be skipped."""
    with (HERE / "expected_skips.toml").open("rb") as file:
        read = tomllib.load(file)
    return [*read["natively"], *read["here"]]


def left_out(expected: Mapping[str, str]) -> list[str]:
    """The tests and classes that are not run, for what they would do to the others."""
    return [name for name, reason in expected.items() if reason.startswith(LEFT_OUT)]


def surprises(
    outcome: Outcome,
    expected: Mapping[str, str],
    skips: Collection[str],
    native: Outcome | None = None,
) -> list[str]:
    """What is not as expected, a line each; none is well. What is skipped natively for the same
    reason is as it should be.
    """
    same = native.skipped if native else {}
    bad = outcome.failed.keys() | outcome.hung.keys()
    run = outcome.passed | bad | outcome.skipped.keys()
    found = [
        f"{name} failed: {detail}"
        for name, detail in sorted(outcome.failed.items())
        if name not in expected
    ]
    found += [
        f"{name} hung: {detail}"
        for name, detail in sorted(outcome.hung.items())
        if name not in expected
    ]
    found += [
        f"{name} passed, though it is expected to fail"
        for name in sorted(expected.keys() & outcome.passed)
    ]
    found += [
        f"{name} was not run, though it is expected to fail"
        for name, reason in sorted(expected.items())
        if not outcome.ended
        and name != WHOLE
        and not reason.startswith(LEFT_OUT)
        and name not in run
    ]
    found += [
        f"{name} was skipped: {reason}"
        for name, reason in sorted(outcome.skipped.items())
        if same.get(name) != reason and not any(fnmatchcase(reason, each) for each in skips)
    ]
    if outcome.ended and WHOLE not in expected:
        found.append(f"{outcome.module} did not end: {outcome.ended}")
    if not outcome.ended and WHOLE in expected:
        found.append(f"{outcome.module} ended, though it is expected not to")
    return found
