"""How Boxer is packed: `python -m wheels FOLDER` makes all wheels of this checkout.

    boxer                  the program, with native parts for this kind of machine
    boxer-base-NAMEXY      a base, as it lies in the cache: one wheel for each Python base
    boxer-base-quickjs     the base of JavaScript
    boxer-sdk-wasm32       what compiling for boxes takes: the SDK of C programs, that of each
                           Python base with wheels of packages in Rust, for which nobody who
                           installs Boxer has a compiler, and the base of C programs;
                           `boxer[native]` brings it

Belongs here: which files go into which wheel. Does not: making bases (`recipes`), the format of
wheels (hatchling). Wheels of data put their files into the folder `boxer_artifacts`, laid out as
the cache is (src/boxer/images/artifacts.py).

Invariants
1. What is packed is what this checkout makes, whatever another one left in the cache.
2. The same files give the same bytes; hatchling sorts them and takes SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.errors import BoxerError
from boxer.images import PACKAGED, base_package
from boxer.packages import BROUGHT, bring_wheels
from recipes.base import bases_root, build_python
from recipes.failures import RecipeError
from recipes.native import build_native
from recipes.programsdk import build_linux, build_sdk
from recipes.progress import Progress
from recipes.quickjs import build_quickjs
from recipes.recipe import load_recipe, recipe_names
from recipes.rust import build_rust
from recipes.workshop import ROOT, digest_of, product

SDK = "sdk"
NOTE = "current"


@dataclass(frozen=True)
class Data:
    """A wheel of files. readme: its description. contents: files and folders by their paths below
    `boxer_artifacts`; a text is a file of that text."""

    name: str
    summary: str
    readme: str
    contents: Mapping[str, Path | str]


def make_wheels(folder: Path, progress: Progress) -> list[Path]:
    """Makes all wheels of this checkout in a folder, and what they hold. Raises RecipeError."""
    bases = [base_wheel(name, folder, progress) for name in recipe_names()]
    scripts = _base_wheel(build_quickjs(bases_root(), progress), folder, progress)
    return [program_wheel(folder, progress), *bases, scripts, sdk_wheel(folder, progress)]


def program_wheel(folder: Path, progress: Progress) -> Path:
    """The wheel of Boxer itself; without native parts where there are none for this machine."""
    parts = build_native(progress)
    progress.step("packing boxer")
    return _build(ROOT, folder, {"BOXER_NATIVE_PARTS": str(parts)} if parts else {})


def base_wheel(name: str, folder: Path, progress: Progress) -> Path:
    """The wheel of a Python base, which is all that building and running boxes takes."""
    return _base_wheel(build_python(load_recipe(name), progress), folder, progress)


def _base_wheel(made: Path, folder: Path, progress: Progress) -> Path:
    name = made.parent.name
    info = json.loads((made / "base.json").read_text("utf-8"))
    place = f"bases/{name}/{made.name}"
    package = base_package(info["name"], info["variant"])
    summary = f"The base {info['name']} {info['version']} for Boxer, compiled for boxes."
    files = {f"{place}/{file}": made / file for file in ("base.json", *info["files"])}
    contents = {f"bases/{name}/{NOTE}": f"{made.name}\n", **files}
    return _pack(
        Data(package, summary, _readme(summary, info["components"]), contents), folder, progress
    )


def sdk_wheel(folder: Path, progress: Progress) -> Path:
    """The wheel with what compiling takes: SDKs, and the base of C programs."""
    sdk, programs = build_sdk(progress), build_linux(bases_root(), progress)
    contents: dict[str, Path | str] = {
        f"{SDK}/{NOTE}": f"{sdk.name}\n",
        f"{SDK}/{sdk.name}": sdk,
        f"bases/{programs.parent.name}/{NOTE}": f"{programs.name}\n",
        f"bases/{programs.parent.name}/{programs.name}": programs,
    }
    for name in recipe_names():
        made = build_python(load_recipe(name), progress)
        contents[f"bases/{name}/{made.name}/{SDK}"] = made / SDK
        contents[f"bases/{name}/{made.name}/{SDK}/{BROUGHT}"] = _in_rust(made, progress)
    summary = "What compiling C and C++ for Boxer's boxes takes, beside the compiler `ziglang`."
    return _pack(Data("boxer-sdk-wasm32", summary, f"{summary}\n", contents), folder, progress)


def _in_rust(base: Path, progress: Progress) -> Path:
    """The folder of wheels that an SDK brings; those that were built before are taken."""
    info = json.loads((base / "base.json").read_text("utf-8"))
    progress.step("building packages in Rust")

    def make(folder: Path) -> None:
        try:
            bring_wheels(folder, f"{info['name']}:{info['variant']}")
        except BoxerError as error:
            raise RecipeError(error.message, hint=error.hint) from None

    settled = [base.name, *(toolchain.name for toolchain in build_rust(progress))]
    return product("brought", digest_of([*settled, ROOT / "src" / "boxer" / "packages"]), make)


def own_project() -> dict[str, Any]:
    """What pyproject.toml says: the version is that of all wheels."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _readme(summary: str, components: list[dict[str, str]]) -> str:
    rows = [f"| {part['name']} | {part['version']} | {part['license']} |" for part in components]
    return "\n".join([summary, "", "| part | version | licence |", "|---|---|---|", *rows, ""])


def _pack(data: Data, folder: Path, progress: Progress) -> Path:
    progress.step(f"packing {data.name}")
    with tempfile.TemporaryDirectory(prefix="boxer-wheel-") as name:
        project = Path(name)
        _write_project(project, data)
        return _build(project, folder, {})


def _write_project(project: Path, data: Data) -> None:
    """A project whose wheel has the files."""
    included = []
    for number, (path, content) in enumerate(data.contents.items()):
        if isinstance(content, str):
            source = project / f"text{number}"
            source.write_text(content, "utf-8")
        else:
            source = content
        included.append(f"{json.dumps(str(source))} = {json.dumps(f'{PACKAGED}/{path}')}\n")
    own = own_project()
    (project / "README.md").write_text(data.readme, "utf-8")
    (project / "pyproject.toml").write_text(
        f"""[build-system]
requires = {json.dumps(own["build-system"]["requires"])}
build-backend = "hatchling.build"

[project]
name = "{data.name}"
version = "{own["project"]["version"]}"
description = {json.dumps(data.summary)}
readme = "README.md"
requires-python = "{own["project"]["requires-python"]}"

[tool.hatch.build.targets.wheel]
bypass-selection = true

[tool.hatch.build.targets.wheel.force-include]
{"".join(included)}""",
        "utf-8",
    )


def _build(project: Path, folder: Path, variables: Mapping[str, str]) -> Path:
    """Builds a project's wheel, in place of another version of it in the folder."""
    with tempfile.TemporaryDirectory(prefix="boxer-wheel-") as draft:
        # -P: the project's folder, which is the current one, is nothing to import from.
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", draft],
            cwd=project,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RecipeError(f"hatchling made no wheel:\n{done.stdout}{done.stderr}")
        (made,) = Path(draft).glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{made.name.partition('-')[0]}-*.whl"):
            old.unlink()
        return Path(shutil.move(made, folder / made.name))
