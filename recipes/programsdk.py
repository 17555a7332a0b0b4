"""The C SDK: what C and C++ programs of boxes are compiled with, and the base they run on.

Belongs here: the folder with the compilers and what they link, the base `linux` (a file tree
without a module: the module is the program). Does not: what a compiler's arguments come
to (`extension/driver.py`), compiling in a RUN (`src/boxer/toolchain`).

    sdk.json driver.py bin/{cc,c++,ar,ranlib,strip} include/{c++,machine} lib/ lib/c++/
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from abi import kernel_abi
from recipes import cxx, driver, extensionsdk, layout, options, toolchain
from recipes.archive import tar_bytes
from recipes.cxx import cxx_libraries
from recipes.libraries import library
from recipes.machine import link_inputs, machine
from recipes.musl import sysroot
from recipes.progress import Progress
from recipes.sources import load_sources
from recipes.workshop import GUEST, ROOT, cache_root, digest_of, product

FORMAT = 2
VARIANT = "1"
TOOLS = {tool: f"driver.py {tool}" for tool in ("cc", "c++", "ar", "ranlib", "strip")}
DRIVER = Path(__file__).with_name("extension") / "driver.py"
COMPONENTS = ("musl", "zlib")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# SIG_DFL, SIG_IGN and SIG_HOLD are 0, 1 and 2: no function may have such a number.
HANDLERS_BEGIN = "--table-base=3"
# Where the stack ends, so that a machine of a pool can be put back; the files of a RUN.
EXPORTS = ("--export=__stack_pointer", "--export-if-defined=boxer_tree")
# LLVM's setjmp and longjmp: exceptions of WebAssembly, in functions that call setjmp only.
JUMPS = (
    "-mcpu=lime1+exception_handling",
    "-fwasm-exceptions",
    *("-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false"),
    # The compiler knows setjmp and longjmp only; a box's signals have no mask to keep.
    *("-Dsigsetjmp(env,mask)=setjmp(env)", "-Dsiglongjmp(env,value)=longjmp(env,value)"),
)


def sdk_root() -> Path:
    """Where the SDK lies; src/boxer/images looks there too."""
    return cache_root() / "sdk"


def build_sdk(progress: Progress) -> Path:
    """Makes the SDK unless it is there, makes it the current one, returns its folder."""
    root = sysroot(progress)
    zlib = library("zlib", root, progress)
    xz = library("xz", root, progress)
    inputs = link_inputs(machine(root, zlib, xz, progress), zlib)
    jumps = setjmp_library(root)
    plus = cxx_libraries(root, progress)
    digest = digest_of(
        [
            *map(str, (root, *inputs, jumps, plus)),
            *map(Path, (__file__, driver.__file__, cxx.__file__, extensionsdk.__file__)),
            DRIVER,
            options.FILE,
        ]
    )
    final = sdk_root() / digest
    if not (final / "bin" / "cc").is_file():
        draft = sdk_root() / f"draft.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / "lib" / "c++").mkdir(parents=True)
        for part in (*inputs, jumps / "libjumps.a", *sorted((root / "lib").glob("lib*.a"))):
            shutil.copy(part, draft / "lib")
        shutil.copy(plus / "libc++.a", draft / "lib" / "c++")
        _write_headers(draft / "include", root, zlib)
        _write_settings(draft)
        extensionsdk.write_tools(draft, TOOLS)
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    _point(sdk_root() / "current", final.name)
    return final


def _write_headers(folder: Path, root: Path, zlib: Path) -> None:
    shutil.copytree(root / "include", folder / "machine")
    shutil.copytree(zlib / "include", folder / "machine", dirs_exist_ok=True)
    zig = toolchain.zig().parent / "lib"
    shutil.copytree(zig / "include", folder / "compiler")
    for headers in cxx.headers(zig):
        shutil.copytree(headers, folder / "c++", dirs_exist_ok=True)


def _write_settings(folder: Path) -> None:
    # zig takes -O2 for the end of assertions, which gcc and clang do not.
    # The compiler finds its own headers; a second folder of them would be an #include_next's.
    machine = ("-isystem", "{sdk}/include/machine")
    flags = [*toolchain.TARGET, *toolchain.HABITS, *toolchain.THREAD_LOCALS, *JUMPS]
    flags += ["-UNDEBUG", *machine]
    settings = {
        "name": ["boxer cc"],
        "shared": False,
        "options": options.load_options(),
        "own_libraries": options.own_libraries(),
        "ziglang": [toolchain.zig_version()],
        "flags": flags,
        "cxx_flags": extensionsdk.cxx_flags(),
        "link_flags": [*driver.LINK_FLAGS, HANDLERS_BEGIN, *EXPORTS],
    }
    (folder / "sdk.json").write_text(json.dumps(settings, indent=1) + "\n")


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
        "kernel_abi": kernel_abi(),
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
