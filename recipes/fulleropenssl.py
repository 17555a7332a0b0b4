"""OpenSSL once more, with what packages ask of it and the standard library does not.

Belongs here: the second build of the same sources. Does not: the base's own (`openssl`).

A box has one of the two: the linker of a set of extension modules takes this one where they call
what the base's has not (`extension/driver.py`). Boxes without such packages do not grow by it.

Invariants
1. Same sources, same changes, same compiler as the base's; only fewer things are left out.
2. The base's own is not made anew when this one changes: all of Python hangs on it.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

from recipes import openssl, toolchain
from recipes.progress import Progress
from recipes.sources import load_sources, unpacked
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_suffix(".toml")


def fuller_openssl_library(sysroot: Path, progress: Progress) -> Path:
    """The folder with include/ and lib/; built on first use. Raises `RecipeError`."""
    source, recipe = load_sources()["openssl"], _recipe()
    names = [repr(source), repr(recipe), sysroot.name, toolchain.zig_version()]
    files = [Path(openssl.__file__), Path(__file__)]
    digest = digest_of([*names, source.patch.read_bytes(), *files])

    def make(folder: Path) -> None:
        tree, build = unpacked(source), folder / "build"
        build.mkdir()
        openssl._write_tools(folder / "bin", sysroot, recipe["fast"]["files"])
        progress.step(f"compiling OpenSSL {source.version} for packages")
        openssl._run(folder, "configure", [str(tree / "Configure"), *openssl._options(recipe)])
        jobs = f"-j{os.cpu_count() or 1}"
        openssl._run(folder, "make-generated", ["make", jobs, "build_generated"])
        openssl._run(folder, "make", ["make", jobs, *openssl.ARCHIVES])
        (folder / "lib").mkdir()
        for name in openssl.ARCHIVES:
            shutil.copy(build / name, folder / "lib")
        for origin in (tree, build):
            shutil.copytree(
                origin / "include" / "openssl",
                folder / "include" / "openssl",
                ignore=shutil.ignore_patterns("*.in"),
                dirs_exist_ok=True,
            )
        shutil.rmtree(build)

    return product("lib-openssl-fuller", digest, make)


def _recipe() -> dict[str, Any]:
    """The base's recipe, of whose `left_out` nothing stays but what the table says."""
    base = tomllib.loads(openssl.TABLE.read_text())
    kept = set(tomllib.loads(TABLE.read_text())["left_out"])
    left_out = {word: why for word, why in base["left_out"].items() if word in kept}
    return {**base, "left_out": left_out}
