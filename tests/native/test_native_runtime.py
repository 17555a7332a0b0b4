"""The runtime half of the guest kernel, compiled natively under sanitizers.

Each `check_*.c` is a program whose tests boot their own machine over the doubles of this folder: a
host with virtual time, stdio in memory and no folders.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
GUEST = HERE.parents[1] / "guest"
COMPILER = shutil.which("gcc")
FLAGS = [
    "-std=c17",
    "-ffreestanding",
    "-g",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
]
INCLUDES = [f"-I{HERE}", f"-I{GUEST / 'include'}", f"-I{GUEST / 'kernel'}"]

# All of the kernel but its host door, which the doubles are, and zlib.
LEFT_OUT = {"lower.c"}
SUPPORT = ["check", "double_folders", "double_host"]
SUBJECTS = "faults mapping memory poll process random signal socket time"
PROGRAMS = [f"check_{subject}" for subject in SUBJECTS.split(" ")]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")


def compile_object(source: Path, into: Path) -> Path:
    target = into / f"{source.stem}.o"
    command = [str(COMPILER), *FLAGS, *INCLUDES, "-c", str(source), "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="session")
def runtime_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    into = tmp_path_factory.mktemp("runtime")
    kernel = sorted((GUEST / "kernel").glob("*.c"))
    sources = [source for source in kernel if source.name not in LEFT_OUT]
    sources += [HERE / f"{name}.c" for name in SUPPORT]
    return [compile_object(source, into) for source in sources]


@pytest.mark.parametrize("program", PROGRAMS)
def test_runtime_checks_pass_under_sanitizers(
    program: str, runtime_objects: list[Path], tmp_path: Path
) -> None:
    own = compile_object(HERE / f"{program}.c", tmp_path)
    executable = tmp_path / program
    objects = [str(path) for path in [own, *runtime_objects]]
    link = [str(COMPILER), *FLAGS, *objects, "-o", str(executable)]
    linked = subprocess.run(link, capture_output=True, text=True, check=False)
    assert linked.returncode == 0, linked.stderr
    done = subprocess.run(
        [str(executable)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
