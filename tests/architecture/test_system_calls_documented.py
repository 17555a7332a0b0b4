"""docs/reference/system-calls.md says of every system call what the kernel's table does with it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "guest" / "kernel" / "sys" / "table.c").read_text()
NUMBERS = (ROOT / "guest" / "include" / "boxer" / "linux_syscalls.h").read_text()
PAGE = (ROOT / "docs" / "reference" / "system-calls.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def named(text: str, column: int) -> list[str]:
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return re.findall(r"`(\w+)`", "".join(row.split("|")[column] for row in rows))


def test_what_the_table_answers_is_listed_once() -> None:
    answered = named(section("Answered"), 2)
    assert sorted(answered) == sorted(re.findall(r"case NR_(\w+):", TABLE))


def test_every_other_call_has_a_reason() -> None:
    known = set(re.findall(r"X\((\w+), \d+\)", NUMBERS))
    left_out = named(section("Not answered: `ENOSYS`"), 1)
    assert sorted(left_out) == sorted(known - set(named(section("Answered"), 2)))


def test_differences_are_of_answered_calls() -> None:
    differing = named(section("Answered, but not as on Linux"), 1)
    assert set(differing) <= set(named(section("Answered"), 2))
