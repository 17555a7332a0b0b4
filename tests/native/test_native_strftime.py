"""The libc's strftime, compiled natively, against glibc's."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from tests.native.compiling import COMPILER, GUEST, HERE, SANITIZERS, run

SOURCE = GUEST / "libc" / "src" / "time" / "strftime.c"
NAMES = ("strftime", "wcsftime", "strftime_l", "wcsftime_l")
# Beside glibc's own; names that begin with two underscores are the system's.
RENAMED = [
    *(f"-D{name}=box_{name}" for name in NAMES),
    *(f"-D__{name}=box_inner_{name}" for name in NAMES[2:]),
]
FLAGS = ["-std=gnu17", "-g", "-O1", "-fno-builtin", *SANITIZERS]

pytestmark = pytest.mark.skipif(
    COMPILER is None or platform.libc_ver()[0] != "glibc", reason="it takes gcc and glibc"
)


def test_strftime_writes_what_glibc_writes(tmp_path: Path) -> None:
    ours = tmp_path / "strftime.o"
    run([str(COMPILER), *FLAGS, *RENAMED, "-c", str(SOURCE), "-o", str(ours)], tmp_path)
    program = tmp_path / "against_strftime"
    command = [str(COMPILER), *FLAGS, str(HERE / "against_strftime.c"), str(ours)]
    run([*command, "-o", str(program)], tmp_path)
    run([str(program), os.environ.get("BOXER_COMPARE_CALLS", "100000")], tmp_path)
