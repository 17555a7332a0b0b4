"""OpenSSL once more, with what packages ask of it and the standard library does not.

Belongs here: the second build of the same sources. Does not: the base's own (`openssl`).

A box has one of the two: the linker of a set of extension modules takes this one where they call
what the base's has not (`extension/driver.py`). Boxes without such packages do not grow by it.

Invariants
1. Same sources, same changes, same compiler as the base's; only fewer things are left out.
2. The base's own is not made anew when this one changes: all of Python hangs on it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from recipes import openssl, toolchain
from recipes.progress import Progress
from recipes.sources import load_sources
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_suffix(".toml")


def fuller_openssl_library(sysroot: Path, progress: Progress) -> Path:
    """The folder with include/ and lib/; built on first use. Raises `RecipeError`."""
    source, recipe = load_sources()["openssl"], _recipe()
    names = [repr(source), repr(recipe), sysroot.name, toolchain.zig_version()]
    files = [Path(openssl.__file__), Path(__file__)]
    digest = digest_of([*names, source.patch.read_bytes(), *files])

    def make(folder: Path) -> None:
        progress.step(f"compiling OpenSSL {source.version} for packages")
        openssl.compile_openssl(folder, source, recipe, sysroot)

    return product("lib-openssl-fuller", digest, make)


def _recipe() -> dict[str, Any]:
    """The base's recipe, of whose `left_out` nothing stays but what the table says."""
    base = tomllib.loads(openssl.TABLE.read_text())
    kept = set(tomllib.loads(TABLE.read_text())["left_out"])
    left_out = {word: why for word, why in base["left_out"].items() if word in kept}
    return {**base, "left_out": left_out}
