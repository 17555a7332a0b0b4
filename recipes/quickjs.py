"""The base `quickjs`: QuickJS on the machine, with what a box's JavaScript finds.

Belongs here: compiling it, its file tree, its description. Does not: what its programs do
(`guest/quickjs`), what is changed in its sources (`patches/quickjs.toml`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from abi import kernel_abi
from recipes import driver, layout, toolchain
from recipes.archive import Member, tar_bytes
from recipes.base import FORMAT
from recipes.libraries import library
from recipes.machine import WARNINGS, link_inputs, machine
from recipes.musl import sysroot
from recipes.programsdk import HANDLERS_BEGIN, PATH
from recipes.progress import Progress
from recipes.sources import load_sources, unpacked
from recipes.workshop import GUEST, ROOT, cache_root, digest_of, product

NAME, PROGRAM = "quickjs", "/usr/local/bin/qjs"
OWN = GUEST / "quickjs"
HOST = ROOT / "src" / "boxer" / "functions" / "c"  # host.h: how any box asks its host
MODULES = "usr/lib/quickjs"
SOURCES = ("quickjs", "libregexp", "libunicode", "cutils", "dtoa", "quickjs-libc")
COMPONENTS = ("quickjs", "musl", "zlib")
MODULE_FLAGS = (
    *driver.LINK_FLAGS,
    *("-O2", "--compress-relocations", "--gc-sections"),
    *("--export=_start", "--export=boxer_freeze", "--export=__stack_pointer", HANDLERS_BEGIN),
    # The kernel reads the base's files with these, where they are there.
    *(f"--undefined=lzma_{name}" for name in ("alone_decoder", "code", "end")),
)


def variant() -> str:
    """`YEAR.MONTH` of QuickJS's version, as a tag of an image has it."""
    year, month = load_sources()["quickjs"].version.split("-")[:2]
    return f"{year}.{int(month)}"


def build_quickjs(bases: Path, progress: Progress) -> Path:
    """Makes the base unless it is there, makes it the current one, returns its folder."""
    root = sysroot(progress)
    zlib, xz = library("zlib", root, progress), library("xz", root, progress)
    inputs = [*link_inputs(machine(root, zlib, xz, progress), zlib), xz / "lib" / "liblzma.a"]
    engine = _engine(root, progress)
    home = bases / f"{NAME}-{variant()}"
    made_from = [OWN, HOST / "host.h", layout.ETC]
    made_from += map(Path, (layout.__file__, __file__, driver.__file__))
    products = [str(path.relative_to(cache_root())) for path in (root, *inputs, engine)]
    digest = digest_of([*products, *made_from])  # wherever the cache lies
    final = home / digest
    if not (final / "base.json").is_file():
        draft = home / f"draft.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        _link(draft, root, engine, inputs, progress)
        (draft / "tree.tar").write_bytes(tar_bytes(_tree()))
        (draft / "base.json").write_text(_description(draft, digest))
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
    note = home / f"current.{os.getpid()}"
    note.write_text(f"{final.name}\n")
    note.rename(home / "current")
    return final


def _engine(root: Path, progress: Progress) -> Path:
    """QuickJS's objects; compiled on first use."""
    source = load_sources()["quickjs"]
    changed = unpacked(source)
    names: list[str | bytes | Path] = [root.name, changed.parent.name, toolchain.zig_version()]

    def make(folder: Path) -> None:
        flags = [
            *toolchain.flags(root / "include"),
            *("-D_GNU_SOURCE", f'-DCONFIG_VERSION="{source.version}"', "-funsigned-char"),
            *("-fwrapv", "-w", "-ffunction-sections", "-fdata-sections"),
        ]
        units = [
            toolchain.Unit(changed / f"{name}.c", folder / f"{name}.o", tuple(flags))
            for name in SOURCES
        ]
        toolchain.compile_all(units, progress, f"QuickJS {source.version}")

    return product("quickjs", digest_of([*names, Path(__file__)]), make)


def _link(folder: Path, root: Path, engine: Path, inputs: list[Path], progress: Progress) -> None:
    includes = (GUEST / "include", GUEST, HOST)
    flags = [
        *toolchain.flags(root / "include", unpacked(load_sources()["quickjs"])),
        *(*WARNINGS, "-std=gnu17", "-D_GNU_SOURCE", "-ffunction-sections", "-fdata-sections"),
        *(part for include in includes for part in ("-I", str(include))),
    ]
    objects = folder / "objects"
    units = [
        toolchain.Unit(file, objects / f"{file.stem}.o", tuple(flags))
        for file in sorted(OWN.glob("*.c"))
    ]
    own = toolchain.compile_all(units, progress, "what a box's JavaScript is called by")
    toolchain.run(
        [
            *(str(toolchain.zig()), "wasm-ld", *MODULE_FLAGS, "--fatal-warnings"),
            *(*own, *sorted(engine.glob("*.o")), *inputs),
            *(root / "lib" / "libc.a", root / "lib" / "libcompiler_rt.a"),
            *("-o", folder / "module.wasm"),
        ]
    )
    shutil.rmtree(objects)


def _tree() -> list[Member]:
    return layout.linux_tree(
        {
            PROGRAM.lstrip("/"): b"#!boxer qjs\n",
            **{f"{MODULES}/{file.name}": file.read_bytes() for file in (OWN / "modules").iterdir()},
        }
    )


def _description(folder: Path, digest: str) -> str:
    sources = load_sources()
    parts = [sources[name] for name in COMPONENTS]
    files = {name: (folder / name).read_bytes() for name in ("module.wasm", "tree.tar")}
    fields = {
        "format": FORMAT,
        "name": NAME,
        "version": sources["quickjs"].version,
        "variant": variant(),
        "recipe_digest": digest,
        "kernel_abi": kernel_abi(),
        "program": PROGRAM,
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in files.items()
        },
        "config": {"Env": [PATH], "Cmd": ["qjs"], "WorkingDir": "/"},
        "components": [
            {"name": part.name, "version": part.version, "license": part.license} for part in parts
        ],
        "toolchain": {"ziglang": toolchain.zig_version()},
    }
    return json.dumps(fields, indent=1, sort_keys=True) + "\n"
