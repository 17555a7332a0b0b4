"""The runtime half of the guest kernel, compiled natively under sanitizers.

Each `check_*.c` is a program whose tests boot their own machine over the doubles of this folder: a
host with virtual time, stdio in memory and no folders.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native.compiling import (
    COMPILER,
    HERE,
    INCLUDES,
    KERNEL,
    compile_object,
    kernel_sources,
    link,
    object_name,
    run,
)

# All of the kernel but its host door, which the doubles are, and zlib.
LEFT_OUT = {"fs-tmpfs-inflate.o", "host_posix.o"}
SUBJECTS = (
    "children exec faults mapping memory network poll process pty random"
    " signal socket space stress tasks time"
)
PROGRAMS = [f"check_{subject}" for subject in SUBJECTS.split(" ")]

PLAIN = ["-std=gnu17", "-ffreestanding", "-O1", *INCLUDES]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")


@pytest.fixture(scope="session")
def runtime_objects(
    kernel_objects: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folders = compile_object(HERE / "double_folders.c", tmp_path_factory.mktemp("runtime"))
    return [folders, *(path for path in kernel_objects if path.name not in LEFT_OUT)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_runtime_checks_pass_under_sanitizers(
    program: str, runtime_objects: list[Path], tmp_path: Path
) -> None:
    own = compile_object(HERE / f"{program}.c", tmp_path)
    executable = link([own, *runtime_objects], tmp_path / program, [])
    run([str(executable)], tmp_path, 120)


def test_every_variable_of_the_kernel_is_no_program_s(tmp_path: Path) -> None:
    """A program's data is exchanged and put back: the kernel's lies apart, but for its bitmaps."""
    known = {"pages_used", "pages_lent", "dirty", "arena", "arena_size"}
    known |= {"boxer_thread_pointer"}  # the program's, as all that is thread-local
    misplaced = []
    for source in kernel_sources():
        compiled = tmp_path / object_name(source)
        run([str(COMPILER), *PLAIN, "-c", str(source), "-o", str(compiled)], tmp_path)
        for line in run(["objdump", "-t", str(compiled)], tmp_path).splitlines():
            words = line.split()
            section = next((word for word in words if word.startswith((".bss", ".data"))), "")
            if (
                section
                and not section.startswith(".data.rel.ro")
                and words[-1] not in {*known, section}
            ):
                misplaced.append(f"{source.relative_to(KERNEL)}: {words[-1]}")
    assert misplaced == []
