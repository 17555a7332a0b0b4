"""What a build of a package is told."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from boxer.packages.catalogue.buildsettings import Settings, settings_of
from boxer.packages.native import Builder
from boxer.packages.native.crossbuild import build_wheel
from boxer.packages.native.headers import tell_of_the_box
from boxer.packages.native.sdk import Sdk
from boxer.packages.native.toolfiles import build_settings, cross_environment, write_tool_files
from tests.pythons import PYTHON, python_of


@pytest.fixture
def sdk(tmp_path: Path) -> Sdk:
    settings = tmp_path / "sdk" / "sysconfig"
    settings.mkdir(parents=True)
    (settings / "_sysconfigdata__linux_box.py").write_text("build_time_vars = {}\n")
    (tmp_path / "env" / "bin").mkdir(parents=True)
    told = {"ziglang": [version("ziglang")]}
    (tmp_path / "sdk" / "sdk.json").write_text(json.dumps(told))
    return Sdk(tmp_path / "sdk", "0" * 64, PYTHON)


def test_a_build_gets_nothing_of_the_users_environment(
    sdk: Sdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    environment = cross_environment(sdk, tmp_path)
    assert "SECRET_TOKEN" not in environment
    assert environment["HOME"] == str(tmp_path / "home")
    assert environment["_PYTHON_SYSCONFIGDATA_NAME"] == "_sysconfigdata__linux_box"


def test_back_ends_are_told_of_the_python_of_the_sdk(sdk: Sdk, tmp_path: Path) -> None:
    write_tool_files(replace(sdk, python=python_of("3.99.1")), tmp_path)
    told = (tmp_path / "toolchain.cmake").read_text()
    assert 'set(Python_SOABI "cpython-399-wasm32-linux-musl"' in told


def test_back_ends_are_told_of_the_compiler(sdk: Sdk, tmp_path: Path) -> None:
    write_tool_files(sdk, tmp_path)
    for name in ("cross.ini", "toolchain.cmake"):
        assert f"{sdk.folder}/bin/cc" in (tmp_path / name).read_text()
    assert build_settings(tmp_path, "setuptools.build_meta") == {}
    assert str(tmp_path / "cross.ini") in build_settings(tmp_path, "mesonpy")["setup-args"]


def test_a_package_without_an_entry_is_told_nothing() -> None:
    assert settings_of("unheard_of-1.0.tar.gz").settings == {}
    assert "setup-args" in settings_of("numpy-2.5.5.tar.gz").settings
    assert settings_of("bcrypt-4.2.0.tar.gz").rust
    assert not settings_of("bcrypt-3.2.2.tar.gz").rust


def test_a_wheel_is_kept_under_the_settings_of_its_package_alone(sdk: Sdk) -> None:
    (sdk.folder / "include").mkdir()
    for name in ("sdk.json", "driver.py", "include/pyconfig.h"):
        (sdk.folder / name).write_text(name)
    builder = Builder(sdk)
    assert builder.key("one-1.0.tar.gz") == builder.key("other-2.0.tar.gz")
    assert builder.key("one-1.0.tar.gz") != builder.key("numpy-2.5.5.tar.gz")
    told = Settings(settings={"setup-args": ["-Da=1"]})
    assert told.digest == Settings(settings={"setup-args": ["-Da=1"]}).digest
    assert len({told.digest, Settings().digest, Settings({"a": "1"}).digest}) == 3


def test_a_build_whose_requirements_cannot_be_had_fails_with_what_was_said(
    sdk: Sdk, tmp_path: Path
) -> None:
    source = tmp_path / "project"
    source.mkdir()
    folder = tmp_path / "build"
    folder.mkdir()
    done = build_wheel(sdk, source, folder, {}, lambda words, environment: (1, "no such index"))
    assert (done.wheel, done.log) == (None, "no such index")


def test_headers_of_numpy_state_the_boxs_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "lib/python3.13/site-packages/numpy/_core/include/numpy"
    folder.mkdir(parents=True)
    header = folder / "_numpyconfig.h"
    header.write_text("#define NPY_SIZEOF_LONG 8\n#define NPY_SIZEOF_LONGLONG 8\n/* 8 */\n")
    kept = tmp_path / "cached"
    kept.hardlink_to(header)
    assert tell_of_the_box(tmp_path) == ["numpy/_core/include/numpy/_numpyconfig.h"]
    assert header.read_text() == (
        "#define NPY_SIZEOF_LONG 4\n#define NPY_SIZEOF_LONGLONG 8\n/* 8 */\n"
    )
    assert "NPY_SIZEOF_LONG 8" in kept.read_text()
