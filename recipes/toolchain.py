"""Compile: zig (from PyPI) as the C compiler and linker for the guest, and what drives it.

Belongs here: the flags of the target, parallel compiling, archives, the `cc` script that configure
scripts and makefiles see. Does not: which files a project has (each recipe knows).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recipes.failures import RecipeError
from recipes.progress import Progress

# A plain Linux target: wasm32-wasi would define __wasi__, which CPython looks at.
TARGET = ("-target", "wasm32-linux-musl", "-nostdinc")
# zig turns the undefined-behaviour sanitizer and -Werror=date-time on by itself.
# What is copied is mostly small: libc's functions do that at once, an engine leaves the guest for
# each instruction that copies or fills memory.
HABITS = (
    *("-O2", "-g0", "-fno-sanitize=undefined", "-Wno-error=date-time", "-fno-strict-aliasing"),
    "-mno-bulk-memory-opt",
    # Vectors of 16 bytes: every engine that boxes are promised to run in has them.
    "-msimd128",
)

# What is each thread's own lies in a section that the kernel exchanges when threads switch; without
# atomic instructions LLVM makes plain variables of thread-locals, in the section that they name.
SECTION = '__attribute__((section("thread_local")))'
THREAD_LOCALS = tuple(f"-D{word}={word} {SECTION}" for word in ("_Thread_local", "__thread"))
# In C `thread_local` is <threads.h>'s, or a program's own macro.
CXX_THREAD_LOCALS = (f"-Dthread_local=thread_local {SECTION}",)


def zig() -> Path:
    """The zig program of the `ziglang` distribution."""
    found = importlib.util.find_spec("ziglang")
    if found is None or not found.submodule_search_locations:
        raise RecipeError("`ziglang` is not installed", "pip install -e '.[recipes]'")
    return Path(found.submodule_search_locations[0]) / "zig"


def zig_version() -> str:
    """The version of the compiler: part of every digest."""
    return importlib.metadata.version("ziglang")


def flags(*includes: Path) -> list[str]:
    """Compiler flags of the target, with the given system include folders."""
    folders = [*includes, zig().parent / "lib" / "include"]
    system = [part for f in folders for part in ("-isystem", str(f))]
    return [*TARGET, *HABITS, *THREAD_LOCALS, *system]


def run(command: Sequence[str | Path], cwd: Path | None = None, log: Path | None = None) -> str:
    """Runs a command to its end and returns its output; a failure carries the output's tail."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        text=True,
        errors="replace",
        check=False,
    )
    if log:
        log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-25:])
        name = " ".join(str(part) for part in command)[:300]
        raise RecipeError(f"`{name}` failed with status {done.returncode}:\n{tail}")
    return done.stdout


@dataclass(frozen=True)
class Unit:
    """One C file to compile: source, object, flags of its own."""

    source: Path
    object: Path
    flags: tuple[str, ...]


def compile_all(units: Iterable[Unit], progress: Progress, what: str) -> list[Path]:
    """Compiles all units, as many at once as there are processors; returns the objects in order."""
    todo = list(units)
    progress.step(f"compiling {what}")
    run_all([partial(_compile, unit) for unit in todo], progress)
    return [unit.object for unit in todo]


def run_all(jobs: Sequence[Callable[[], object]], progress: Progress) -> None:
    """Runs jobs that wait for programs, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting = [pool.submit(job) for job in jobs]
        for done, future in enumerate(as_completed(waiting), 1):
            future.result()
            progress.count(done, len(jobs))


def _compile(unit: Unit) -> None:
    unit.object.parent.mkdir(parents=True, exist_ok=True)
    run([zig(), "cc", *unit.flags, "-c", unit.source, "-o", unit.object])


def with_names(link_flags: Iterable[str]) -> list[str]:
    """The linker's flags, but that functions keep their names."""
    return ["--strip-debug" if flag == "-s" else flag for flag in link_flags]


def archive(library: Path, objects: Sequence[Path]) -> None:
    """Makes a static library; members in the order given, no dates or owners in it."""
    library.parent.mkdir(parents=True, exist_ok=True)
    response = library.with_suffix(".rsp")
    response.write_text("\n".join(str(path) for path in objects))
    run([zig(), "ar", "rcsD", library, f"@{response}"])
    response.unlink()


def compiler_rt(folder: Path) -> None:
    """Builds the compiler's support library as `libcompiler_rt.a` in `folder`."""
    run(
        [
            zig(),
            "build-lib",
            *("-target", "wasm32-freestanding"),
            *("-O", "ReleaseFast"),
            "-fstrip",
            f"-femit-bin={folder / 'libcompiler_rt.a'}",
            zig().parent / "lib" / "compiler_rt.zig",
        ],
        cwd=folder,
    )
