"""The page of documentation that says what CPython's own tests come to, from outcomes.

Belongs here: its text. Does not: running, judging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tests.conformance.outcomes import LEFT_OUT, Outcome, left_out

Pair = tuple[Outcome, Outcome]

HEAD = """\
# CPython's own tests in a box

Made by `python -m tests.conformance --native PYTHON --write FILE`, which runs the modules of
`tests/conformance/modules.toml` from CPython's sources in a box and in a native Python of the same
version, both without the tests' optional resources (network, large files, long waits).

{modules} modules: {passed:,} tests passed, {failed:,} failed and {omitted:,} were left out, each
for a reason below; {skipped:,} were skipped. Natively {native_passed:,} passed, {native_failed:,}
failed, {native_skipped:,} were skipped. A test that fails and is not expected to, or passes and is
not, fails the run; so does a skip for a reason that is not in `expected_skips.toml`.

## By module

| module | passed | failed | left out | skipped | natively passed | failed | skipped |
|---|---:|---:|---:|---:|---:|---:|---:|
"""

LACKING = """\

## What a box does not have

| feature | what a program is told that wants it |
|---|---|
{told}

CPython's tests of these are run for a minute each; what they come to is not judged.

| module | passed | failed | skipped | ended early |
|---|---:|---:|---:|---|
{modules}
"""


def page(pairs: Iterable[Pair], expected: Mapping[str, Mapping[str, str]]) -> str:
    """The page's text (Markdown). pairs: outcomes in the box and natively, by module."""
    pairs = list(pairs)
    omitted = {box.module: left_out(expected.get(box.module, {})) for box, _ in pairs}
    total: Counter[str] = Counter()
    rows = []
    for box, native in pairs:
        cells = {
            "passed": len(box.passed),
            "failed": len(box.failed),
            "omitted": len(omitted[box.module]),
            "skipped": len(box.skipped),
            "native_passed": len(native.passed),
            "native_failed": len(native.failed),
            "native_skipped": len(native.skipped),
        }
        total.update(cells)
        numbers = " | ".join(f"{cell:,}" for cell in cells.values())
        rows.append(f"| {box.module}{_unfinished(box, native)} | {numbers} |")
    reasons = Counter(
        reason.removeprefix(LEFT_OUT)
        for box, _ in pairs
        for reason in expected.get(box.module, {}).values()
    )
    skips = Counter(
        told
        for box, native in pairs
        for name, told in box.skipped.items()
        if name not in native.skipped
    )
    parts = [
        HEAD.format(modules=len(pairs), **total) + "\n".join(rows),
        "## Why tests fail or are left out\n\n| tests | reason |\n|---:|---|\n" + _table(reasons),
        "## What is skipped here and not natively\n\n| tests | CPython's words |\n|---:|---|\n"
        + _table(skips),
    ]
    return "\n\n".join(parts) + "\n"


def lacking(told: Mapping[str, str], outcomes: Iterable[Outcome]) -> str:
    """The page's last part. told: the last line a program is told, by feature."""
    rows = [
        f"| {box.module} | {len(box.passed):,} | {len(box.failed):,} | {len(box.skipped):,} "
        f"| {_cell(box.ended)} |"
        for box in outcomes
    ]
    lines = [f"| {_cell(feature)} | {_cell(text)} |" for feature, text in told.items()]
    return LACKING.format(told="\n".join(lines), modules="\n".join(rows))


def _unfinished(box: Outcome, native: Outcome) -> str:
    told = {"here": box.ended, "natively": native.ended}
    places = [place for place, ended in told.items() if ended]
    return f" (did not end {' and '.join(places)})" if places else ""


def _cell(text: str) -> str:
    return text.replace("|", "/")


def _table(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"| {count} | {_cell(text)} |" for text, count in ordered)
