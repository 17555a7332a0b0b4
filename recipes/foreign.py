"""libffi's interface, of our own (guest/ffi): calls of functions whose type shows at run time."""

from __future__ import annotations

import shutil
from pathlib import Path

from recipes import toolchain
from recipes.progress import Progress
from recipes.workshop import GUEST, digest_of, product

VERSION = "3.4.6"  # whose interface it has
SOURCE = GUEST / "ffi"


def ffi_library(sysroot: Path, progress: Progress) -> Path:
    """The folder with include/ffi.h and lib/libffi.a; built on first use."""
    digest = digest_of([SOURCE, sysroot.name, toolchain.zig_version(), Path(__file__)])

    def make(folder: Path) -> None:
        flags = (*toolchain.flags(sysroot / "include"), "-Os", "-Wall", "-Wextra", "-Werror")
        units = [
            toolchain.Unit(file, folder / "obj" / f"{file.stem}.o", flags)
            for file in sorted(SOURCE.glob("*.c"))
        ]
        objects = toolchain.compile_all(units, progress, "calls of foreign functions")
        toolchain.archive(folder / "lib" / "libffi.a", objects)
        (folder / "include").mkdir()
        shutil.copy(SOURCE / "ffi.h", folder / "include")
        shutil.rmtree(folder / "obj")

    return product("lib-ffi", digest, make)
