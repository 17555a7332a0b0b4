"""Files and folders of the box that an install names, on this machine's disk.

Belongs here: what paths of a RUN and of a resolution mean there. Does not: writing them (`disk`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace

from boxer.errors import PipUsageError
from boxer.filetree import Directory
from boxer.packages.disk import Disk
from boxer.packages.requirements import LocalRequirement, Requirements
from boxer.packages.resolve import Locked
from boxer.packages.target import Target


def host_words(target: Target, disk: Disk) -> Callable[[str], str]:
    """Makes a path of the RUN one of this machine, and an address what it is."""
    return lambda word: disk.host_word(word if "://" in word else posixpath.join(target.cwd, word))


def folder_of(package: Locked, disk: Disk, target: Target) -> LocalRequirement | None:
    """The project of the box that a package of the answer is."""
    if not package.folder:
        return None  # `choose` says what it is
    path = disk.box(package.folder)
    if path is None or target.tree.get(path) is None:
        raise PipUsageError(
            f"`{package.name}` comes from `{path or package.folder}`, which is not in the box.",
            where=target.where,
            hint="COPY it before this RUN.",
        )
    return LocalRequirement(path, "", package.editable)


def bring_out_links(target: Target, found: Requirements, disk: Disk) -> None:
    """Folders of the box that --find-links names, as folders of this machine for uv."""
    argv = []
    for word in found.options.get("find-links", "").split():
        bare = word.removeprefix("file://")
        path = posixpath.join(target.cwd, bare)
        if "://" in bare:
            argv.append(word)
        elif isinstance(target.tree.get(path), Directory):
            argv.append(str(disk.write(path)))
        else:
            raise PipUsageError(
                f"`--find-links {word}` names no folder of the box.",
                where=target.where,
                hint="COPY the folder before this RUN; paths are those of the box.",
            )
    if argv:
        found.options["find-links"] = " ".join(argv)


def on_this_disk(package: Locked, disk: Disk) -> Locked:
    wheels = tuple(replace(file, url=disk.address(file.url)) for file in package.wheels)
    sdist = package.sdist and replace(package.sdist, url=disk.address(package.sdist.url))
    return replace(package, wheels=wheels, sdist=sdist)
