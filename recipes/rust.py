"""The Rust toolchains: compilers for packages with Rust in them, made of Debian's packages.

Belongs here: the folder `rust` of the cache. Does not: which packages there are (`rust.toml`),
getting them (`debian`), compiling a Python package (`src/boxer/packages/native/rust.py`).

    RELEASE/DIGEST/rust.json root/ bin/{rustc,cargo,hostcc} lib/librust.a crates/
    RELEASE/current     the digest that is used

There is one for each release of Debian that `rust.toml` names: of a crate, a release has one
version. crates/ has what takes the place of a crate that does not know a box.

The compiler's own libc comes with it, so it runs on any Linux of the same processor.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

from recipes import debian, toolchain
from recipes.failures import RecipeError
from recipes.progress import Progress
from recipes.workshop import GUEST, cache_root, digest_of

SOURCES = GUEST / "rust"
TABLE = Path(__file__).with_suffix(".toml")
# Of the libc in the toolchain: what is linked with hostcc is loaded by its programs only.
GLIBC = "2.36"


def build_rust(progress: Progress) -> list[Path]:
    """Makes the toolchains unless they are there; their folders. Raises `RecipeError`."""
    table: dict[str, Any] = tomllib.loads(TABLE.read_text("utf-8"))
    return [_build(release, table, progress) for release in table["releases"]]


def _build(release: str, table: dict[str, Any], progress: Progress) -> Path:
    home = cache_root() / "rust" / release
    wanted = table["releases"][release]["crates"]
    told = repr([release, wanted, table["programs"], table["left_out"], table["removed"]])
    digest = digest_of([told, SOURCES, Path(__file__), toolchain.zig_version()])
    final = home / digest
    if not final.is_dir():
        draft = home / f"draft.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            _fill(draft, digest, release, table, progress)
            draft.rename(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    (home / "current").write_text(digest)
    return final


def _fill(
    folder: Path, digest: str, release: str, table: dict[str, Any], progress: Progress
) -> None:
    progress.step(f"fetching the Rust compiler and libraries of Debian {release} (about 250 MB)")
    store = folder / "packages"
    store.mkdir()
    names = [*table["programs"], *table["releases"][release]["crates"]]
    versions, failure = debian.fetch_packages(names, table["left_out"], store, release)
    if failure:
        raise RecipeError(
            f"the Rust compiler of Debian {release} cannot be had: {failure}",
            "It comes from Debian's packages: this takes a Debian machine, or one with apt-get, "
            "Debian's keyring and a Debian mirror in its apt sources.",
        )
    progress.step("unpacking it")
    root = folder / "root"
    for package in sorted(store.glob("*.deb")):
        toolchain.run(["dpkg-deb", "-x", package, root])
    shutil.rmtree(store)
    for name in table["removed"]:
        shutil.rmtree(root / name, ignore_errors=True)
    _write_programs(folder)
    for crate in sorted(SOURCES.glob("*/Cargo.toml")):
        shutil.copytree(crate.parent, folder / "crates" / crate.parent.name)
    _compile(folder / "lib")
    told = toolchain.run([folder / "bin" / "rustc", "--version"]).split()
    described = {"digest": digest, "rustc": told[1], "packages": versions}
    (folder / "rust.json").write_text(json.dumps(described, indent=1) + "\n")


def _write_programs(folder: Path) -> None:
    (folder / "bin").mkdir()
    loader = next((folder / "root").glob("usr/lib/*/ld-linux*.so.*"), None)
    if loader is None:
        raise RecipeError("Debian's libc came without its loader")
    place = loader.relative_to(folder).parent
    run = f'"$here/{place}/{loader.name}" --library-path "$here/{place}" "$here/root/usr/bin'
    machine = place.name.replace("-linux-gnu", f"-linux-gnu.{GLIBC}")
    programs = {
        "rustc": f'{run}/rustc" --sysroot "$here/root/usr" "$@"',
        "cargo": f'{run}/cargo" "$@"',
        "hostcc": f'"${{BOXER_ZIG:?is not set: boxer calls this}}" cc -target {machine} "$@"',
    }
    for name, words in programs.items():
        script = folder / "bin" / name
        script.write_text(
            f'#!/bin/sh\nhere=$(dirname "$(dirname "$(readlink -f "$0")")")\nexec {words}\n'
        )
        script.chmod(0o755)


def _compile(folder: Path) -> None:
    objects = []
    for source in sorted(SOURCES.glob("*.c")):
        objects.append(folder / f"{source.stem}.o")
        folder.mkdir(exist_ok=True)
        flags = [*toolchain.flags(), "-std=c17", "-Wall", "-Wextra", "-Werror"]
        toolchain.run([toolchain.zig(), "cc", *flags, "-c", source, "-o", objects[-1]])
    toolchain.archive(folder / "librust.a", objects)
