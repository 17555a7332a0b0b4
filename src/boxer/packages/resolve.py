"""Which distributions a set of requirements means, for the box.

Belongs here: asking uv, and reading what it answers (pylock.toml, PEP 751). Does not: choosing one
of a distribution's files (`files`), since uv would choose those of this machine.

uv resolves with the markers of Linux and the box's Python, wherever we run.
"""

from __future__ import annotations

import contextlib
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
from boxer.packages.uv import UvResult, explain, run_uv

ASKED = ""
_ABSENT = re.compile(r"Because (\S+) was not found in [a-z ]+ and you require \1[, ]")
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

    @property
    def key(self) -> str:
        return normalize(self.name)


@dataclass(frozen=True, slots=True)
class Question:
    """What to resolve. lines: requirements as in a requirements file; constraints likewise, and
    overrides, which hold whatever a package itself says of another. python_version: `X.Y`.

    preferred: versions that are there already, kept where nothing forbids it. upgrade: names whose
    present version does not count, `None` for none, or all where `upgrade_all`. every_platform:
    list the files for all machines, not those that a Linux machine could use.
    """

    lines: Sequence[str]
    python_version: str
    constraints: Sequence[str] = ()
    overrides: Sequence[str] = ()
    preferred: Mapping[str, str] = field(default_factory=dict)
    upgrade: Sequence[str] = ()
    options: Sequence[str] = ()
    every_platform: bool = False


def resolve(
    question: Question, environment: Mapping[str, str], where: Where | None
) -> list[Locked]:
    """The distributions, sorted by name. Raises ResolutionError with what uv found out."""
    with temporary_folder("boxer-resolve-") as folder:
        lock = folder / "pylock.toml"
        if question.preferred:
            lock.write_text(_as_lock(question), "utf-8")
        form = ["--quiet", "--no-header", "--format", "pylock.toml", "--output-file", str(lock)]
        result = _ask(question, environment, folder, form)
        if result.status != 0:
            raise _unresolved(explain(result.message, folder), where)
        return _read_lock(lock.read_text("utf-8"), folder)


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
        if above:
            names = (ASKED if "-r " in word else normalize(word) for word in above.split(", "))
            found[normalize(package.partition("==")[0].partition("@")[0].strip())] = list(names)
    return found


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
    requirements = folder / "requirements.in"
    requirements.write_text("\n".join(question.lines) + "\n", "utf-8")
    arguments = ["pip", "compile", *form, "--python-version", question.python_version]
    arguments += ["--universal"] if question.every_platform else ["--python-platform", "linux"]
    arguments += ["--python", sys.executable, *uv_options(environment), *question.options]
    if question.constraints:
        (folder / "constraints.txt").write_text("\n".join(question.constraints) + "\n", "utf-8")
        arguments += ["--constraint", str(folder / "constraints.txt")]
    if question.overrides:
        (folder / "overrides.txt").write_text("\n".join(question.overrides) + "\n", "utf-8")
        arguments += ["--override", str(folder / "overrides.txt")]
    if environment.get("UV_CONSTRAINT"):
        arguments += ["--constraint", environment["UV_CONSTRAINT"]]
    for package in question.upgrade:
        arguments += ["--upgrade-package", package]
    return run_uv([*arguments, str(requirements)], environment, _TIMEOUT_SECONDS)


def with_files_elsewhere(
    packages: Sequence[Locked], environment: Mapping[str, str], python_version: str
) -> list[Locked]:
    """The packages with the files the default index has of the same versions as well.

    A resolution lists the files of the one index a version was found in. Where the user has several
    and the first holds wheels for one kind of machine only, what a box needs may lie in another.
    """
    plain = {name: value for name, value in environment.items() if name not in _MORE_INDEXES}
    if not packages or len(plain) == len(environment) or environment.get("UV_NO_INDEX") == "1":
        return list(packages)
    found: dict[str, Locked] = {}
    for package in packages:
        question = Question(
            lines=[f"{package.name}=={package.version}"],
            python_version=python_version,
            options=["--no-deps"],
        )
        with contextlib.suppress(ResolutionError):  # it is not there; the first answer stands
            found.update((other.key, other) for other in resolve(question, plain, None))
    return [_merged(package, found.get(package.key)) for package in packages]


def with_files_for_all(
    package: Locked, environment: Mapping[str, str], python_version: str
) -> Locked:
    """The package with the files for other machines as well."""
    question = Question(
        lines=[f"{package.name}=={package.version}"],
        python_version=python_version,
        options=["--no-deps"],
        every_platform=True,
    )
    try:
        found = resolve(question, environment, None)
    except ResolutionError:  # it came by its address
        return package
    return _merged(package, found[0] if found else None)


def _merged(package: Locked, other: Locked | None) -> Locked:
    if other is None or other.version != package.version:
        return package
    known = {wheel.name for wheel in package.wheels}
    more = tuple(wheel for wheel in other.wheels if wheel.name not in known)
    return replace(package, wheels=package.wheels + more, sdist=package.sdist or other.sdist)


def _as_lock(question: Question) -> str:
    """A lock file of the preferred versions: uv keeps those of the file it is to replace."""
    lines = ['lock-version = "1.0"', 'created-by = "boxer"']
    lines.append(f'requires-python = ">={question.python_version}"')
    for name, version in sorted(question.preferred.items()):
        lines += ["[[packages]]", f"name = {json.dumps(name)}", f"version = {json.dumps(version)}"]
    return "\n".join(lines) + "\n"


def _read_lock(text: str, folder: Path) -> list[Locked]:
    packages: list[dict[str, Any]] = tomllib.loads(text).get("packages", [])
    return sorted((_locked(package, folder) for package in packages), key=lambda p: p.key)


def _locked(package: dict[str, Any], folder: Path) -> Locked:
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
    return Locked(str(package["name"]), version, tuple(wheels), sdist, other)


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
