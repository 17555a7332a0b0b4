"""Lock files that say where each package's files are: pylock.toml, which uv makes of its own.

Belongs here: reading one for a box. Does not: asking uv for it (`uvproject`), installing.

Source: PyPA, "pylock.toml Specification" (PEP 751).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker

from boxer.errors import ResolutionError, Where
from boxer.packages.disk import Disk
from boxer.packages.prefix import normalize
from boxer.packages.projects.shapes import PYLOCK, read_toml
from boxer.packages.requirements import LocalRequirement
from boxer.packages.resolve import Locked, read_locked
from boxer.packages.sources import Index, Sources, from_version_control


@dataclass(slots=True)
class Wanted:
    """What a project's files ask to be installed. locked: with their files, nothing is to be
    resolved; lines: as in a requirements file; local: in the box. complete: whether every package
    is named. options: what uv is told."""

    locked: list[Locked] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    local: list[LocalRequirement] = field(default_factory=list)
    sources: Sources = field(default_factory=Sources)
    complete: bool = False
    options: list[str] = field(default_factory=list)


def read_pylock(
    text: str,
    markers: Mapping[str, str],
    folder: Path,
    disk: Disk,
    where: Where | None,
) -> Wanted:
    """What of a lock file is for the box. markers: what they are compared with (PEP 508).
    folder: what its paths are relative to, on this machine; disk: where the box's files lie there.

    Raises ResolutionError.
    """
    try:
        data = read_toml(text.encode("utf-8", "surrogateescape"), PYLOCK)
    except ValueError as error:
        raise ResolutionError(f"The lock file {error}.", where=where) from error
    wanted = Wanted()
    indexes: dict[str, Index] = {}
    pins: dict[str, str] = {}
    for package in data.get("packages", []):
        if not _is_for(package, markers):
            continue
        if "vcs" in package:
            address = package["vcs"].get("url") or package["vcs"].get("path") or ""
            raise from_version_control(str(package["name"]), str(address), where)
        local = _local(package, folder, disk, where)
        if local is not None:
            wanted.local.append(local)
            continue
        locked = read_locked(package, folder)
        files = tuple(replace(file, url=disk.box_address(file.url)) for file in locked.wheels)
        sdist = locked.sdist and replace(locked.sdist, url=disk.box_address(locked.sdist.url))
        wanted.locked.append(replace(locked, wheels=files, sdist=sdist))
        if "index" in package:
            url = str(package["index"])
            flat = url.startswith("file:")
            index = indexes.setdefault(url, Index(f"index-{len(indexes)}", url, True, False, flat))
            pins[normalize(str(package["name"]))] = index.name
    wanted.sources = Sources(tuple(indexes.values()), pins)
    return wanted


def _is_for(package: Mapping[str, Any], markers: Mapping[str, str]) -> bool:
    marker = package.get("marker")
    if not marker:
        return True
    try:
        return Marker(str(marker)).evaluate(dict(markers))
    except InvalidMarker:
        return True


def _local(
    package: Mapping[str, Any], folder: Path, disk: Disk, where: Where | None
) -> LocalRequirement | None:
    """A folder or a file of the box."""
    directory = package.get("directory")
    stated = directory or package.get("archive") or {}
    path = stated.get("path")
    if path is None:
        return None
    full = posixpath.join(folder, str(path), str(stated.get("subdirectory") or ""))
    place = disk.box(full)
    if place is None or not disk.holds(place):
        raise ResolutionError(
            f"`{package['name']}` comes from `{place or path}`, which is not in the box.",
            where=where,
            hint="COPY it before this RUN.",
        )
    return LocalRequirement(place, "", bool(directory and directory.get("editable")))
