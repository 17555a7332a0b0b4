"""How the native test programs are compiled: the whole kernel, gcc, sanitizers, host_posix.c."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
GUEST = HERE.parents[1] / "guest"
KERNEL = GUEST / "kernel"
COMPILER = shutil.which("gcc")
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["-std=c17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer"]
INCLUDES = [f"-I{HERE}", f"-I{GUEST / 'include'}", f"-iquote{KERNEL}"]
SUPPORT = ["check", "double_fibers", "double_host", "double_network", "host_posix"]
# host_write goes to both doubles; fs/tmpfs/inflate.c needs zlib.
LINKING = ["-Wl,--wrap=host_write", "-lz"]
if Path("/usr/include/lzma.h").exists():
    LINKING.append("-llzma")
# What speaks to the host's own libc: gcc's -ffreestanding is for the rest.
HOSTED = {name: ["-ffreestanding", "-D_GNU_SOURCE"] for name in ("host_posix", "double_fibers")}


def run(command: Sequence[str], within: Path, seconds: float = 300) -> str:
    """The standard output of a program that must end with status 0."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds, cwd=within
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kernel_sources() -> list[Path]:
    """All of the kernel but its door to preview 1, in whose place the doubles are."""
    return sorted(
        path for path in KERNEL.rglob("*.c") if not path.match("guest/kernel/host/preview1*.c")
    )


def object_name(source: Path) -> str:
    """vfs-path.o of the kernel's vfs/path.c: its folders have files of the same name."""
    own = source.relative_to(KERNEL) if source.is_relative_to(KERNEL) else Path(source.name)
    return "-".join(own.with_suffix(".o").parts)


def compile_object(source: Path, into: Path) -> Path:
    target = into / object_name(source)
    own = HOSTED.get(source.stem, ["-ffreestanding"])
    if source.stem.startswith("compare_"):
        own = ["-D_DEFAULT_SOURCE"]
    options = [*FLAGS, *SANITIZERS, *own, *INCLUDES]
    run([str(COMPILER), *options, "-c", str(source), "-o", str(target)], into)
    return target


def link(
    objects: Sequence[Path], executable: Path, options: Sequence[str] = tuple(LINKING)
) -> Path:
    parts = [str(path) for path in objects]
    command = [str(COMPILER), *FLAGS, *SANITIZERS, *parts, *options, "-o", str(executable)]
    run(command, executable.parent)
    return executable
