"""`python -m tests.suites.compared [--side SIDE] [--write PAGE] [PACKAGE ...]`: packages' own
tests in a box and natively, compared test by test (compared.toml).

Belongs here: running, judging. Does not: the packages' sources and what runs them (sides.py), the
page (page.py).

A table by package; then each test that comes to less in the box than natively and does not stand
in expected_differences.toml, and what stands there and is no more so. Exit status 1 if there is
any. A test that hangs is said, and the rest is run behind it. A side that is not run is as it came
out the last time.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from recipes.workshop import cache_root
from tests.conformance.outcomes import Outcome, kept
from tests.conformance.watching import Patience
from tests.suites.page import page
from tests.suites.sides import HERE, Suite, load_suites, run_in_box, run_natively

PATIENCE = Patience(test=60, module=1800)
# Stands for all tests whose name begins so.
REST = "*"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.suites.compared", description=__doc__)
    parser.add_argument("--side", choices=("box", "native", "both", "none"), default="both")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("--seconds", type=float, default=PATIENCE.test, help="for a test")
    parser.add_argument("names", nargs="*", metavar="PACKAGE")
    options = parser.parse_args()
    suites = load_suites()
    expected = tomllib.loads((HERE / "expected_differences.toml").read_text("utf-8"))
    patience = Patience(options.seconds, PATIENCE.module)
    rows: list[tuple[Suite, Outcome, Outcome]] = []
    found: list[str] = []
    for name in options.names or list(suites):
        suite = suites[name]
        native = _natively(suite, patience, options.side)
        _tell(f"{name}, natively", native)
        if options.side == "native":
            continue
        box = _in_box(suite, patience, options.side)
        _tell(name, box)
        rows.append((suite, box, native))
        found += differences(name, box, native, expected.get(name, {}))
    if options.write:
        options.write.write_text(page(rows, expected), "utf-8")
    print("\n".join(found) or "all as expected")
    return bool(found)


def differences(
    package: str, box: Outcome, native: Outcome, expected: Mapping[str, str]
) -> list[str]:
    """What comes to less in the box and is not expected to; what is, and does not."""
    worse = dict(_worse(box, native))
    found = [
        f"{package}: {name} {told}"
        for name, told in sorted(worse.items())
        if reason_of(name, expected) is None
    ]
    found += [
        f"{package}: {pattern} is expected to be different, and is not"
        for pattern in expected
        if not any(_fits(name, pattern) for name in worse)
    ]
    return found


def _worse(box: Outcome, native: Outcome) -> Iterator[tuple[str, str]]:
    for name in sorted(native.passed):
        if name in box.hung:
            yield name, f"hung: {box.hung[name]}"
        elif name in box.failed:
            yield name, f"failed: {box.failed[name]}"
        elif name in box.skipped:
            yield name, f"was skipped: {box.skipped[name]}"
        elif name not in box.passed:
            yield name, "was not run"
    # Modules that cannot be imported there have no tests.
    for name in sorted(box.failed.keys() - native.failed.keys() - native.passed):
        yield name, f"failed: {box.failed[name]}"
    if box.ended:
        yield "the run", f"did not end: {box.ended}"


def reason_of(name: str, expected: Mapping[str, str]) -> str | None:
    return next((reason for pattern, reason in expected.items() if _fits(name, pattern)), None)


def _fits(name: str, pattern: str) -> bool:
    if pattern.endswith(REST):
        return name.startswith(pattern.removesuffix(REST))
    return name == pattern


def _natively(suite: Suite, patience: Patience, side: str) -> Outcome:
    """With `box` and `none`: what came out the last time, if it did."""
    if side in ("native", "both"):
        _kept(suite, "native").unlink(missing_ok=True)
    return kept(_kept(suite, "native"), lambda: run_natively(suite, patience))


def _in_box(suite: Suite, patience: Patience, side: str) -> Outcome:
    if side != "none":
        _kept(suite, "box").unlink(missing_ok=True)
    return kept(_kept(suite, "box"), lambda: run_in_box(suite, patience))


def _kept(suite: Suite, side: str) -> Path:
    return cache_root() / "suites" / f"{suite.name}-{suite.digest()[:12]}-{side}.json"


def _tell(name: str, outcome: Outcome) -> None:
    parts = ("passed", "failed", "hung", "skipped")
    counts = ", ".join(f"{len(getattr(outcome, part)):5} {part}" for part in parts)
    print(f"{name:<24}{counts} {outcome.seconds:7.1f} s {outcome.ended}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
