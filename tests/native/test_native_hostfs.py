"""The file system, host folders, /dev and /proc: the whole kernel natively under sanitizers.

The host's double opens real folders (`host_posix.c`) and aborts the test when the kernel asks for a
path that could lead out of one. All of `guest/kernel` is linked; nothing of it is replaced.
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
SUPPORT = ["check", "double_host", "host_posix"]
PROGRAMS = ["check_devproc", "check_hostfs", "check_names", "check_access", "check_contents"]
PROGRAMS += ["check_moving", "check_extras", "check_tree"]
# host_write goes to both doubles; lower.c needs zlib.
LINKING = ["-Wl,--wrap=host_write", "-lz"]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="gcc is not installed")


def run(command: list[str], within: Path) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, cwd=within
    )
    assert done.returncode == 0, done.stdout + done.stderr


def compile_object(source: Path, into: Path) -> Path:
    target = into / f"{source.stem}.o"
    own = ["-D_GNU_SOURCE"] if source.stem == "host_posix" else []
    run([str(COMPILER), *FLAGS, *own, *INCLUDES, "-c", str(source), "-o", str(target)], into)
    return target


@pytest.fixture(scope="session")
def kernel_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    into = tmp_path_factory.mktemp("kernel")
    sources = sorted((GUEST / "kernel").glob("*.c")) + [HERE / f"{name}.c" for name in SUPPORT]
    return [compile_object(source, into) for source in sources]


@pytest.mark.parametrize("program", PROGRAMS)
def test_file_system_checks_pass_under_sanitizers(
    program: str, kernel_objects: list[Path], tmp_path: Path
) -> None:
    own = compile_object(HERE / f"{program}.c", tmp_path)
    executable = tmp_path / program
    objects = [str(path) for path in [own, *kernel_objects]]
    run([str(COMPILER), *FLAGS, *objects, *LINKING, "-o", str(executable)], tmp_path)
    run([str(executable)], tmp_path)
