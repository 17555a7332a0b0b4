"""What Boxer and the kernel agree on stands in one place; all else is made from it."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pytest

import abi
from boxer.abi import (
    BOOT,
    KERNEL_ABI,
    SIGNALS,
    TREE,
    TREE_ENTRY,
    BootField,
    Phase,
    Reached,
    SignalsField,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("file", "text"), [(abi.HEADER, abi.header()), (abi.MODULE, abi.module())])
def test_files_are_those_that_are_made(file: Path, text: str) -> None:
    assert file.read_text() == text, "run `python -m abi`"


def test_the_number_stands_nowhere_else() -> None:
    """A KERNEL_ABI that is set by hand, in code or in a recipe, would be forgotten."""
    done = subprocess.run(
        ["git", "grep", "-nE", r"KERNEL_ABI\s*(:\s*\w+\s*)?=?\s*[0-9]", "--", "*.py", "*.c", "*.h"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    files = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert files <= {"guest/include/boxer/boot.h", "src/boxer/abi.py"}


def _offsets(name: str, layout: struct.Struct) -> list[str]:
    """What the format of a structure says of where its fields are."""
    [described] = [entry for entry in abi.description()["struct"] if entry["name"] == name]
    names = ["magic"] if "magic" in described else []
    names += [field["name"] for field in described["fields"] if field["name"] != "reserved"]
    items = re.findall(r"\d*s|[Iq]", layout.format)
    assert len(items) == len(names)
    places = [struct.calcsize("<" + "".join(items[:count])) for count in range(len(items))]
    return [
        f"offsetof(struct boxer_{name}, {field}) == {place}"
        for field, place in zip(names, places, strict=True)
    ]


def test_a_compiler_sees_what_python_reads(tmp_path: Path) -> None:
    """The header, compiled, has the sizes, offsets and numbers of the module."""
    claims = [
        f"sizeof(struct boxer_boot) == {BOOT.size}",
        f"sizeof(struct boxer_tree) == {TREE.size}",
        f"sizeof(struct boxer_tree_entry) == {TREE_ENTRY.size}",
        f"BOXER_KERNEL_ABI == {KERNEL_ABI}",
        *(f"offsetof(struct boxer_boot, {f.name.lower()}) == {f.value}" for f in BootField),
        f"sizeof(struct boxer_signals) == {SIGNALS.size}",
        *(f"offsetof(struct boxer_signals, {f.name.lower()}) == {f.value}" for f in SignalsField),
        *_offsets("tree", TREE),
        *_offsets("tree_entry", TREE_ENTRY),
        *(f"BOXER_PHASE_{phase.name} == {phase.value}" for phase in Phase),
        *(f"BOXER_REACHED_{limit.name} == {limit.value}" for limit in Reached),
    ]
    lines = [f'_Static_assert({claim}, "{claim}");' for claim in claims]
    program = tmp_path / "claims.c"
    program.write_text(f'#include "{abi.HEADER}"\n' + "\n".join(lines))
    done = subprocess.run(
        ["gcc", "-Wno-attributes", "-fsyntax-only", program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
