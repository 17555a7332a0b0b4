"""Packages with Rust in them: the settings of cargo, maturin and setuptools-rust.

Belongs here: the Rust toolchains as a build sees one, and having them made where this is a checkout
of Boxer. Does not: how they are made (`recipes/rust.py`), the link (`rustlink`), which packages may
be built so (`catalogue.buildsettings`).

rustc has no target for a box. Its WASI target has the box's C types, and what a module takes from
the C library is looked for in the box when it is linked: most of what WASI does otherwise has other
names, which no box has, and shows there.

Invariants
1. cargo takes crates from the SDK, or from the source archive itself; never from a network.
2. PyO3 is kept to CPython's limited API: a box's tuples are laid out as in 3.14.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import locked
from boxer.ending import run_program, told_of_waiting
from boxer.images import bases_folder
from boxer.packages.catalogue.buildsettings import rust_releases
from boxer.packages.native.sdk import Sdk

TARGET = "wasm32-wasip1"
NOT_THERE = (
    "It has Rust in it, and the Rust compiler has not been made on this machine.\n"
    "Make it once: `make rust`."
)
_LINKER = Path(__file__).with_name("rustlink.py")
_CHECKOUT = Path(__file__).parents[4]
_SWITCH = "BOXER_MAKE_RUST"
# Link-time optimisation would merge rustc's allocator with what is kept.
_CARGO = """[build]
target = "{target}"
rustc = "{rust}/bin/rustc"
[net]
offline = true
[profile.release]
lto = "off"
[source.crates-io]
replace-with = "kit"
[source.kit]
directory = "{crates}"
[patch.crates-io]
getrandom = {{ path = "{rust}/crates/getrandom" }}
[target.{target}]
linker = "{folder}/rust-link"
[target.{host}]
linker = "{rust}/bin/hostcc"
"""
# What goes before a program's call: some words of it do not reach the program.
_WITHOUT = """for word do
    shift
    case $word in {words}) ;; *) set -- "$@" "$word" ;; esac
