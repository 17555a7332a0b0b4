"""The Rust toolchain: what of Debian's packages is taken, what the modules of a box are given."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from boxer.packages.native.relocatable import Relocatable, SymbolKind
from recipes import debian, rust

TABLE = tomllib.loads(rust.TABLE.read_text("utf-8"))


@pytest.mark.parametrize("name", ["gcc-14", "cpp-14-x86-64-linux-gnu", "perl-base", "libasan8"])
def test_what_only_debians_builds_need_is_left_out(name: str) -> None:
    assert re.fullmatch("|".join(TABLE["left_out"]), name)


@pytest.mark.parametrize(
    "name", ["libc6", "libgcc-s1", "libllvm19", "libstd-rust-1.85", "libcurl4"]
)
def test_what_the_compiler_runs_with_is_taken(name: str) -> None:
    assert not re.fullmatch("|".join(TABLE["left_out"]), name)


def test_packages_are_not_taken_unchecked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "none")
    versions, failure = debian.fetch_packages(["cargo"], [], tmp_path)
    assert versions == {}
    assert "are checked" in failure


def test_the_library_has_what_rustc_leaves_to_the_last_link(tmp_path: Path) -> None:
    rust._compile(tmp_path)
    defined = {
        symbol.name
        for file in tmp_path.glob("*.o")
        for symbol in Relocatable.parse(file.read_bytes()).symbols
        if symbol.defined and symbol.kind in (SymbolKind.FUNCTION, SymbolKind.DATA)
    }
    calls = {"alloc", "alloc_zeroed", "dealloc", "realloc", "alloc_error_handler"}
    wanted = {f"__rust_{name}" for name in calls} | {"__rust_no_alloc_shim_is_unstable", "errno"}
    assert wanted <= defined
    assert (tmp_path / "librust.a").is_file()
