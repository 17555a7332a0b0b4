"""Boxer as people install it: the wheels alone, an empty environment and home, no compiler."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path
from platform import machine

import pytest

from recipes.native import GLIBC, is_supported
from recipes.progress import Progress
from wheels import make_wheels, own_project

pytestmark = [
    pytest.mark.base,
    pytest.mark.network,
    pytest.mark.skipif(not is_supported(), reason="no native parts for this machine"),
]
ROOT = Path(__file__).parents[2]
VERSION = own_project()["project"]["version"]
BASE = "boxer-base-python313"
COMPILERS = ("cc", "gcc", "clang", "g++", "c++", "zig", "ld", "make", "cargo", "rustc")
FLASK = """FROM python:3.13-slim
RUN pip install flask
COPY app.py .
CMD ["python", "app.py"]
"""
APP = """import flask
app = flask.Flask(__name__)
app.add_url_rule("/", view_func=lambda: "hello from flask")
print(app.test_client().get("/").text)
"""
SIGNED = """FROM python:3.13-slim
RUN pip install "pyjwt[crypto]" bcrypt jsonschema
COPY app.py .
CMD ["python", "app.py"]
"""
SIGNS = """import bcrypt, jwt, rpds
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(65537, 2048)
token = jwt.encode({"sub": "boxer"}, key, "RS256")
told = jwt.decode(token, key.public_key(), algorithms=["RS256"])
kept = bcrypt.hashpw(b"word", bcrypt.gensalt(4))
print(told, bcrypt.checkpw(b"word", kept), rpds.HashTrieMap({1: 2})[1])
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    assert len(make_wheels(folder, Progress())) == 4
    return folder


class Installed:
    """An environment with nothing in it but Boxer, and a home with nothing in it at all. more: what
    else is installed, by pip's words for it."""

    def __init__(self, folder: Path, made: Path, *more: str | Path) -> None:
        self.bin = folder / "env" / "bin"
        self.compiled = folder / "compiled"
        trap, home = folder / "compilers", folder / "home"
        index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.environment = {
            **index,
            "HOME": str(home),
            "COMPILED": str(self.compiled),
            "PATH": f"{self.bin}:{trap}:/usr/bin:/bin",
        }
        home.mkdir()
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True, timeout=300
        )
        # By their files: the index has another project of the same name.
        self.pip("install", *made.glob("boxer-[0-9]*.whl"), *made.glob("boxer_base_*.whl"), *more)
        # Not before: pip asks rustc for its version.
        trap.mkdir()
        for name in COMPILERS:
            program = trap / name
            program.write_text('#!/bin/sh\necho "$0 $*" >>"$COMPILED"\nexit 1\n')
            program.chmod(0o755)

    def pip(self, *arguments: str | Path) -> str:
        command = [sys.executable, "-m", "pip", "--python", self.bin / "python", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        ).stdout

    def boxer(self, *arguments: str | Path, cwd: Path = ROOT) -> str:
        done = subprocess.run(
            [self.bin / "boxer", *arguments], cwd=cwd, env=self.environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), made)


@pytest.fixture(scope="module")
def compiling(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """As `boxer[native]` is installed, whose other half is the compiler."""
    folder = tmp_path_factory.mktemp("compiling")
    zig = next(text for text in requires("boxer") or [] if text.startswith("ziglang"))
    return Installed(folder, made, *made.glob("boxer_sdk_*.whl"), zig.partition(";")[0].strip())


def test_hello_is_built_and_run_without_a_compiler(installed: Installed, tmp_path: Path) -> None:
    box = tmp_path / "hello.wasm"
    installed.boxer("build", "-q", "-o", box, ROOT / "examples" / "hello")
    first = installed.boxer("run", box)
    assert first.startswith("hello from a box\n")
    assert installed.boxer("run", box) == first
    assert not installed.compiled.exists(), installed.compiled.read_text()
    assert "ziglang" not in installed.pip("list")


def test_a_flask_box_is_built_and_run(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(FLASK)
    (tmp_path / "app.py").write_text(APP)
    installed.boxer("build", "-q", "-o", tmp_path / "app.wasm", tmp_path)
    assert installed.boxer("run", tmp_path / "app.wasm") == "hello from flask\n"
    assert not installed.compiled.exists(), installed.compiled.read_text()


def test_packages_in_rust_come_along(compiling: Installed, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SIGNED)
    (tmp_path / "app.py").write_text(SIGNS)
    compiling.boxer("build", "-q", "-o", tmp_path / "app.wasm", tmp_path)
    assert compiling.boxer("run", tmp_path / "app.wasm") == "{'sub': 'boxer'} True 2\n"
    assert not compiling.compiled.exists(), compiling.compiled.read_text()


def test_bases_say_where_they_came_from(installed: Installed) -> None:
    python, linux = (
        next(line for line in installed.boxer("bases").splitlines() if line.startswith(name))
        for name in ("python:", "linux:")
    )
    assert f"{BASE} {VERSION}" in python
    assert "`pip install boxer-sdk-wasm32`" in linux
    assert installed.boxer("--version") == f"boxer {VERSION}\n"


def test_what_compiles_is_named_where_it_is_missing(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    done = subprocess.run(
        [installed.bin / "boxer", "cc", "main.c"], cwd=tmp_path, env=installed.environment,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "pip install 'boxer[native]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_taken_from_the_current_folder(installed: Installed, tmp_path: Path) -> None:
    for name in ("boxer", "json", "wasmtime"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(66)")
    (tmp_path / "boxer_artifacts" / "bases" / "linux-1").mkdir(parents=True)
    (tmp_path / "boxer_artifacts" / "bases" / "linux-1" / "current").write_text("0" * 64)
    assert installed.boxer("bases", cwd=tmp_path) == installed.boxer("bases")


def test_the_wheel_runs_where_its_name_says(made: Path) -> None:
    (wheel,) = made.glob("boxer-[0-9]*.whl")
    assert wheel.name.endswith(f"-py3-none-manylinux_{GLIBC.replace('.', '_')}_{machine()}.whl")
    command = [sys.executable, "-m", "auditwheel", "show", str(wheel)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    needed = re.search(rf'"manylinux_(\d+)_(\d+)_{machine()}"', shown)
    assert needed is not None, shown
    assert tuple(map(int, needed.groups())) <= tuple(map(int, GLIBC.split(".")))


def test_the_command_and_the_library_are_native(made: Path) -> None:
    (wheel,) = made.glob("boxer-[0-9]*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (command,) = (name for name in names if name.endswith(".data/scripts/boxer"))
        assert archive.read(command).startswith(b"\x7fELF")
        assert archive.getinfo(command).external_attr >> 16 & 0o111
        assert "boxer/runtime/lib/libboxer.so" in names
        assert not any(name.endswith("entry_points.txt") for name in names)


def test_what_compiling_takes_is_an_extra() -> None:
    wanted = [
        text for text in requires("boxer") or [] if "extra == 'native'" in text.replace('"', "'")
    ]
    assert [text.partition("==")[0] for text in wanted] == ["boxer-sdk-wasm32", "ziglang"]
    assert f"boxer-sdk-wasm32=={VERSION}" in wanted[0]


def test_the_same_files_give_the_same_wheel(made: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path, Progress())
    for wheel in made.glob("*.whl"):
        assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
