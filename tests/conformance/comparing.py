"""`python -m tests.conformance --only MODULE,...`: modules one after the other, box beside native.

Belongs here: the loop of who debugs. Does not: judging a release (`outcomes.surprises`).

A name is one of modules.toml's lists, a module (`test_queue`), a part of one
(`test_asyncio.test_events`) or a class (`test_threading.ThreadTests`). What natively comes of a
module is kept in the cache, so only the box is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes.workshop import cache_root, digest_of
from tests.conformance.outcomes import Outcome, expected_failures, kept
from tests.conformance.running import Tests, run_natively, run_tests
from tests.conformance.watching import Patience
from tests.pythons import PYTHON


@dataclass(frozen=True)
class Comparison:
    """python: the native one, empty for none. live: standard error is seen as it comes."""

    python: str
    only: str
    patience: Patience
    live: bool

    def run(self, modules: Sequence[str]) -> int:
        """How many tests come to less than natively."""
        worse = 0
        for module in modules:
            native = self.natively(module) if self.python else None
            box = run_tests(Tests(module, self.only), self.patience, self.live)
            lines = list(differences(box, native))
            print(summary(box, native), *lines, sep="\n", flush=True)
            worse += len(lines)
        return worse

    def natively(self, module: str) -> Outcome:
        """Run once, and kept."""
        tests = Tests(module, self.only)
        made = Path(self.python).stat()
        same = f"{made.st_size} {made.st_mtime_ns}"
        key = digest_of([same, *tests.arguments("")])[:16]
        path = cache_root() / "conformance" / f"{PYTHON.version}-{module}-{key}.json"
        return kept(path, lambda: run_natively(self.python, tests, self.patience))


def summary(box: Outcome, native: Outcome | None) -> str:
    beside = f"   natively {_counts(native)}" if native else ""
    return f"{box.module:<32} {_counts(box)}{beside}"


def _counts(outcome: Outcome) -> str:
    sizes = (outcome.passed, outcome.failed, outcome.hung, outcome.skipped)
    passed, failed, hung, skipped = map(len, sizes)
    ended = " DID NOT END" if outcome.ended else ""
    words = f"{passed:4} ok {failed:3} failed {hung:2} hung {skipped:3} skipped"
    return f"{words} {outcome.seconds:6.1f} s{ended}"


def differences(box: Outcome, native: Outcome | None) -> Iterator[str]:
    """What comes to less in the box than natively, a line each, with what is written of it."""
    reasons = expected_failures().get(box.module.partition(".")[0], {})
    passed = native.passed if native else set()
    known = {**native.skipped, **native.failed, **native.hung} if native else {}
    for word, found in (("HUNG", box.hung), ("FAIL", box.failed), ("SKIP", box.skipped)):
        for name, detail in found.items():
            if name in known or (native is None and word == "SKIP"):
                continue
            written = f"   [expected: {reasons[name]}]" if name in reasons else ""
            yield f"  {word} {name}{written}\n{_indented(detail)}"
    begun = box.passed | box.failed.keys() | box.hung.keys() | box.skipped.keys()
    missing = sorted(passed - begun)
    if box.ended:
        yield f"  ENDED\n{_indented(box.ended)}"
    if missing:
        yield f"  NOT RUN {len(missing)}: {', '.join(missing[:5])} ..."


def _indented(detail: str) -> str:
    return "\n".join(f"       {line}" for line in detail.splitlines())


def native_python() -> str:
    """The native Python with CPython's tests that is kept in the cache; empty: there is none."""
    homes = [cache_root(), Path.home() / ".cache" / "boxer"]
    program = "python" + ".".join(PYTHON.version.split(".")[:2])
    paths = [home / "native" / f"python-{PYTHON.version}-plain" / "bin" / program for home in homes]
    return next((str(path) for path in paths if path.exists()), "")
