"""The C libraries that packages with native code are built against (extension/libraries.toml).

Belongs here: what such a library has beyond those of the base: files that its configure script
would have written, the words pkg-config answers with. Does not: compiling (`libraries`).
"""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes import libraries, toolchain
from recipes.programsdk import JUMPS
from recipes.progress import Progress
from recipes.sources import Archive, Source, unpacked
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_name("extension") / "libraries.toml"


@dataclass(frozen=True)
class Package:
    """What pkg-config says of a library. include: a folder below the headers' own."""

    version: str
    libs: tuple[str, ...]
    include: str = ""


@dataclass(frozen=True)
class ExtensionLibrary:
    """folder: with include/ and lib/. packages: by the names pkg-config knows them by."""

    folder: Path
    source: Source
    packages: dict[str, Package]


def extension_libraries(
    sysroot: Path, base: dict[str, Path], progress: Progress
) -> list[ExtensionLibrary]:
    """All libraries of the table; each built on first use. base: the base's own, by name."""
    known = dict(base)
    found = []
    for name, recipe in tomllib.loads(TABLE.read_text()).items():
        source = _source(name, recipe)
        needed = [known[need] for need in recipe.get("needs", [])]
        folder = _library(source, recipe, sysroot, needed, progress)
        known[name] = folder
        found.append(ExtensionLibrary(folder, source, _packages(source, recipe)))
    return found


def _source(name: str, recipe: dict[str, Any]) -> Source:
    archives = tuple(Archive(**archive) for archive in recipe["archives"])
    return Source(name, recipe["version"], recipe["license"], recipe["strip"], archives)


def _packages(source: Source, recipe: dict[str, Any]) -> dict[str, Package]:
    return {
        name: Package(
            words.get("version", source.version), tuple(words["libs"]), words.get("include", "")
        )
        for name, words in recipe["packages"].items()
    }


def _library(
    source: Source,
    recipe: dict[str, Any],
    sysroot: Path,
    needed: list[Path],
    progress: Progress,
) -> Path:
    names = [repr(source), repr(recipe), sysroot.name, *(path.name for path in needed)]
    digest = digest_of([*names, Path(__file__), Path(libraries.__file__)])

    def make(folder: Path) -> None:
        tree, generated = unpacked(source), folder / "generated"
        _generate(tree, generated, recipe)
        includes = [generated, *(tree / name for name in recipe.get("include", ["."]))]
        includes += [path for need in needed for path in _include_folders(need)]
        flags = [
            *(*toolchain.flags(sysroot / "include"), *JUMPS, *recipe["flags"], "-w"),
            f"-ffile-prefix-map={tree}={tree.name}",
            *(part for include in includes for part in ("-I", str(include))),
        ]
        libraries.compile_library(source, tree, recipe, flags, folder, progress)
        _compile_programs(source, tree, recipe, flags, folder, progress)
        for place, patterns in recipe["headers"].items():
            for origin in (tree, generated):
                libraries.copy_headers(origin, patterns, folder / "include" / place)

    return product(f"lib-{source.name}", digest, make)


def _compile_programs(
    source: Source,
    tree: Path,
    recipe: dict[str, Any],
    flags: list[str],
    folder: Path,
    progress: Progress,
) -> None:
    """Makes each program with the library in it as one object, `folder`/programs/NAME.o."""
    for name, patterns in recipe.get("programs", {}).items():
        units = [
            toolchain.Unit(file, folder / "obj" / f"{number}-{file.stem}.o", tuple(flags))
            for number, file in enumerate(f for p in patterns for f in sorted(tree.glob(p)))
        ]
        objects = toolchain.compile_all(units, progress, f"{name} of {source.name}")
        target = folder / "programs" / f"{name}.o"
        target.parent.mkdir(exist_ok=True)
        archive = folder / "lib" / recipe["archive"]
        toolchain.run([toolchain.zig(), "wasm-ld", "-r", *objects, archive, "-o", target])
        shutil.rmtree(folder / "obj")


def _include_folders(library: Path) -> list[Path]:
    include = library / "include"
    return [include, *(path for path in sorted(include.iterdir()) if path.is_dir())]


def _generate(tree: Path, folder: Path, recipe: dict[str, Any]) -> None:
    """Writes what a configure script would have written."""
    folder.mkdir()
    texts: dict[str, str] = dict(recipe.get("generated", {}))
    for name, filled in recipe.get("filled", {}).items():
        texts[name] = _filled((tree / filled["template"]).read_text(), filled["values"])
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip("\n"))


def _filled(template: str, values: dict[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda match: values[match[1]], template)
