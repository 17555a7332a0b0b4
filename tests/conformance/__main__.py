"""CPython's own tests in a box:
`python -m tests.conformance [--json FILE] [--native PYTHON [--write PAGE]] [TIER-OR-MODULE ...]`,
or, for who debugs, `--only NAME,...`: see comparing.py.

A table by module: passed, failed, skipped, and the same of a native Python of the same version
where one is named; then what is not as expected. Exit status 1 if there is any. With `--kept` each
module's outcome is kept in a folder, and what lies there is not run again. For the page the
modules of what a box does not have are run too, and what a program is told is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conformance.comparing import Comparison, native_python
from tests.conformance.outcomes import (
    HERE,
    Outcome,
    expected_failures,
    expected_skips,
    kept,
    surprises,
)
from tests.conformance.refusals import REFUSALS, told
from tests.conformance.report import lacking, page
from tests.conformance.running import PATIENCE, RECORDED, Tests, box_path, run, run_natively
from tests.conformance.watching import Patience

TIERS = ("files", "system", "language", "processes")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--native", metavar="PYTHON")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="the page of documentation")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="a run that was cut goes on")
    parser.add_argument("--only", metavar="NAME,...", help="compared with native, one by one")
    parser.add_argument("-k", default="*", metavar="PATTERN", help="with --only: which tests")
    parser.add_argument("--seconds", type=float, default=30, help="with --only: for a test")
    parser.add_argument("--live", action="store_true", help="with --only: standard error too")
    parser.add_argument("names", nargs="*", default=list(TIERS))
    options = parser.parse_args()
    listed = tomllib.loads((HERE / "modules.toml").read_text())
    if options.only:
        modules = [m for name in options.only.split(",") for m in listed.get(name, [name])]
        python = native_python() if options.native is None else options.native
        patience = Patience(options.seconds, 480)
        return bool(Comparison(python, options.k, patience, options.live).run(modules))
    modules = [module for name in options.names for module in listed.get(name, [name])]
    expected, skips = expected_failures(), expected_skips()
    box_path()
    outcomes, found = [], []

    def once(name: str, tests: Callable[[], Outcome]) -> Outcome:
        return kept(options.kept / f"{name}.json", tests) if options.kept else tests()

    def both(module: str) -> tuple[Outcome, Outcome | None]:
        box = once(module, lambda: run(module))
        if not options.native:
            return box, None
        natively = lambda: run_natively(options.native, Tests(module), PATIENCE)  # noqa: E731
        return box, once(f"{module}-native", natively)

    with ThreadPoolExecutor(2) as pool:
        for outcome, native in pool.map(both, modules):
            outcomes.append((outcome, native))
            tell(outcome, native)
            found += surprises(outcome, expected.get(outcome.module, {}), skips, native)
    if options.json:
        options.json.write_text(json.dumps([as_json(*pair) for pair in outcomes], indent=1))
    if options.write:
        pairs = [(outcome, native) for outcome, native in outcomes if native]
        outside = [run(module, RECORDED) for module in listed["unsupported"]]
        words = {refusal.feature: told(refusal) for refusal in REFUSALS}
        options.write.write_text(page(pairs, expected) + lacking(words, outside))
    total = [sum(counts) for counts in zip(*(counts_of(box) for box, _ in outcomes), strict=True)]
    print(f"{len(outcomes)} modules: {total[0]} passed, {total[1]} failed, {total[2]} skipped")
    print("\n".join(found) or "all as expected")
    return bool(found)


def counts_of(outcome: Outcome) -> tuple[int, int, int]:
    return len(outcome.passed), len(outcome.failed), len(outcome.skipped)


def tell(outcome: Outcome, native: Outcome | None) -> None:
    counts = "{:6} {:5} {:5}".format(*counts_of(outcome))
    beside = "   native {:6} {:5} {:5}".format(*counts_of(native)) if native else ""
    line = f"{outcome.module:<30}{counts}{beside} {outcome.seconds:7.1f} s  {outcome.ended}"
    print(line, flush=True)


def as_json(outcome: Outcome, native: Outcome | None) -> dict[str, object]:
    told: dict[str, object] = {
        "module": outcome.module,
        "passed": len(outcome.passed),
        "failed": outcome.failed,
        "skipped": outcome.skipped,
        "ended": outcome.ended,
        "seconds": round(outcome.seconds, 1),
    }
    if native:
        skipped = outcome.skipped.keys() - native.skipped.keys()
        told["native"] = counts_of(native)
        told["skipped_but_not_natively"] = {name: outcome.skipped[name] for name in skipped}
    return told


if __name__ == "__main__":
    sys.exit(main())
