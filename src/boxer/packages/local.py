"""Projects and archives of the box that are to be installed.

Belongs here: building their wheels, those of the projects that these name by path, and what uv is
told of them. Does not: reading who asks for them (`requirements`, `projects`), a single build
(`sdist`).

Invariants
1. A path that a wheel's metadata names means the box's file, never one of this machine.
2. What is installed states paths of the box.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from boxer.errors import PipUsageError, Where
from boxer.filetree import Directory, File
from boxer.packages.disk import Disk
from boxer.packages.editable import as_editable
from boxer.packages.obtain import built, checked_wheel, shown_building
from boxer.packages.pythonrange import require_python, require_python_of_project
from boxer.packages.requirements import LocalRequirement
from boxer.packages.sdist import build_folder, require_pure
from boxer.packages.target import Target
from boxer.packages.wheel import Member, Wheel

_PYTHON = re.compile(r"^Requires-Python:(.*)$", re.MULTILINE)
_DIRECT = re.compile(
    r"^Requires-Dist:\s*(?P<name>[\w.-]+)\s*(?P<extras>\[[^\]]*\])?\s*@\s*(?P<url>file:[^\s;]+)"
    r"(?P<marker>\s*;.*)?$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Local:
    """wheel: what is installed. line: what uv is told."""

    wheel: Wheel
    line: str


def build_local(
    target: Target,
    local: Sequence[LocalRequirement],
    environment: Mapping[str, str],
    disk: Disk,
    *,
    for_uv: bool = False,
) -> dict[str, Local]:
    """The local requirements by normalised name, and those that they name by path. for_uv: where a
    project says its packages come from is heeded, as uv does. Raises what building them raises."""
    found: dict[str, Local] = {}
    queue = list(local)
    for requirement in queue:  # grows while it is walked
        wheel = _wheel(target, requirement, environment, disk)
        _require_python(target, wheel)
        if wheel.key in found and not requirement.extras:
            continue
        queue += _named_by_path(wheel, disk, target.where)
        uri = _described(wheel, disk.root.parent).as_uri()
        node = target.tree.get(requirement.path)
        if isinstance(node, Directory):
            if for_uv:  # uv reads it itself, and where it says its packages come from
                uri = disk.host(requirement.path).as_uri()
            wheel = _with_paths_of_the_box(wheel, disk)
            if requirement.editable:
                wheel = as_editable(wheel, requirement.path, node)
        found[wheel.key] = Local(wheel, f"{wheel.name}{requirement.extras} @ {uri}")
    return found


def _wheel(
    target: Target, requirement: LocalRequirement, environment: Mapping[str, str], disk: Disk
) -> Wheel:
    node = target.tree.get(requirement.path)
    name = posixpath.basename(requirement.path)
    if isinstance(node, Directory):
        asked = (target.python, target.python_asked, target.where)
        require_python_of_project(target.tree, requirement.path, *asked)
        source = disk.write(requirement.path)
        with shown_building(name or "the project", target.listener):
            wheels, words = target.wheels, disk.words
            return build_folder(source, name, environment, target.where, wheels, words)
    if isinstance(node, File) and name.endswith(".whl"):
        wheel = checked_wheel(node.data, name, target.where)
        require_pure(wheel, name, target.where)
        return wheel
    if isinstance(node, File):
        return built(target, node.data, name, environment)
    raise PipUsageError(
        f"`{requirement.path}` is no project of the box.",
        where=target.where,
        hint="COPY it before this RUN; paths are those of the box.",
    )


def _require_python(target: Target, wheel: Wheel) -> None:
    spec = _PYTHON.search(wheel.text("METADATA").partition("\n\n")[0])
    if spec is not None:
        what = f"`{wheel.name} {wheel.version}`"
        require_python(spec[1].strip(), what, target.python, target.python_asked, target.where)


def _named_by_path(wheel: Wheel, disk: Disk, where: Where | None) -> Iterator[LocalRequirement]:
    for match in _DIRECT.finditer(wheel.text("METADATA")):
        path = _path_in_box(match["url"], disk)
        yield LocalRequirement(path, match["extras"] or "")


def _path_in_box(url: str, disk: Disk) -> str:
    """A build ran over the box's files on this machine, and may have named them there."""
    path = posixpath.normpath(unquote(urlsplit(url).path))
    return disk.box(path) or path


def _described(wheel: Wheel, folder: Path) -> Path:
    """A wheel for uv to read what the real one needs; those named by path are named alone."""
    metadata = _DIRECT.sub(
        lambda m: f"Requires-Dist: {m['name']}{m['extras'] or ''}{m['marker'] or ''}",
        wheel.text("METADATA"),
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{wheel.info}/METADATA", metadata)
        archive.writestr(f"{wheel.info}/WHEEL", wheel.text("WHEEL"))
        archive.writestr(f"{wheel.info}/RECORD", "")
    path = folder / wheel.pure_filename
    path.write_bytes(buffer.getvalue())
    return path


def _with_paths_of_the_box(wheel: Wheel, disk: Disk) -> Wheel:
    place = f"{wheel.info}/METADATA"

    def renamed(member: Member) -> Member:
        if member.name != place or str(disk.root).encode() not in member.data:
            return member
        return replace(member, data=disk.words(member.data.decode("utf-8", "replace")).encode())

    return replace(wheel, members=tuple(renamed(member) for member in wheel.members))
