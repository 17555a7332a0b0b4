"""Which distributions a set of requirements means, for the box.

Belongs here: asking uv, and reading what it answers (pylock.toml, PEP 751). Does not: choosing one
of a distribution's files (`files`), since uv would choose those of this machine.

uv resolves with the markers of Linux and the box's Python, wherever we run.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from boxer.ending import temporary_folder
from boxer.errors import ResolutionError, Where
from boxer.packages.prefix import normalize
from boxer.packages.settings import uv_options
from boxer.packages.sources import Sources, unfetched
from boxer.packages.uv import UvResult, explain, run_uv

ASKED = ""
_WEBASSEMBLY = "wasm32-pyodide2024"  # no machine code of its own is taken for it
_ABSENT = re.compile(r"Because (\S+) was not found in [a-z ]+ and you require \1[, ]")
_MALFORMED = re.compile(r"Couldn't parse requirement in `[^`]*` at position \d+: (.*?)\s*\^*$")
_TIMEOUT_SECONDS = 900.0
_MORE_INDEXES = ("UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a distribution. url: http(s) or file. sha256 and size are None where not stated."""

    url: str
    sha256: str | None
    size: int | None

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Locked:
    """A distribution of a resolution, with all its files."""

    name: str
    version: str
    wheels: tuple[RemoteFile, ...] = ()
    sdist: RemoteFile | None = None
    other: str = ""  # "vcs" or "directory", which have no file
    folder: str = ""  # of a directory: where it lies on this machine
    editable: bool = False
    marker: str = ""  # for which machines, where not for all

    @property
    def key(self) -> str:
        return normalize(self.name)


@dataclass(frozen=True, slots=True)
class Question:
    """What to resolve. lines: requirements as in a requirements file; constraints likewise, and
    overrides, which hold whatever a package itself says of another. python_version: `X.Y`.

    preferred: versions that are there already, kept where nothing forbids it. upgrade: names whose
    present version does not count, `None` for none, or all where `upgrade_all`. every_platform:
    list the files for all machines, not those that a Linux machine could use. files: projects and
    requirements files of this machine, which uv reads itself. folder: the one that uv is called in.
    sources: where packages of the lines come from. answer: what is known to be the answer.
    """

    lines: Sequence[str]
    python_version: str
    constraints: Sequence[str] = ()
    overrides: Sequence[str] = ()
    preferred: Mapping[str, str] = field(default_factory=dict)
    upgrade: Sequence[str] = ()
    options: Sequence[str] = ()
    every_platform: bool = False
    files: Sequence[str] = ()
    folder: Path | None = None
    sources: Sources = field(default_factory=Sources)
    answer: Sequence[Locked] | None = None

    @property
    def names_all(self) -> bool:
        """Whether every package is named, those that others need too."""
        return "--no-deps" in self.options


def resolve(
    question: Question, environment: Mapping[str, str], where: Where | None
) -> list[Locked]:
    """The distributions, sorted by name. Raises ResolutionError with what uv found out."""
    if question.answer is not None:
        return sorted(question.answer, key=lambda package: package.key)
    with temporary_folder("boxer-resolve-") as folder:
        lock = folder / "pylock.toml"
        if question.preferred:
            lock.write_text(_as_lock(question), "utf-8")
        form = ["--quiet", "--no-header", "--format", "pylock.toml", "--output-file", str(lock)]
        result = _ask(question, environment, folder, form)
        if result.status != 0:
            said = explain(result.message, folder)
            raise unfetched(said, where) or _malformed(said, where) or _unresolved(said, where)
        return _read_lock(lock.read_text("utf-8"), folder)


def _malformed(reason: str, where: Where | None) -> ResolutionError | None:
    """What uv cannot read: it gives the requirement, underlined, behind the reason."""
    wrong = _MALFORMED.search(reason)
    if wrong is None:
        return None
    return ResolutionError(
        f"A requirement cannot be read: {wrong[1]}.",
        where=where,
        hint="Write NAME, NAME==1.2 or 'NAME>=1.2,<2'.",
    )


def _unresolved(reason: str, where: Where | None) -> ResolutionError:
    absent = _ABSENT.search(reason)
    if absent is None:
        return ResolutionError(
            f"The packages cannot be found together: {reason}",
            where=where,
            hint="Check the names and versions; the index is the one your pip or uv uses.",
        )
    name = absent[1]
    hint = "Check the spelling; the index is the one your pip or uv uses."
    if name.endswith(("-txt", ".txt")):
        hint = "A file of requirements is named with `-r`: `pip install -r requirements.txt`."
    return ResolutionError(f"There is no package `{name}` on the index.", where=where, hint=hint)


