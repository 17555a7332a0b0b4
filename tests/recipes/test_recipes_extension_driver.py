"""The compiler of an SDK: what the arguments of a package's build come to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.extension import pkgconfig
from recipes.extension.driver import (
    Options,
    Tools,
    expanded,
    link_set,
    linked_inputs,
    parted,
    set_inputs,
)
from recipes.options import load_options, own_libraries

OPTIONS = Options(load_options())
SDK = {
    **{name: [] for name in ("flags", "cxx_flags", "link_flags", "module_flags")},
    "name": ["cc"],
    "shared": True,
    "options": load_options(),
    "own_libraries": own_libraries(),
    "packages": {
        "libxml-2.0": {"version": "2.9.14", "libs": ["xml2"], "include": "libxml2"},
        "zlib": {"version": "1.3.1", "libs": ["z"], "include": ""},
    },
}


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOXER_ZIG", "zig")
    (tmp_path / "lib" / "libraries").mkdir(parents=True)
    (tmp_path / "lib" / "libraries" / "libxml2.a").touch()
    (tmp_path / "sdk.json").write_text(json.dumps(SDK))
    return tmp_path


@pytest.mark.parametrize(
    ("option", "kept"),
    [
        ("-O3", True),
        ("-fvisibility=hidden", True),
        ("-DNAME=1", True),
        ("-shared", True),
        ("-march=native", False),
        ("-mavx2", False),
        ("-fPIC", False),
        ("-pthread", False),
        ("-flto=auto", False),
        ("-g3", False),
        ("-Wl,--as-needed", False),
        ("-Wall", True),
    ],
)
def test_options_of_other_machines_are_dropped(option: str, kept: bool) -> None:
    assert (option in parted(OPTIONS, [option, "a.c"]).options) == kept


def test_headers_of_the_hosts_python_are_not_seen() -> None:
    line = ["-I/usr/include/python3.13", "-I", "/usr/include/python3.11", "-Iown", "a.c"]
    assert parted(OPTIONS, line).options == ["-Iown"]


def test_libraries_of_the_machine_and_the_sdk_are_dropped_and_others_linked(
    sdk: Path,
) -> None:
    own = str(sdk / "lib" / "libraries" / "libxml2.a")
    line = ["a.o", "-L", "there", "-lm", "-lxml2", own, "-lother", "-o", "b.so", "-shared"]
    found = parted(OPTIONS, line)
    assert linked_inputs(Tools(sdk), found) == ["a.o", "-Lthere", "-lother"]
    assert found.output == "b.so"


def test_a_response_file_is_read_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "words.rsp"
    file.write_text("a.o 'with space.o'\n")
    assert expanded(["-shared", f"@{file}", "b.o"]) == ["-shared", "a.o", "with space.o", "b.o"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--modversion", "zlib"], "1.3.1"),
        (["--libs", "libxml-2.0 >= 2.9.2"], "-L{sdk}/lib/libraries -lxml2"),
        (["--cflags-only-I", "libxml-2.0"], "-I{sdk}/include/libxml2"),
        (["--exists", "zlib", "libxml-2.0"], ""),
        (["--variable=libdir", "zlib"], "{sdk}/lib/libraries"),
    ],
)
def test_pkg_config_tells_of_the_kits_libraries(
    sdk: Path,
    words: list[str],
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pkgconfig, "SDK", sdk)
    assert pkgconfig.main(words) == 0
    assert capsys.readouterr().out.strip() == answer.replace("{sdk}", str(sdk))


@pytest.mark.parametrize("asked", ["absent", "zlib >= 1.4", "zlib < 1", "zlib = 1.3"])
def test_pkg_config_knows_no_library_of_the_host_and_no_newer_one(
    sdk: Path, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pkgconfig, "SDK", sdk)
    assert pkgconfig.main(["--exists", asked]) == 1


LINKER = """#!/bin/sh
case "$*" in
*lacking.o*fuller*) echo linked > "$LAST"; exit 0 ;;
*lacking.o*) echo 'undefined symbol: DSA_new' >&2; exit 1 ;;
*fuller*) exit 1 ;;
esac
echo 'a warning' >&2
"""
# In the place of `linked`: what it is told.
HINTS = "import sys; open(sys.argv[2], 'w').write(sys.argv[1])"


@pytest.fixture
def linker(sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (sdk / "lib" / "libraries" / "libcrypto.a").touch()
    (sdk / "lib" / "fuller").mkdir()
    (sdk / "lib" / "fuller" / "libcrypto.a").touch()
    (tmp_path / "zig").write_text(LINKER)
    (tmp_path / "zig").chmod(0o755)
    (sdk / "linked").mkdir()
    (sdk / "linked" / "__main__.py").write_text(HINTS)
    (sdk / "linked" / "__init__.py").touch()
    monkeypatch.setenv("BOXER_ZIG", str(tmp_path / "zig"))
    monkeypatch.setenv("LAST", str(tmp_path / "last"))
    return tmp_path / "last"


def test_a_set_takes_fuller_libraries_where_the_bases_lack_something(
    sdk: Path, linker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = sdk / "out.wasm"
    assert link_set(Tools(sdk), [str(output), "lacking.o"]) == 0
    assert output.read_text() == str(sdk / "lib" / "hints.json")
    assert linker.read_text() == "linked\n"
    assert capfd.readouterr().err == ""


def test_a_set_that_lacks_nothing_has_the_bases_libraries(
    sdk: Path, linker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = sdk / "out.wasm"
    assert link_set(Tools(sdk), [str(output), "plain.o"]) == 0
    assert output.read_text() == str(sdk / "lib" / "hints.json")
    assert not linker.exists()
    assert capfd.readouterr().err == "a warning\n"


def test_fuller_libraries_stand_in_the_place_of_the_bases(sdk: Path, linker: Path) -> None:
    tools = Tools(sdk)
    names = [Path(path).name for path in set_inputs(tools, ["a.o"], tools.libraries)]
    assert names.count("libcrypto.a") == 1
