"""Packages with Rust in them: the settings of cargo, maturin and setuptools-rust.

Belongs here: the Rust toolchain as a build sees it. Does not: making it (`recipes/rust.py`), the
link (`rustlink`), which packages may be built so (`catalogue.buildsettings`).

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
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from boxer.images import bases_folder
from boxer.packages.native.sdk import Sdk

TARGET = "wasm32-wasip1"
NOT_THERE = (
    "It has Rust in it, and the Rust compiler has not been made on this machine.\n"
    "Make it once: `make rust`."
)
_LINKER = Path(__file__).with_name("rustlink.py")
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
directory = "{rust}/root/usr/share/cargo/registry"
[patch.crates-io]
getrandom = {{ path = "{rust}/crates/getrandom" }}
[target.{target}]
linker = "{folder}/rust-link"
[target.{host}]
linker = "{rust}/bin/hostcc"
"""
# The SDK's compiler has one target; crates with C in them name Rust's.
_WITHOUT_TARGET = """for word do
    shift
    case $word in --target=*) ;; *) set -- "$@" "$word" ;; esac
done
"""
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
        argv = {"target": TARGET, "rust": self.folder, "folder": cargo, "host": _host()}
        (cargo / "config.toml").write_text(_CARGO.format(**argv), "utf-8")
        told = _PYO3.format(version=sdk.python.series, suffix=sdk.python.extension_suffix)
        (cargo / "pyo3.txt").write_text(told, "utf-8")
        library = self.folder / "lib" / "librust.a"
        _write_script(cargo / "rust-link", "", sys.executable, "-IS", _LINKER, library)
        _write_script(cargo / "cc", _WITHOUT_TARGET, sdk.program("cc"))
        _write_script(cargo / "c++", _WITHOUT_TARGET, sdk.program("c++"))
        tools = f"{folder / 'env' / 'bin'}{os.pathsep}{self.folder / 'bin'}"
        target = TARGET.replace("-", "_")
        return {
            f"CC_{target}": str(cargo / "cc"),
            f"CXX_{target}": str(cargo / "c++"),
            f"AR_{target}": str(sdk.program("ar")),
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CARGO": str(self.folder / "bin" / "cargo"),
            "RUSTC": str(self.folder / "bin" / "rustc"),
            "CARGO_HOME": str(cargo),
            "CARGO_BUILD_TARGET": TARGET,
            "PYO3_CONFIG_FILE": str(cargo / "pyo3.txt"),
            # What a wheel's libraries need of a Linux cannot be asked of these.
            "MATURIN_PEP517_ARGS": "--compatibility linux --auditwheel skip",
        }


def _write_script(path: Path, before: str, *command: str | Path) -> None:
    argv = shlex.join(str(word) for word in command)
    path.write_text(f'#!/bin/sh\n{before}exec {argv} "$@"\n', "utf-8")
    path.chmod(0o755)


def find_rust() -> RustToolchain | None:
    """The Rust toolchain of this machine, beside the bases; None where it was not made."""
    home = bases_folder().parent / "rust"
    try:
        digest = (home / "current").read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    folder = home / digest
    return RustToolchain(folder, digest) if digest and (folder / "rust.json").is_file() else None


def without_lock(source: Path) -> None:
    """Takes away what pins crates to a registry's, unless the archive brings its crates along."""
    if not (source / ".cargo").is_dir():
        for lock in source.rglob("Cargo.lock"):
            lock.unlink()


def _host() -> str:
    return f"{os.uname().machine}-unknown-linux-gnu"