def requirers(question: Question, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Which distributions of the answer need each one, by normalised names; ASKED for those the
    question itself names, also where it names all of them (`--no-deps`). Empty where that cannot be
    found out."""
    question = replace(question, options=[o for o in question.options if o != "--no-deps"])
    with temporary_folder("boxer-resolve-") as folder:
        form = ["--no-header", "--annotation-style", "line"]
        result = _ask(question, environment, folder, form)
    found: dict[str, list[str]] = {}
    for line in result.output.splitlines():
        package, _, above = line.partition(" # via ")
        # A constraint needs nothing: it says which version, where somebody else asks for one.
        names = [word for word in above.split(", ") if word and not word.startswith("-c ")]
        if names:
            key = normalize(package.partition("==")[0].partition("@")[0].strip())
            found[key] = [ASKED if _is_file(word) else normalize(word) for word in names]
    return found


def markers_of(question: Question, environment: Mapping[str, str]) -> dict[str, str]:
    """For which machines the distributions of the answer are needed, where not for all: markers by
    normalised names, for all that uv knows."""
    everywhere = replace(question, every_platform=True)
    with temporary_folder("boxer-resolve-") as folder:
        form = ["--no-header", "--no-annotate", "--no-strip-markers"]
        result = _ask(everywhere, environment, folder, form)
    lines = (line.partition(" ; ") for line in result.output.splitlines())
    return {
        normalize(package.partition("==")[0].partition("@")[0].strip()): marker.strip()
        for package, _, marker in lines
        if marker
    }


def last_with_wheel(
    package: Locked, question: Question, environment: Mapping[str, str]
) -> str | None:
    """The last version before a package's that has a wheel for any machine, or for a WebAssembly;
    None if there is none."""
    other = Question(
        lines=[f"{package.name}<{package.version}"],
        python_version=question.python_version,
        options=["--no-deps", "--only-binary", ":all:", "--python-platform", _WEBASSEMBLY],
        sources=question.sources,
        every_platform=False,
    )
    try:
        found = resolve(other, environment, None)
    except ResolutionError:
        return None
    return found[0].version if found else None


def _is_file(word: str) -> bool:
    """Whether what asks for a package is a file that uv was given, `shop (pyproject.toml:dev)`."""
    return "-r " in word or word.endswith(")")


def next_with_wheel(
    package: Locked, environment: Mapping[str, str], python_version: str
) -> str | None:
    """The next version that has a wheel for a Python, which says that it was made for it; None if
    there is none."""
    question = Question(
        lines=[f"{package.name}>{package.version}"],
        python_version=python_version,
        options=["--no-deps", "--only-binary", ":all:", "--resolution", "lowest"],
    )
    try:
        found = resolve(question, environment, None)
    except ResolutionError:
        return None
    return found[0].version if found else None


def _ask(
    question: Question, environment: Mapping[str, str], folder: Path, form: Sequence[str]
) -> UvResult:
    """uv's answer. folder: an empty one for its files; form: options that say how to answer."""
    arguments = ["pip", "compile", *form, "--python-version", question.python_version]
    if "--python-platform" not in question.options:
        machine = ["--python-platform", "linux"]
        arguments += ["--universal"] if question.every_platform else machine
    arguments += ["--python", sys.executable, *uv_options(environment), *question.options]
    for option, lines in (("constraint", question.constraints), ("override", question.overrides)):
        if lines:
            (folder / f"{option}s.txt").write_text("\n".join(lines) + "\n", "utf-8")
            arguments += [f"--{option}", str(folder / f"{option}s.txt")]
    if environment.get("UV_CONSTRAINT"):
        arguments += ["--constraint", environment["UV_CONSTRAINT"]]
    for package in question.upgrade:
        arguments += ["--upgrade-package", package]
    arguments += [*_asked_for(question, folder), *question.files]
    # Indexes that a project states count for the folder that uv is called in.
    cwd = question.folder or (folder if question.sources else None)
    return run_uv(arguments, environment, _TIMEOUT_SECONDS, cwd)


def _asked_for(question: Question, folder: Path) -> list[str]:
    """The lines as a file for uv; as a project where it is said where they come from, which no
    requirements file can say."""
    if question.sources:
        path = folder / "pyproject.toml"
        path.write_text(question.sources.project(question.lines), "utf-8")
    else:
        path = folder / "requirements.in"
        path.write_text("\n".join(question.lines) + "\n", "utf-8")
    return [str(path)]


def _as_lock(question: Question) -> str:
    """A lock file of the preferred versions: uv keeps those of the file it is to replace."""
    lines = ['lock-version = "1.0"', 'created-by = "boxer"']
    lines.append(f'requires-python = ">={question.python_version}"')
    for name, version in sorted(question.preferred.items()):
        lines += ["[[packages]]", f"name = {json.dumps(name)}", f"version = {json.dumps(version)}"]
    return "\n".join(lines) + "\n"


def _read_lock(text: str, folder: Path) -> list[Locked]:
    packages: list[dict[str, Any]] = tomllib.loads(text).get("packages", [])
    return sorted((read_locked(package, folder) for package in packages), key=lambda p: p.key)


def read_locked(package: Mapping[str, Any], folder: Path = Path("/")) -> Locked:
    """A package of a pylock.toml. folder: what its paths are relative to."""
    wheels = [_file(entry, folder) for entry in package.get("wheels", [])]
    sdist = _file(package["sdist"], folder) if "sdist" in package else None
    if "archive" in package:  # a requirement by URL or path
        archive = _file(package["archive"], folder)
        if archive.name.endswith(".whl"):
            wheels.append(archive)
        else:
            sdist = archive
    other = next((kind for kind in ("vcs", "directory") if kind in package), "")
    version = str(package.get("version", ""))
    place = package.get("directory", {})
    path = os.path.normpath(folder / place["path"]) if place else ""
    return Locked(
        str(package["name"]),
        version,
        tuple(wheels),
        sdist,
        other,
        folder=path,
        editable=bool(place.get("editable")),
        marker=str(package.get("marker", "")),
    )


def _file(entry: dict[str, Any], folder: Path) -> RemoteFile:
    url = entry.get("url")
    if url is None:
        url = Path(os.path.normpath(folder / entry["path"])).as_uri()
    elif "://" not in url:
        url = urljoin(folder.as_uri() + "/", url)
    sha256 = entry.get("hashes", {}).get("sha256")
    return RemoteFile(str(url), sha256, entry.get("size"))


def local_path(url: str) -> Path | None:
    """The path of a file URL, None for any other."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None
