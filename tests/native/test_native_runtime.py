"""The runtime half of the guest kernel, compiled natively under sanitizers.

Each `check_*.c` is a program whose tests boot their own machine over the doubles of this folder: a
host with virtual time and stdio in memory, and a descriptor table in place of the file system.
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

# The kernel's files of this half: what the doubles do not replace.
KERNEL = [
    "boot",
    "clock",
    "console",
    "credentials",
    "epoll",
    "eventfd",
    "limits",
    "memory",
    "mmap",
    "mmap_advice",
    "pipe",
    "poll",
    "posix_timer",
    "process",
    "shared_mapping",
    "signal",
    "signal_calls",
    "signalfd",
    "slab",
    "socket",
    "socket_calls",
    "socket_connect",
    "socket_control",
    "socket_inet",
    "socket_options",
    "socket_queue",
    "socket_transfer",
    "socket_unix",
    "syscall",
    "syscall_table",
    "timer",
    "timerfd",
    "trace",
    "wait",
]
SUPPORT = ["check", "double_calls", "double_files", "double_host"]
PROGRAMS = ["check_faults", "check_memory", "check_poll", "check_process", "check_signal"]
PROGRAMS += ["check_socket", "check_time"]

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
    sources = [GUEST / "kernel" / f"{name}.c" for name in KERNEL]
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
