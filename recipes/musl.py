"""musl for the guest: upstream's C files with guest/libc laid over them, as headers and libc.a.

musl's own configure and makefile are not used: what they do for a new architecture is pick files
and generate three headers, which is what is written here.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from recipes import toolchain
from recipes.progress import Progress
from recipes.sources import load_sources, unpacked
from recipes.workshop import GUEST, digest_of, product

ARCH = "wasm32"
# The newest 32-bit Linux interface musl knows: 64-bit time and statx only. Ours differs little.
MODEL = "riscv32"
# Folders of src/ that the makefile compiles; `malloc` is one of two, see musl's --with-malloc.
MALLOC = "mallocng"
OPTIMISED = ("-O3",)
# The functions that copy and fill memory have the instructions for it, whatever HABITS say.
COPYING = ("-mcpu=generic",)


def sysroot(progress: Progress) -> Path:
    """The folder with include/ and lib/libc.a, lib/libcompiler_rt.a; built on first use."""
    source = load_sources()["musl"]
    changed = unpacked(source).parent.name  # ends in a digest of the sources and their changes
    digest = digest_of([changed, toolchain.zig_version(), GUEST / "libc", Path(__file__)])

    def make(folder: Path) -> None:
        tree = folder / "src"
        shutil.copytree(unpacked(source), tree, symlinks=True)
        shutil.copytree(tree / "arch" / MODEL, tree / "arch" / ARCH)
        shutil.copytree(GUEST / "libc", tree, dirs_exist_ok=True)
        _headers(tree, folder / "include", source.version)
        units = [_unit(tree, folder, file) for file in _files(tree)]
        objects = toolchain.compile_all(units, progress, f"musl {source.version}")
        toolchain.archive(folder / "lib" / "libc.a", objects)
        toolchain.compiler_rt(folder / "lib")
        for name in ("m", "rt", "pthread", "crypt", "util", "xnet", "resolv", "dl"):
            toolchain.archive(folder / "lib" / f"lib{name}.a", [])
        shutil.rmtree(tree)
        shutil.rmtree(folder / "obj")

    return product("musl", digest, make)


def _files(tree: Path) -> list[Path]:
    """C files of src/: an architecture's own file replaces the general one of the same name."""
    src = tree / "src"
    found: list[Path] = []
    for folder in [*sorted(p for p in src.iterdir() if p.is_dir()), src / "malloc" / MALLOC]:
        own = {p.stem: p for p in (folder / ARCH).glob("*.c")}
        general = [p for p in sorted(folder.glob("*.c")) if p.stem not in own]
        found += [*general, *own.values()]
    return found


def _headers(tree: Path, include: Path, version: str) -> None:
    shutil.copytree(tree / "include", include, ignore=shutil.ignore_patterns("*.in"))
    bits = include / "bits"
    for model in ("generic", ARCH):
        shutil.copytree(
            tree / "arch" / model / "bits",
            bits,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("*.in"),
        )
    types = (tree / "arch" / ARCH / "bits" / "alltypes.h.in").read_text()
    types += (tree / "include" / "alltypes.h.in").read_text()
    (bits / "alltypes.h").write_text(_alltypes(types))
    calls = (tree / "arch" / ARCH / "bits" / "syscall.h.in").read_text()
    (bits / "syscall.h").write_text(calls + calls.replace("__NR_", "SYS_"))
    (tree / "src" / "internal" / "version.h").write_text(f'#define VERSION "{version}"\n')


def _alltypes(text: str) -> str:
    """What musl's tools/mkalltypes.sed does: each type behind its __NEED_ and __DEFINED_ names."""

    def guard(name: str, body: str) -> str:
        return (
            f"#if defined(__NEED_{name}) && !defined(__DEFINED_{name})\n{body}\n"
            f"#define __DEFINED_{name}\n#endif\n"
        )

    text = re.sub(
        r"(?m)^TYPEDEF (.*) ([^ ]*);$",
        lambda m: guard(m[2], f"typedef {m[1]} {m[2]};"),
        text,
    )
    for kind in ("struct", "union"):
        pattern = re.compile(rf"(?m)^{kind.upper()} *([^ ]*) (.*);$")
        for found in pattern.finditer(text):
            body = f"{kind} {found[1]} {found[2]};"
            text = text.replace(found[0], guard(f"{kind}_{found[1]}", body))
    return text


def _unit(tree: Path, folder: Path, file: Path) -> toolchain.Unit:
    relative = file.relative_to(tree / "src")
    includes = [
        tree / "arch" / ARCH,
        tree / "arch" / "generic",
        tree / "src" / "include",
        tree / "src" / "internal",
        folder / "include",
    ]
    flags = [
        *toolchain.TARGET,
        *toolchain.HABITS,
        "-std=c99",
        "-ffreestanding",
        "-fno-builtin",
        "-D_XOPEN_SOURCE=700",
        "-w",
        *(OPTIMISED if relative.parts[0] in ("string", "math", "malloc", "stdlib") else ()),
        *(COPYING if relative.parts[0] == "string" else ()),
        *(part for path in includes for part in ("-I", str(path))),
        *("-isystem", str(toolchain.zig().parent / "lib" / "include")),
    ]
    name = str(relative).replace("/", "-")[:-2] + ".o"
    return toolchain.Unit(file, folder / "obj" / name, tuple(flags))
