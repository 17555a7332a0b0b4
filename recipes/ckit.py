"""The C kit: what `boxer cc` compiles programs of boxes with, and the base they run on.

Belongs here: the folder with bin/cc and what it links, the base `linux` (a file tree without a
module: the module is the program). Does not: the command line of a compiler (`programcc`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from recipes import driver, layout, programcc, toolchain
from recipes.archive import tar_bytes
from recipes.libraries import library
from recipes.machine import link_inputs, machine
from recipes.musl import sysroot
from recipes.progress import Progress
from recipes.sources import load_sources
from recipes.workshop import GUEST, ROOT, cache_root, digest_of, product

KERNEL_ABI = 1
FORMAT = 1
VARIANT = "1"
COMPONENTS = ("musl", "zlib")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# LLVM's setjmp and longjmp: exceptions of WebAssembly, in functions that call setjmp only.
JUMPS = (
    "-mcpu=lime1+exception_handling",
    "-fwasm-exceptions",
    *("-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false"),
    # The compiler knows setjmp and longjmp only; a box's signals have no mask to keep.
    *("-Dsigsetjmp(env,mask)=setjmp(env)", "-Dsiglongjmp(env,value)=longjmp(env,value)"),
)


def kit_root() -> Path:
    """Where kits lie; src/boxer/bases looks there too."""
    return cache_root() / "kit"


def build_kit(progress: Progress) -> Path:
    """Makes the kit unless it is there, makes it the current one, returns its folder."""
    root = sysroot(progress)
    zlib = library("zlib", root, progress)
    inputs = link_inputs(machine(root, zlib, progress), zlib)
    jumps = setjmp_library(root)
    digest = digest_of(
        [
            *map(str, (root, *inputs, jumps)),
            *map(Path, (__file__, driver.__file__, programcc.__file__)),
        ]
    )
    final = kit_root() / digest
    if not (final / "bin" / "cc").is_file():
        draft = kit_root() / f"draft.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "bin").mkdir(parents=True)
        programcc.write_program_cc(
            draft / "bin" / "cc", root, JUMPS, [*inputs, jumps / "libjumps.a"]
        )
        for tool in ("ar", "ranlib"):
            driver.write_tool(draft / "bin" / tool, tool)
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    _point(kit_root() / "current", final.name)
    return final


def setjmp_library(root: Path) -> Path:
    """The folder with libjumps.a: the few functions LLVM's setjmp calls."""
    source = GUEST / "jumps"
    digest = digest_of([source, root.name, toolchain.zig_version(), repr(JUMPS)])

    def make(folder: Path) -> None:
        flags = [*toolchain.flags(root / "include"), *JUMPS, "-Wall", "-Wextra", "-Werror"]
        objects = []
        for file in sorted(source.iterdir()):
            objects.append(folder / f"{file.stem}.o")
            toolchain.run([toolchain.zig(), "cc", *flags, "-c", file, "-o", objects[-1]])
        toolchain.archive(folder / "libjumps.a", objects)

    return product("jumps", digest, make)


def build_linux(bases: Path, progress: Progress) -> Path:
    """Makes the base of C programs unless it is there; returns its folder."""
    home = bases / f"linux-{VARIANT}"
    digest = digest_of([ROOT / "recipes" / "layout.py", layout.ETC, Path(__file__)])
    final = home / digest
    if not (final / "base.json").is_file():
        draft = home / f"draft.{os.getpid()}"
        draft.mkdir(parents=True)
        tree = tar_bytes(layout.linux_tree())
        (draft / "tree.tar").write_bytes(tree)
        (draft / "base.json").write_text(_description(digest, tree))
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    _point(home / "current", final.name)
    return final


def _description(digest: str, tree: bytes) -> str:
    parts = [load_sources()[name] for name in COMPONENTS]
    fields = {
        "format": FORMAT,
        "name": "linux",
        "version": VARIANT,
        "variant": VARIANT,
        "recipe_digest": digest,
        "kernel_abi": KERNEL_ABI,
        "files": {"tree.tar": {"sha256": hashlib.sha256(tree).hexdigest(), "size": len(tree)}},
        "config": {"Env": [PATH], "WorkingDir": "/"},
        "components": [
            {"name": part.name, "version": part.version, "license": part.license} for part in parts
        ],
        "toolchain": {"ziglang": toolchain.zig_version()},
    }
    return json.dumps(fields, indent=1, sort_keys=True) + "\n"


def _point(link: Path, name: str) -> None:
    draft = link.with_name(f"{link.name}.{os.getpid()}")
    draft.write_text(name + "\n")
    draft.rename(link)
