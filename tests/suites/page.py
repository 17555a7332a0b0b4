"""The page of documentation that says what other people's packages' own tests come to in a box.

Belongs here: its text. Does not: running, judging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tests.conformance.outcomes import Outcome
from tests.suites.sides import Suite

HEAD = """\
# Other people's tests in a box

Made by `make suites`: the packages' own tests, from their source archives and unchanged, run in a
box and in a native Python of the same version with the same packages, and are compared test by
test. Neither side has cryptography, with which they make certificates, so tests of TLS are
skipped on both. A test that comes to less in the box than natively and is not listed below fails
the run.

| package | version | passed | failed | hung | skipped | natively passed | failed | skipped |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""


def page(
    rows: Iterable[tuple[Suite, Outcome, Outcome]], expected: Mapping[str, Mapping[str, str]]
) -> str:
    """The page's text (Markdown). rows: package, outcomes in the box and natively."""
    lines, reasons = [], Counter[tuple[str, str]]()
    for suite, box, native in rows:
        cells = [len(part) for part in (box.passed, box.failed, box.hung, box.skipped)]
        cells += [len(part) for part in (native.passed, native.failed, native.skipped)]
        numbers = " | ".join(f"{cell:,}" for cell in cells)
        ended = " (did not end)" if box.ended else ""
        lines.append(f"| {suite.name}{ended} | {suite.version} | {numbers} |")
        reasons.update((suite.name, reason) for reason in expected.get(suite.name, {}).values())
    text = HEAD + "\n".join(lines) + "\n"
    if reasons:
        text += "\n## Expected differences\n\n| package | entries | reason |\n|---|---:|---|\n"
        told = sorted(reasons.items())
        text += "".join(f"| {name} | {count} | {reason} |\n" for (name, reason), count in told)
    return text
