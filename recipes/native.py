"""The host's own native parts: what `src/boxer/runtime` calls for speed, and the launcher.

Belongs here: compiling native/ for this machine. Does not: anything that goes into a box.

They lie in the cache by ABI number and machine. Without them Boxer does the same, slower.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from pathlib import Path

import abi
from recipes import toolchain
from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.workshop import ROOT, cache_root, digest_of

SOURCES = ROOT / "native"
# Of the guest's headers, those they share with it.
SHARED = (abi.HEADER, abi.HEADER.with_name("preview1_errors.h"))
LIBRARY = "libboxer.so"
LAUNCHER = "boxer"
# Only the launcher's.
LAUNCHER_SOURCES = ("launcher.c", "plan.c", "volumes.c")
# Not the launcher's: it hands over every run with a network, and loads a library less.
NETWORK_SOURCES = ("nameserver.c",)
# The oldest glibc whose symbols are used: Debian 10, RHEL 8.
GLIBC = "2.28"
FLAGS = ("-O2", "-std=c17", "-Wall", "-Wextra", "-Werror", "-fno-sanitize=undefined", "-fPIC", "-s")


def is_supported() -> bool:
    """Whether this machine is one the native parts are written for."""
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "aarch64")


def native_folder() -> Path:
    """Where they lie; src/boxer/runtime/native.py looks there too."""
    header = (SOURCES / "machine.h").read_text()
    match = re.search(r"^#define BOXER_NATIVE_ABI (\d+)$", header, re.MULTILINE)
    assert match is not None, "native/machine.h states the ABI number"
    return cache_root() / "native" / f"{match[1]}-{platform.machine()}"


def build_native(progress: Progress) -> Path | None:
    """Compiles them unless they are there; None where they cannot be."""
    if not is_supported():
        return None
    folder = native_folder()
    digest = digest_of([SOURCES, *SHARED, Path(__file__), toolchain.zig_version()])
    note = folder / "digest"
    if note.is_file() and note.read_text() == digest and _is_whole(folder / LIBRARY):
        return folder
    progress.step("compiling the native parts")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"draft.{os.getpid()}"
    draft.mkdir(mode=0o700)
    try:
        _compile(draft)
        _sum(draft / LIBRARY).write_text(_sha256(draft / LIBRARY))
        for name in (LIBRARY, _sum(folder / LIBRARY).name, LAUNCHER):
            (draft / name).replace(folder / name)
        (draft / "digest").write_text(digest)
        (draft / "digest").replace(note)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _sum(file: Path) -> Path:
    """Where the sum is that src/boxer/runtime/native.py compares."""
    return file.with_name(f"{file.name}.sha256")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is_whole(file: Path) -> bool:
    try:
        return _sum(file).read_text("ascii") == _sha256(file)
    except OSError:
        return False


def install_launcher(file: Path) -> None:
    """Puts the launcher where the Python program `boxer` was; it calls `python -m boxer`."""
    launcher = native_folder() / LAUNCHER
    if file.exists() and not file.is_file():
        raise RecipeError(f"{file} is no file", "name the program `boxer` of an environment")
    if launcher.is_file():
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        shutil.copy2(launcher, draft)
        draft.replace(file)


def _compile(folder: Path) -> None:
    target = ("-target", f"{platform.machine()}-linux-gnu.{GLIBC}")
    everything = sorted(SOURCES.glob("*.c"))
    shared = [path for path in everything if path.name not in LAUNCHER_SOURCES]
    compiler = (toolchain.zig(), "cc", *target, *FLAGS)
    own = [path for path in everything if path.name not in NETWORK_SOURCES]
    common = ("-lpthread", "-ldl")
    toolchain.run([*compiler, "-shared", *shared, *common, "-lresolv", "-o", folder / LIBRARY])
    toolchain.run([*compiler, *own, *common, "-o", folder / LAUNCHER])
    (folder / LIBRARY).chmod(0o600)
    (folder / LAUNCHER).chmod(0o755)
