"""How Boxer is packed: `python -m wheels FOLDER` makes all wheels of this checkout.

    boxer                  the program, with native parts for this kind of machine
    boxer-base-NAMEXY      a base, as it lies in the cache: one wheel for each Python base
    boxer-sdk              what compiling for boxes takes: the SDK of C programs, that of each
                           Python base, and the base of C programs; `boxer[native]` brings it

Belongs here: which files go into which wheel. Does not: making bases (`recipes`), the format of
wheels (hatchling). Wheels of data put their files into the folder `boxer_artifacts`, laid out as
the cache is (src/boxer/images/artifacts.py).

Invariant: the same files give the same wheels; hatchling sorts them and takes SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxer.images import PACKAGED, base_package
from recipes.base import bases_root
from recipes.native import native_folder
from recipes.recipe import recipe_names
from recipes.workshop import ROOT, cache_root

PROGRAMS_BASE = "linux-1"
SDK = "sdk"


class WheelError(Exception):
    """Something that a wheel is made of is not there."""


@dataclass(frozen=True)
class Data:
    """A wheel of files. files: by their paths below `boxer_artifacts`. readme: its description."""

    name: str
    summary: str
    readme: str
    files: Mapping[str, Path]


def make_wheels(folder: Path) -> list[Path]:
    """Makes all wheels of this checkout in a folder. Raises WheelError where a base is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("*.whl"))
    for wheel in before:
        wheel.unlink()
    _build(ROOT, folder, {"BOXER_NATIVE_PARTS": str(native_folder())})
    for data in (*map(base_wheel, recipe_names()), sdk_wheel()):
        with tempfile.TemporaryDirectory(prefix="boxer-wheel-") as project:
            _write_project(Path(project), data)
            _build(Path(project), folder, {})
    return sorted(folder.glob("*.whl"))


def base_wheel(name: str) -> Data:
    """The wheel of a Python base."""
    place = _current(name)
    info = json.loads((place / "base.json").read_text("utf-8"))
    files = {f"bases/{name}/current": place.parent / "current"}
    for file in ("base.json", *info["files"]):
        files[f"bases/{name}/{place.name}/{file}"] = place / file
    package = base_package(info["name"], info["variant"])
    summary = f"The base {info['name']} {info['version']} for Boxer, compiled for boxes."
    return Data(package, summary, _components(summary, info["components"]), files)


def sdk_wheel() -> Data:
    """The wheel with what compiling takes: SDKs, and the base of C programs."""
    files: dict[str, Path] = {}
    programs = _current(PROGRAMS_BASE)
    files[f"bases/{PROGRAMS_BASE}/current"] = programs.parent / "current"
    for file in _files(programs):
        files[f"bases/{PROGRAMS_BASE}/{programs.name}/{file.relative_to(programs)}"] = file
    for name in recipe_names():
        place = _current(name)
        for file in _files(place / SDK):
            files[f"bases/{name}/{place.name}/{file.relative_to(place)}"] = file
    sdk = cache_root() / SDK
    current = sdk / _note(sdk / "current")
    files[f"{SDK}/current"] = sdk / "current"
    for file in _files(current):
        files[f"{SDK}/{current.name}/{file.relative_to(current)}"] = file
    summary = "What compiling C and C++ for Boxer's boxes takes, beside the compiler `ziglang`."
    return Data("boxer-sdk", summary, f"{summary}\n", files)


def _components(summary: str, components: list[dict[str, str]]) -> str:
    rows = [f"| {part['name']} | {part['version']} | {part['license']} |" for part in components]
    return "\n".join([summary, "", "| part | version | licence |", "|---|---|---|", *rows, ""])


def _current(name: str) -> Path:
    home = bases_root() / name
    return home / _note(home / "current")


def _note(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except OSError as error:
        raise WheelError(f"{file} is not there: run `make bases`") from error


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def version() -> str:
    """Boxer's own, which all its wheels have."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _write_project(project: Path, data: Data) -> None:
    """A project whose wheel has the files. They are copied: hatchling reads modes of files."""
    for path, source in data.files.items():
        target = project / PACKAGED / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    (project / "README.md").write_text(data.readme, "utf-8")
    own = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    (project / "pyproject.toml").write_text(
        f"""[build-system]
requires = {json.dumps(own)}
build-backend = "hatchling.build"

[project]
name = "{data.name}"
version = "{version()}"
description = {json.dumps(data.summary)}
readme = "README.md"
requires-python = ">=3.11"

[tool.hatch.build]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
only-include = ["{PACKAGED}"]
""",
        "utf-8",
    )


def _build(project: Path, folder: Path, variables: Mapping[str, str]) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--out-dir", folder, project],
        env={**os.environ, **variables},
        check=True,
    )
