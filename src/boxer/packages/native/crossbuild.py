"""A source archive built into a wheel for the box, through the project's own build back end.

Belongs here: the environment of a build, its requirements, calling the back end's hooks (PEP 517).
Does not: keeping what comes out, choosing packages (`packages`), the compiler (the SDK).

A build runs the project's code on this machine, as `pip install` of it does. Where bubblewrap is
there it runs without network, and can write to its own folder only.

Invariants
1. Nothing is fetched while the project's code runs: its requirements are installed before.
2. The back end learns of the box by variables and files only; of the sources nothing is changed but
   which versions of Rust crates they ask for.
"""

from __future__ import annotations

import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.ending import run_program
from boxer.packages.catalogue.buildsettings import Settings, settings_of
from boxer.packages.native.confined import confined
from boxer.packages.native.headers import tell_of_the_box
from boxer.packages.native.hostpython import host_python, note_of_version
from boxer.packages.native.rust import NOT_THERE, RustToolchain, without_lock
from boxer.packages.native.sdk import Sdk
from boxer.packages.native.toolfiles import build_settings, cross_environment, write_tool_files
from boxer.packages.projects.shapes import BUILD_SYSTEM, read_toml

TIMEOUT_SECONDS = 3600.0
_HOOKS = Path(__file__).with_name("hooks.py")
# What setuptools takes where a project states no build system (PEP 518).
_LEGACY = {"requires": ["setuptools>=40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}

# Runs uv: its arguments and environment; its status and what it said.
RunUv = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class SourceBuild:
    """What came of a build. wheel: the file, None where it failed. log: what the back end said."""

    wheel: Path | None
    log: str


def build_wheel(
    sdk: Sdk,
    archive: Path,
    folder: Path,
    environment: Mapping[str, str],
    run_uv: RunUv,
    toolchains: Mapping[str, RustToolchain] | None = None,
) -> SourceBuild:
    """Builds `archive`, a source archive or a project's folder, in `folder`, which is empty.

    environment: variables with the user's package index in them. toolchains: for Rust. No failure
    of the project raises.
    """
    package = settings_of(archive.name)
    rust = (toolchains or {}).get(package.rust)
    if package.rust and rust is None:
        return SourceBuild(None, NOT_THERE)
    folder, version = folder.resolve(), sdk.python.series
    source = archive if archive.is_dir() else _unpacked(archive, folder / "source")
    try:
        system = _build_system(source)
    except ValueError as error:
        return SourceBuild(None, f"pyproject.toml {error}.")
    python = folder / "env" / "bin" / "python"
    status, said = run_uv(
        ["venv", "--python", str(host_python(version)), str(folder / "env")], environment
    )
    if status:
        return SourceBuild(None, said)
    write_tool_files(sdk, folder)
    cross = {**cross_environment(sdk, folder), **package.variables}
    if package.header:
        (folder / "first.h").write_text(package.header, "utf-8")
        cross["CPPFLAGS"] = f"-include {folder / 'first.h'}"
    if rust is not None:
        cross |= rust.environment(sdk, folder)
        without_lock(source, package.loosened)
    job = {
        "source": str(source),
        "backend": system["build-backend"],
        "path": system.get("backend-path", []),
        "settings": _config_settings(folder, system["build-backend"], package),
        "out": str(folder / "out"),
        "answer": str(folder / "answer.json"),
    }
    (folder / "out").mkdir()
    wanted: list[str] = list(system["requires"])
    log = ""
    for hook in ("get_requires_for_build_wheel", "build_wheel"):
        if wanted:
            status, said = run_uv(["pip", "install", "--python", str(python), *wanted], environment)
            if status:
                return SourceBuild(None, log + said + note_of_version(version))
            tell_of_the_box(folder / "env")
        status, said = _hook(python, {**job, "hook": hook}, folder, cross)
        log += said
        if status:
            return SourceBuild(None, log + note_of_version(version))
        answer = json.loads((folder / "answer.json").read_text("utf-8"))
        wanted = list(answer) if isinstance(answer, list) else []
    return SourceBuild(next((folder / "out").glob("*.whl"), None), log)


def _hook(
    python: Path, job: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    command = [str(python), str(_HOOKS), str(folder / "job.json")]
    try:
        done = run_program(
            confined(command, folder, Path(job["source"])),
            environment=environment,
            folder=Path(job["source"]),
            timeout=TIMEOUT_SECONDS,
            streams="one",
        )
    except TimeoutError:
        return 124, f"the build was not done after {TIMEOUT_SECONDS:.0f} seconds"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _config_settings(folder: Path, backend: str, package: Settings) -> dict[str, Any]:
    """What a back end takes as its config settings: ours, then those of the package."""
    found: dict[str, Any] = dict(build_settings(folder, backend))
    for name, argv in package.settings.items():
        found[name] = [*([found[name]] if name in found else []), *argv]
    return found


def _unpacked(archive: Path, folder: Path) -> Path:
    folder.mkdir()
    if archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
    else:
        with tarfile.open(archive) as tarred:
            tarred.extractall(folder, filter="data")
    entries = [entry for entry in folder.iterdir() if entry.is_dir()]
    return entries[0] if len(entries) == 1 else folder


def _build_system(source: Path) -> dict[str, Any]:
    """Raises `ValueError` where the project's file is none."""
    path = source / "pyproject.toml"
    table = read_toml(path.read_bytes(), BUILD_SYSTEM) if path.is_file() else {}
    system: dict[str, Any] = table.get("build-system", _LEGACY)
    return {**system, "build-backend": system.get("build-backend", _LEGACY["build-backend"])}