done
"""
# The SDK's compiler has one target; crates with C in them name Rust's.
_TARGETS = "--target=*"
# The lock is made anew (`without_lock`).
_LOCKED = "--locked"
# What a manifest says of a crate, up to the version it asks for.
_ASKED = r'(?m)^(?P<before>(?:{names})\s*=\s*(?:\{{[^}}\n]*\bversion\s*=\s*)?)"[^"]*"'
_PYO3 = """implementation=CPython
version={version}
abi3=true
shared=false
pointer_width=32
ext_suffix={suffix}
suppress_build_script_link_lines=true
"""


@dataclass(frozen=True, slots=True)
class RustToolchain:
    """folder: the SDK. digest: of what it was made from."""

    folder: Path
    digest: str

    @property
    def key(self) -> str:
        """Names what a wheel was built with: the SDK, and what cargo is told."""
        told = Path(__file__).read_bytes() + _LINKER.read_bytes()
        return hashlib.sha256(self.digest.encode() + told).hexdigest()

    def environment(self, sdk: Sdk, folder: Path) -> dict[str, str]:
        """The variables of a build in `folder`, and in it the files they name."""
        cargo = folder / "cargo"
        cargo.mkdir()
        crates = self.folder / "root" / "usr" / "share" / "cargo" / "registry"
        argv = {"target": TARGET, "rust": self.folder, "crates": crates, "folder": cargo}
        argv["host"] = _host()
        (cargo / "config.toml").write_text(_CARGO.format(**argv), "utf-8")
        told = _PYO3.format(version=sdk.python.series, suffix=sdk.python.extension_suffix)
        (cargo / "pyo3.txt").write_text(told, "utf-8")
        library = self.folder / "lib" / "librust.a"
        _write_script(cargo / "rust-link", "", sys.executable, "-IS", _LINKER, library)
        _write_script(cargo / "cc", _TARGETS, sdk.program("cc"))
        _write_script(cargo / "c++", _TARGETS, sdk.program("c++"))
        (cargo / "bin").mkdir()
        _write_script(cargo / "bin" / "cargo", _LOCKED, self.folder / "bin" / "cargo")
        tools = os.pathsep.join(
            map(str, (folder / "env" / "bin", cargo / "bin", self.folder / "bin"))
        )
        target = TARGET.replace("-", "_")
        return {
            f"CC_{target}": str(cargo / "cc"),
            f"CXX_{target}": str(cargo / "c++"),
            f"AR_{target}": str(sdk.program("ar")),
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CARGO": str(cargo / "bin" / "cargo"),
            "RUSTC": str(self.folder / "bin" / "rustc"),
            "CARGO_HOME": str(cargo),
            "CARGO_BUILD_TARGET": TARGET,
            "PYO3_CONFIG_FILE": str(cargo / "pyo3.txt"),
            # By name alone: its code comes with the interpreter.
            "OPENSSL_INCLUDE_DIR": str(sdk.folder / "include"),
            "OPENSSL_LIB_DIR": str(cargo),
            "OPENSSL_STATIC": "0",
            # What a wheel's libraries need of a Linux cannot be asked of these.
            "MATURIN_PEP517_ARGS": "--compatibility linux --auditwheel skip",
        }


def _write_script(path: Path, without: str, *command: str | Path) -> None:
    argv = shlex.join(str(word) for word in command)
    before = _WITHOUT.format(words=without) if without else ""
    path.write_text(f'#!/bin/sh\n{before}exec {argv} "$@"\n', "utf-8")
    path.chmod(0o755)


def find_rust() -> dict[str, RustToolchain]:
    """The Rust toolchains of this machine, beside the bases, by the release they are made of.

    None until all are there: they are made one after the other, and what is installed meanwhile is
    not to count on one that does not go with its packages."""
    home = bases_folder().parent / "rust"
    found = {}
    for current in sorted(home.glob("*/current")):
        try:
            digest = current.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        folder = current.parent / digest
        if digest and (folder / "rust.json").is_file():
            found[current.parent.name] = RustToolchain(folder, digest)
    return found if rust_releases() <= found.keys() else {}


def can_be_made() -> bool:
    """Whether `make` knows how, and may: this is a checkout of Boxer, whose bases are those of its
    cache folder, and BOXER_MAKE_RUST is not 0."""
    is_checkout = (_CHECKOUT / "recipes" / "rust.py").is_file()
    return is_checkout and not os.environ.get("BOXER_BASES") and os.environ.get(_SWITCH) != "0"


def make(tell: Callable[[str], None]) -> str:
    """Has the toolchains made, unless another process was faster: "", or why they could not be.
    tell: is told how long it takes."""
    home = bases_folder().parent / "rust"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / "lock", lambda: tell("waiting for another build, which makes it")):
            return "" if find_rust() else _made(tell)
    except OSError as error:
        return str(error)


def _made(tell: Callable[[str], None]) -> str:
    words = [sys.executable, "-m", "recipes", "rust"]
    with told_of_waiting(lambda seconds: tell(f"making the Rust compiler: {seconds:.0f} s ..")):
        done = run_program(words, folder=_CHECKOUT, timeout=None)
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").splitlines()
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    return (errors or said[-1:] or ["it was ended"])[-1]


def without_lock(source: Path, loosened: Sequence[str] = ()) -> None:
    """Takes away what pins crates to a registry's, unless the archive brings its crates along.

    loosened: crates of which the toolchain's version will do, whatever is asked for.
    """
    if (source / ".cargo").is_dir():
        return
    for lock in source.rglob("Cargo.lock"):
        lock.unlink()
    asked = _ASKED.format(names="|".join(map(re.escape, loosened)))
    for manifest in source.rglob("Cargo.toml") if loosened else ():
        text = manifest.read_text("utf-8")
        manifest.write_text(re.sub(asked, r'\g<before>"*"', text), "utf-8")


def _host() -> str:
    return f"{os.uname().machine}-unknown-linux-gnu"
