"""OpenSSL for the guest: its own Configure and make, with the options of openssl.toml.

Belongs here: the compiler its makefile sees. Does not: what is changed in its sources
(`patches/openssl.toml`), certificates (`certificates`).

Invariant: nothing of this machine is in the product: no paths, no dates.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

from recipes import toolchain
from recipes.failures import RecipeError
from recipes.logged import run_logged
from recipes.progress import Progress
from recipes.sources import Source, load_sources, unpacked
from recipes.workshop import digest_of, product

TABLE = Path(__file__).with_name("openssl.toml")
ARCHIVES = ("libcrypto.a", "libssl.a")
# The last -O of a command counts.
CC = """#!/bin/sh
# Made by recipes/openssl.py.
case "$*" in
{fast}) exec {compile} "$@" -O3 ;;
esac
exec {compile} "$@" -Os
"""


def openssl_library(sysroot: Path, progress: Progress) -> Path:
    """The folder with include/ and lib/; built on first use."""
    source, recipe = load_sources()["openssl"], tomllib.loads(TABLE.read_text())
    changes = source.patch.read_bytes()
    names = [repr(source), repr(recipe), sysroot.name, toolchain.zig_version()]
    digest = digest_of([*names, changes, Path(__file__)])

    def make(folder: Path) -> None:
        progress.step(f"compiling OpenSSL {source.version}")
        compile_openssl(folder, source, recipe, sysroot)

    return product("lib-openssl", digest, make)


def compile_openssl(folder: Path, source: Source, recipe: dict[str, Any], sysroot: Path) -> None:
    """Makes `folder`/include and `folder`/lib as the recipe says. Raises `RecipeError`."""
    if not shutil.which("perl"):
        raise RecipeError("OpenSSL is configured by a program in Perl", "apt-get install perl")
    tree, build = unpacked(source), folder / "build"
    build.mkdir()
    _write_tools(folder / "bin", sysroot, recipe["fast"]["files"])
    _run(folder, "configure", [str(tree / "Configure"), *_options(recipe)])
    jobs = f"-j{os.cpu_count() or 1}"
    _run(folder, "make-generated", ["make", jobs, "build_generated"])
    _run(folder, "make", ["make", jobs, *ARCHIVES])
    (folder / "lib").mkdir()
    for name in ARCHIVES:
        shutil.copy(build / name, folder / "lib")
    for origin in (tree, build):
        shutil.copytree(
            origin / "include" / "openssl",
            folder / "include" / "openssl",
            ignore=shutil.ignore_patterns("*.in"),
            dirs_exist_ok=True,
        )
    shutil.rmtree(build)


def _options(recipe: dict[str, Any]) -> list[str]:
    # By their names alone: the command is part of what the library says of itself.
    tools = ["CC=cc", "AR=ar", "RANLIB=ranlib", "CFLAGS=-w"]
    places = ["--prefix=/usr", f"--openssldir={recipe['folder']}"]
    enabled = [f"enable-{name}" for name in recipe["enabled"]]
    left_out = [f"no-{name}" for name in recipe["left_out"]]
    return [recipe["target"], *tools, *places, *enabled, *left_out]


def _write_tools(folder: Path, sysroot: Path, fast: list[str]) -> None:
    folder.mkdir()
    compiler = [str(toolchain.zig()), "cc", *toolchain.flags(sysroot / "include")]
    patterns = " | ".join(f"*/{name}" for name in fast)
    zig = shlex.quote(str(toolchain.zig()))
    tools = {
        "cc": CC.format(compile=shlex.join(compiler), fast=patterns),
        "ar": f'#!/bin/sh\nexec {zig} ar "$@"\n',
        "ranlib": f'#!/bin/sh\nexec {zig} ranlib "$@"\n',
    }
    for name, text in tools.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def _run(folder: Path, name: str, command: list[str]) -> None:
    environment = {
        "PATH": f"{folder / 'bin'}:{os.environ.get('PATH', '')}",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "0",
    }
    run_logged(command, folder / "build", environment, folder / f"{name}.log", "OpenSSL")
