"""The C libraries CPython links with: zlib, bzip2, liblzma, SQLite (data: libraries.toml)."""

from __future__ import annotations

import fnmatch
import shutil
import tomllib
from pathlib import Path
from typing import Any

from recipes import toolchain
from recipes.progress import Progress
from recipes.sources import Source, load_sources, unpacked
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_name("libraries.toml")


def library_table(sysroot: Path, progress: Progress) -> dict[str, Path]:
    """By name, each library's folder, with include/ and lib/; built on first use."""
    sources = load_sources()
    table = tomllib.loads(TABLE.read_text())
    return {name: _library(sources[name], table[name], sysroot, progress) for name in table}


def library(name: str, sysroot: Path, progress: Progress) -> Path:
    """The folder of one library; built on first use."""
    return _library(load_sources()[name], tomllib.loads(TABLE.read_text())[name], sysroot, progress)


def _library(source: Source, recipe: dict[str, Any], sysroot: Path, progress: Progress) -> Path:
    changes = [source.patch] if source.patch.exists() else []
    digest = digest_of([repr(source), repr(recipe), *changes, sysroot.name, Path(__file__)])

    def make(folder: Path) -> None:
        tree = unpacked(source)
        flags = [
            *toolchain.flags(sysroot / "include"),
            *recipe["flags"],
            "-w",
            *(part for i in recipe.get("include", ["."]) for part in ("-I", str(tree / i))),
        ]
        compile_library(source, tree, recipe, flags, folder, progress)
        copy_headers(tree, recipe["headers"], folder / "include")

    return product(f"lib-{source.name}", digest, make)


def compile_library(
    source: Source,
    tree: Path,
    recipe: dict[str, Any],
    flags: list[str],
    folder: Path,
    progress: Progress,
) -> None:
    """Compiles the recipe's files into `folder`/lib."""
    units = [
        toolchain.Unit(file, folder / "obj" / f"{number}-{file.stem}.o", tuple(flags))
        for number, file in enumerate(_files(tree, recipe))
    ]
    objects = toolchain.compile_all(units, progress, f"{source.name} {source.version}")
    toolchain.archive(folder / "lib" / recipe["archive"], objects)
    shutil.rmtree(folder / "obj")


def _files(tree: Path, recipe: dict[str, Any]) -> list[Path]:
    found = [file for pattern in recipe["sources"] for file in sorted(tree.glob(pattern))]
    exclude = recipe.get("exclude", [])
    return [f for f in found if not any(fnmatch.fnmatch(f.name, x) for x in exclude)]


def copy_headers(tree: Path, patterns: list[str], include: Path) -> None:
    """Copies the headers that fit a pattern, and whole folders, into `include`."""
    include.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for path in sorted(tree.glob(pattern)):
            if path.is_dir():
                shutil.copytree(path, include / path.name)
            elif path.suffix == ".h":
                shutil.copyfile(path, include / path.name)
