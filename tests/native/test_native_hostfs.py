"""The file system, host folders, /dev and /proc: the whole kernel natively under sanitizers.

The host's double opens real folders (`host_posix.c`) and aborts the test when the kernel asks for a
path that could lead out of one. All of `guest/kernel` is linked; nothing of it is replaced.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native.compiling import COMPILER, HERE, compile_object, link, run

PROGRAMS = ["check_devproc", "check_hostfs", "check_names", "check_access", "check_contents"]
PROGRAMS += ["check_moving", "check_extras", "check_tree", "check_file_faults", "check_hostmap"]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")


@pytest.mark.parametrize("program", PROGRAMS)
def test_file_system_checks_pass_under_sanitizers(
    program: str, kernel_objects: list[Path], tmp_path: Path
) -> None:
    own = compile_object(HERE / f"{program}.c", tmp_path)
    run([str(link([own, *kernel_objects], tmp_path / program))], tmp_path)
