"""`python -m tests.conformance [--json FILE] [TIER-OR-MODULE ...]`: CPython's own tests in a box.

A table by module, then what is not as expected. Exit status 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conformance.outcomes import HERE, Outcome, expected_failures, surprises
from tests.conformance.running import box, run

TIERS = ("files", "system", "language")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("names", nargs="*", default=list(TIERS))
    options = parser.parse_args()
    listed = tomllib.loads((HERE / "modules.toml").read_text())
    modules = [module for name in options.names for module in listed.get(name, [name])]
    expected = expected_failures()
    box()
    outcomes, found = [], []
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(run, modules):
            outcomes.append(outcome)
            tell(outcome)
            found += surprises(outcome, expected.get(outcome.module, {}))
    if options.json:
        options.json.write_text(json.dumps([as_json(outcome) for outcome in outcomes], indent=1))
    total = [
        sum(len(getattr(o, kind)) for o in outcomes) for kind in ("passed", "failed", "skipped")
    ]
    print(f"{len(outcomes)} modules: {total[0]} passed, {total[1]} failed, {total[2]} skipped")
    print("\n".join(found) or "all as expected")
    return bool(found)


def tell(outcome: Outcome) -> None:
    counts = f"{len(outcome.passed):6} {len(outcome.failed):5} {len(outcome.skipped):5}"
    print(f"{outcome.module:<30}{counts} {outcome.seconds:7.1f} s  {outcome.ended}", flush=True)


def as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "module": outcome.module,
        "passed": len(outcome.passed),
        "failed": outcome.failed,
        "skipped": outcome.skipped,
        "ended": outcome.ended,
        "seconds": round(outcome.seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
