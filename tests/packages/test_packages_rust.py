"""What a build with Rust in it is told, and how its module is linked."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from boxer.errors import NativePackageError
from boxer.packages.catalogue.buildsettings import rust_releases, settings_of
from boxer.packages.catalogue.known import why_native, working_versions
from boxer.packages.compiler import with_compiler
from boxer.packages.files import users_without
from boxer.packages.native import BROUGHT, Builder, rust, rustlink
from boxer.packages.native.brought import BroughtWheel, write_brought
from boxer.packages.native.crossbuild import build_wheel
from boxer.packages.native.rust import RustToolchain, find_rust, without_lock
from boxer.packages.native.sdk import Sdk
from boxer.packages.resolve import Locked
from boxer.packages.sdist import build_sdist, is_kept
from recipes.rust import TABLE
from tests.pythons import PYTHON, python_of
from tests.stages import Recorder


@pytest.fixture
def sdk(tmp_path: Path) -> Sdk:
    folder = tmp_path / "sdk"
    (folder / "sysconfig").mkdir(parents=True)
    (folder / "sysconfig" / "_sysconfigdata__linux_box.py").write_text("build_time_vars = {}\n")
    (folder / "include").mkdir()
    for name in ("driver.py", "include/pyconfig.h"):
        (folder / name).write_text(name)
    (folder / "sdk.json").write_text(json.dumps({"ziglang": ["0"]}))
    return Sdk(folder, "0" * 64, PYTHON)


def test_cargo_is_told_of_the_kits_crates_and_linker(sdk: Sdk, tmp_path: Path) -> None:
    told = RustToolchain(tmp_path / "rust", "1").environment(sdk, tmp_path)
    config = tomllib.loads((Path(told["CARGO_HOME"]) / "config.toml").read_text())
    assert config["net"] == {"offline": True}
    assert config["source"]["kit"]["directory"].startswith(f"{tmp_path}/rust/")
    linker = Path(config["target"][rust.TARGET]["linker"])
    assert f"{tmp_path}/rust/lib/librust.a" in linker.read_text()
    assert linker.stat().st_mode & 0o100
    assert "abi3=true" in Path(told["PYO3_CONFIG_FILE"]).read_text()


def test_pyo3_is_told_of_the_python_of_the_sdk(sdk: Sdk, tmp_path: Path) -> None:
    other = replace(sdk, python=python_of("3.99.1"))
    told = RustToolchain(tmp_path / "rust", "1").environment(other, tmp_path)
    lines = Path(told["PYO3_CONFIG_FILE"]).read_text().splitlines()
    assert "version=3.99" in lines
    assert "ext_suffix=.cpython-399-wasm32-linux-musl.so" in lines


def test_the_linker_leaves_rustcs_own_allocator_and_libc_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zig = tmp_path / "zig"
    zig.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\n')
    zig.chmod(0o755)
    monkeypatch.setenv("BOXER_ZIG", str(zig))
    for name, data in {"a.o": b"code", "glue.o": b"\0__rdl_alloc\0", "b.rlib": b""}.items():
        (tmp_path / name).write_bytes(data)
    inputs = [str(tmp_path / name) for name in ("a.o", "glue.o", "b.rlib")]
    places = ["-L", str(tmp_path), "-l", "own", "-L", f"{tmp_path}/rustlib/x", "-l", "c"]
    for place in ("libown.a", "rustlib/x/libc.a"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    words = ["-flavor", "wasm", "--export", "PyInit_x", *inputs, *places, "-o", "out.wasm"]
    assert rustlink.main("memory.a", words) == 0
    kept = f"{inputs[0]} {inputs[2]} {tmp_path}/libown.a memory.a"
    assert (tmp_path / "said").read_text() == f"wasm-ld -r --strip-debug {kept} -o out.wasm\n"


def test_a_lock_of_a_registrys_crates_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "Cargo.lock").touch()
    without_lock(tmp_path)
    assert not (tmp_path / "Cargo.lock").exists()


def test_a_lock_of_crates_that_come_along_stays(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / "Cargo.lock").touch()
    without_lock(tmp_path)
    assert (tmp_path / "Cargo.lock").exists()


def test_without_the_compiler_a_package_in_rust_says_how_it_is_made(
    sdk: Sdk, tmp_path: Path
) -> None:
    archive = tmp_path / "rpds_py-0.21.0.tar.gz"
    done = build_wheel(sdk, archive, tmp_path, {}, lambda words, environment: (0, ""))
    assert done.wheel is None
    assert "`make rust`" in done.log


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[project\n", "is no TOML: Expected ']'"),
        ("build-system = 1\n", "has a wrong `build-system`: it is no table"),
        ("[build-system]\nbuild-backend = 4\n", "`build-system.build-backend`: it is no text"),
        ("[build-system]\nrequires = [4]\n", "`build-system.requires`: it is no text"),
    ],
)
def test_a_project_whose_file_is_none_is_not_built(
    sdk: Sdk, tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "pyproject.toml").write_text(text)
    done = build_wheel(sdk, tmp_path / "source", tmp_path, {}, lambda words, environment: (0, ""))
    assert done.wheel is None
    assert done.log.startswith("pyproject.toml ")
    assert reason in done.log


def test_a_wheel_in_rust_is_kept_under_its_compiler(sdk: Sdk, tmp_path: Path) -> None:
    one, other = (Builder(sdk, {"trixie": RustToolchain(tmp_path, digest)}) for digest in "12")
    assert one.key("rpds_py-0.21.0.tar.gz") != other.key("rpds_py-0.21.0.tar.gz")
    assert one.key("msgpack-1.2.4.tar.gz") == other.key("msgpack-1.2.4.tar.gz")


def test_a_toolchain_is_found_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXER_BASES", str(tmp_path / "bases"))
    made = {}
    for release in sorted(rust_releases()):
        assert find_rust() == {}
        folder = tmp_path / "rust" / release / "12ab"
        folder.mkdir(parents=True)
        (folder.parent / "current").write_text("12ab")
        assert find_rust() == {}
        (folder / "rust.json").write_text("{}")
        made[release] = RustToolchain(folder, "12ab")
    assert find_rust() == made


def test_the_toolchains_that_packages_take_are_those_that_are_made() -> None:
    assert rust_releases() == tomllib.loads(TABLE.read_text())["releases"].keys()


@dataclass
class Maker:
    """A builder that makes the compiler when it is asked to, or says why not."""

    reason: str = ""
    can_make_rust: bool = True
    has_rust: bool = False
    brought: dict[str, str] = field(default_factory=dict)

    def make_rust(self, tell: Callable[[str], None]) -> str:
        tell("making")
        self.has_rust = not self.reason
        return self.reason

    def key(self, filename: str) -> str:
        raise NotImplementedError

    def wheel_of(self, source: bytes) -> tuple[str, bytes] | None:
        raise NotImplementedError

    def build(
        self, source: Path, folder: Path, environment: Mapping[str, str]
    ) -> tuple[Path | None, str]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("name", "version", "made"),
    [
        ("cryptography", "49.0.0", True),
        ("bcrypt", "4.2.0", True),
        ("bcrypt", "3.2.2", False),
        ("msgpack", "1.2.4", False),
    ],
)
def test_the_compiler_is_made_for_what_takes_it(name: str, version: str, made: bool) -> None:
    builder, heard = Maker(), Recorder()
    for _ in range(2):  # the second time it is there
        with_compiler(Locked(name, version), None, builder, heard)
    assert builder.has_rust is made
    assert len(heard.notices) == made


def test_a_compiler_that_cannot_be_made_says_why() -> None:
    builder = Maker(reason="no Debian mirror in this machine's apt sources")
    with pytest.raises(NativePackageError, match="cannot be made: no Debian mirror") as error:
        with_compiler(Locked("cryptography", "49.0.0"), None, builder, Recorder())
    assert "make rust" not in str(error.value.hint)


@pytest.mark.parametrize("builder", [None, Maker(can_make_rust=False)], ids=["none", "installed"])
def test_where_it_cannot_be_made_it_is_said_how(builder: Maker | None) -> None:
    with pytest.raises(NativePackageError) as error:
        with_compiler(Locked("cryptography", "49.0.0"), None, builder, Recorder())
    assert "in a checkout of Boxer: `make rust`" in str(error.value.hint)


def test_a_wheel_that_came_with_boxer_takes_no_compiler() -> None:
    builder, heard = Maker(brought={"cryptography": "49.0.0"}), Recorder()
    with_compiler(Locked("cryptography", "49.0.0"), None, builder, heard)
    assert not builder.has_rust
    assert not heard.notices
    with pytest.raises(NativePackageError, match=r"its version 49\.0\.0 ready") as error:
        with_compiler(Locked("cryptography", "48.0.0"), None, builder, heard)
    assert error.value.hint == "Ask for `cryptography==49.0.0`."


def test_the_versions_that_came_with_boxer_are_looked_for_first() -> None:
    brought = {"bcrypt": "4.2.0", "rpds-py": "0.21.0"}
    limits = list(working_versions(has_rust=False, brought=brought))
    assert {"bcrypt==4.2.0", "rpds-py==0.21.0", "cryptography>=47,<50"} <= set(limits)
    limits = list(working_versions(has_rust=True, brought=brought))
    assert not {"bcrypt==4.2.0", "rpds-py==0.21.0"} & set(limits)


def test_a_wheel_that_came_with_an_sdk_is_that_of_its_source_alone(
    sdk: Sdk, tmp_path: Path
) -> None:
    data, source = pure_wheel(), b"the archive"
    path = sdk.folder / BROUGHT / "tiny-1-py3-none-any.whl"
    path.parent.mkdir()
    digest = hashlib.sha256(source).hexdigest()
    write_brought(path.parent, [(BroughtWheel("tiny", "1", digest, path), data)])
    builder = Builder(sdk)
    assert builder.brought == {"tiny": "1"}
    assert builder.wheel_of(source) == (path.name, data)
    assert builder.wheel_of(b"another archive") is None
    assert is_kept(source, "tiny-1.tar.gz", builder)
    assert build_sdist(source, "tiny-1.tar.gz", {}, None, builder).version == "1"
    # What a compiler of this machine makes is taken before what came along.
    assert Builder(sdk, {"trixie": RustToolchain(tmp_path, "1")}).wheel_of(source) is None


def pure_wheel() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tiny.py", "")
        info = "tiny-1.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return out.getvalue()


@pytest.mark.parametrize(
    ("variable", "value"), [("BOXER_MAKE_RUST", "0"), ("BOXER_BASES", "/elsewhere")]
)
def test_a_checkout_makes_it_unless_it_is_told_not_to(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOXER_MAKE_RUST", raising=False)
    monkeypatch.delenv("BOXER_BASES", raising=False)
    assert rust.can_be_made()
    monkeypatch.setenv(variable, value)
    assert not rust.can_be_made()


def test_what_the_recipe_says_is_why_it_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXER_BASES", str(tmp_path / "bases"))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "__main__.py").write_text(
        "import sys; sys.exit('[ 0:00] fetching\\nerror: no mirror\\n\\nhint: none')"
    )
    monkeypatch.setattr(rust, "_CHECKOUT", tmp_path)
    assert rust.make(lambda said: None) == "no mirror"
    for release in rust_releases():
        (tmp_path / "rust" / release / "12").mkdir(parents=True)
        (tmp_path / "rust" / release / "12" / "rust.json").touch()
        (tmp_path / "rust" / release / "current").write_text("12")
    assert rust.make(lambda said: None) == ""  # another was faster


def test_each_version_has_its_toolchain() -> None:
    assert settings_of("rpds_py-0.21.0.tar.gz").rust == "trixie"
    assert settings_of("cryptography-49.0.0.tar.gz").rust == "forky"
    assert not settings_of("cryptography-3.3.2.tar.gz").rust
    assert not settings_of("msgpack-1.2.4.tar.gz").rust


MANIFEST = """[package]
version = "0.1.0"
[dependencies]
alpha = "1.2.63"
beta = { version = "0.29", features = ["abi3"] }
beta-sys = { features = ["x"], version = "0.9.1" }
gamma.workspace = true
alpha-other = "1"
"""
LOOSENED = """[package]
version = "0.1.0"
[dependencies]
alpha = "*"
beta = { version = "*", features = ["abi3"] }
beta-sys = { features = ["x"], version = "0.9.1" }
gamma.workspace = true
alpha-other = "1"
"""


def test_of_loosened_crates_any_version_will_do(tmp_path: Path) -> None:
    manifest = tmp_path / "src" / "rust" / "Cargo.toml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(MANIFEST)
    without_lock(tmp_path)
    assert manifest.read_text() == MANIFEST
    without_lock(tmp_path, ["alpha", "beta"])
    assert manifest.read_text() == LOOSENED
    manifest.write_text(MANIFEST)
    (tmp_path / ".cargo").mkdir()  # it brings its crates along
    without_lock(tmp_path, ["alpha", "beta"])
    assert manifest.read_text() == MANIFEST


def test_cargo_is_not_held_to_a_lock_that_is_gone(sdk: Sdk, tmp_path: Path) -> None:
    toolchain = tmp_path / "rust"
    (toolchain / "bin").mkdir(parents=True)
    (toolchain / "bin" / "cargo").write_text('#!/bin/sh\necho "$@"\n')
    (toolchain / "bin" / "cargo").chmod(0o755)
    told = RustToolchain(toolchain, "1").environment(sdk, tmp_path)
    done = subprocess.run(
        [told["CARGO"], "build", "--locked", "--release"], capture_output=True, check=True
    )
    assert done.stdout == b"build --release\n"


@pytest.mark.parametrize(("name", "kept"), [("__rdl_alloc", False), ("_RNv7_11___rdl_alloc", True)])
def test_a_newer_compilers_glue_is_kept(tmp_path: Path, name: str, kept: bool) -> None:
    glue = tmp_path / "glue.o"
    glue.write_bytes(b"\0" + name.encode() + b"\0")
    assert rustlink._is_glue(str(glue)) is not kept


@pytest.mark.parametrize("version", ["3.4.8", "43.0.0", "46.0.7", "50.0.0"])
def test_a_version_that_cannot_be_had_is_refused_with_those_that_can(version: str) -> None:
    reason = why_native("cryptography", version)
    assert reason is not None
    assert "`cryptography>=47,<50`" in reason[1]


@pytest.mark.parametrize(
    ("version", "has_rust", "left_out"),
    [("49.0.0", True, False), ("49.0.0", False, True), ("44.0.0", True, True)],
)
def test_what_can_be_compiled_is_not_left_out(version: str, has_rust: bool, left_out: bool) -> None:
    users = users_without(Locked("cryptography", version), PYTHON.series, has_rust=has_rust)
    assert ("pyjwt" in users) is left_out
