"""The machine under every program: guest/kernel, guest/entry and guest/shell, compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

from recipes import toolchain
from recipes.progress import Progress
from recipes.workshop import GUEST, digest_of, product

# Read by people and now and then by programs, or run once in a life: compiled for size.
SMALL = (
    *(GUEST / "kernel" / "fs" / "proc", GUEST / "kernel" / "trace", GUEST / "kernel" / "tty"),
    *(GUEST / "kernel" / "fs" / "dev", GUEST / "kernel" / "ipc", GUEST / "kernel" / "process"),
    *(GUEST / "kernel" / "boot", GUEST / "kernel" / "outside"),
    *(GUEST / "entry", GUEST / "shell"),
)
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")


def machine(sysroot: Path, zlib: Path, xz: Path, progress: Progress) -> Path:
    """The folder with start.o (entry) and libmachine.a; built on first use.

    The kernel inflates the files of lower layers with zlib, and with xz where a program has that.
    """
    inputs: list[str | bytes | Path] = [
        GUEST / "kernel",
        GUEST / "entry",
        GUEST / "shell",
        GUEST / "include",
        sysroot.name,
        zlib.name,
        xz.name,
    ]
    digest = digest_of([*inputs, Path(__file__)])

    def make(folder: Path) -> None:
        flags = [
            *toolchain.flags(sysroot / "include", zlib / "include", xz / "include"),
            *WARNINGS,
            "-std=gnu17",
            "-D_GNU_SOURCE",
            *("-I", str(GUEST / "include")),
        ]
        units = [
            *_units(GUEST / "kernel", folder, [*flags, "-iquote", str(GUEST / "kernel")]),
            *_units(GUEST / "entry", folder, flags),
            *_units(GUEST / "shell", folder, [*flags, "-I", str(GUEST / "entry")]),
        ]
        objects = toolchain.compile_all(units, progress, "the kernel")
        start = folder / "obj" / "entry-start.o"
        objects.remove(start)
        toolchain.archive(folder / "libmachine.a", objects)
        start.rename(folder / "start.o")
        shutil.rmtree(folder / "obj")

    return product("machine", digest, make)


def link_inputs(folder: Path, zlib: Path) -> list[Path]:
    """What every program is linked with, in the linker's order."""
    return [folder / "start.o", folder / "libmachine.a", zlib / "lib" / "libz.a"]


def _units(source: Path, folder: Path, flags: list[str]) -> list[toolchain.Unit]:
    files = sorted(source.rglob("*.c"))
    return [
        toolchain.Unit(
            file,
            folder / "obj" / f"{source.name}-{'-'.join(file.relative_to(source).parts)[:-2]}.o",
            (*flags, *(("-Os",) if file.parent in SMALL else ())),
        )
        for file in files
    ]
