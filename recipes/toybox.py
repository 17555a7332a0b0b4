"""toybox for the guest: the commands of toybox.toml as one program in an archive.

Belongs here: its own scripts, which make headers of the chosen commands, and compiling. Does not:
which names the tree has (`layout`), what is changed in its sources (`patches/toybox.toml`).

Invariants: the headers say nothing of this machine; they are made for the commands alone. The
archive defines no name that does not begin with `toybox_`: what else is linked may have any.
"""

from __future__ import annotations

import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

from recipes import toolchain
from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.sources import load_sources, unpacked
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_name("toybox.toml")
PROGRAM = "toybox_program"
NEEDED = ("bash", "make", "sed")
# For the programs that make its headers: of this machine, by the compiler the recipes have.
CC = """#!/bin/sh
exec {zig} cc -fno-sanitize=undefined "$@"
"""


def toybox_commands() -> list[str]:
    """The names of all its commands, second names too."""
    recipe = _table()
    return f"{recipe['commands']} {recipe['aliases']}".split()


def toybox_library(sysroot: Path, zlib: Path, progress: Progress) -> Path:
    """The archive; built on first use."""
    source, recipe = load_sources()["toybox"], _table()
    names = [repr(source), repr(recipe), sysroot.name, zlib.name, toolchain.zig_version()]
    digest = digest_of([*names, source.patch.read_bytes(), Path(__file__)])

    def make(folder: Path) -> None:
        tree = folder / "source"
        shutil.copytree(unpacked(source), tree, symlinks=True)
        progress.step(f"configuring toybox {source.version}")
        _write_headers(tree, recipe)
        names = tree / "names.h"
        names.write_text("")
        flags = [
            *toolchain.flags(sysroot / "include", zlib / "include"),
            *recipe["flags"],
            *("-I", str(tree), "-include", str(names), f"-Dmain={PROGRAM}"),
        ]
        units = [
            toolchain.Unit(file, folder / "obj" / f"{file.parent.name}-{file.stem}.o", tuple(flags))
            for file in _sources(tree)
        ]
        archive = folder / recipe["archive"]
        for what in ("to learn its names", "under names of its own"):
            objects = toolchain.compile_all(units, progress, f"toybox {source.version} {what}")
            toolchain.archive(archive, objects)
            own = sorted(_defined(archive) - {PROGRAM})
            names.write_text("".join(f"#define {name} toybox_{name}\n" for name in own))
        shutil.rmtree(folder / "obj")
        shutil.rmtree(tree)

    return product("toybox", digest, make) / str(recipe["archive"])


def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text())


def _write_headers(tree: Path, recipe: dict[str, Any]) -> None:
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        raise RecipeError(
            f"toybox is configured by scripts that need {', '.join(missing)}",
            "apt-get install bash make sed",
        )
    names = [name.upper() for name in str(recipe["commands"]).split()]
    settings = ["TOYBOX", *(f"TOYBOX_{name}" for name in recipe["settings"]), *names]
    wanted = "".join(f"CONFIG_{name}=y\n" for name in settings)
    (tree / "wanted").write_text(wanted)
    (tree / "cc").write_text(CC.format(zig=shlex.quote(str(toolchain.zig()))))
    (tree / "cc").chmod(0o755)
    compilers = [f"HOSTCC={tree}/cc", f"CC={tree}/cc"]
    environment = ["env", *compilers, "KCONFIG_ALLCONFIG=wanted", "NOBUILD=1"]
    toolchain.run([*environment, "make", "allnoconfig"], cwd=tree)
    kept = set((tree / ".config").read_text().split("\n"))
    lost = [line for line in wanted.split() if line not in kept]
    if lost:
        raise RecipeError(f"toybox has no {' '.join(lost)}", "look at recipes/toybox.toml")
    toolchain.run([*environment, "bash", "scripts/make.sh"], cwd=tree)


def _defined(archive: Path) -> set[str]:
    """What the archive's index says it defines (ar(5), GNU's format)."""
    with archive.open("rb") as file:
        file.seek(len("!<arch>\n"))
        size = int(file.read(60)[48:58])
        index = file.read(size)
    count = int.from_bytes(index[:4], "big")
    return {name.decode() for name in index[4 + 4 * count :].split(b"\0") if name}


def _sources(tree: Path) -> list[Path]:
    """The files of the chosen commands, as its build script says."""
    script = (tree / "generated" / "build.sh").read_text()
    named = script[script.rindex("lib/*.c") :].split()
    toys = [tree / name for name in named if name.startswith(("toys/", "main.c"))]
    return [*sorted((tree / "lib").glob("*.c")), *toys]
