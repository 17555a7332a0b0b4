"""The file system that the compiler's front end sees: a stage's tree with the SDK's headers in it.

Belongs here: laying a tree's files out, clang's overlay of them. Does not: running clang.

The overlay is told to fall through to nothing (`redirect-only`), so an absolute path, `..` or a
link leads to a file of the stage or to none. No link of the tree exists on this machine: each
stands in the overlay as what it leads to.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boxer.errors import TreeError
from boxer.filetree import READ, Directory, File, Ids, Node, Symlink, Tree, permitted
from boxer.toolchain.arguments import RefusedError

# Where the SDK's own headers stand; behind it one folder for each of the SDK's.
HEADERS = "/usr/lib/boxer/include"
# Not looked into: nothing in them is C, and they are large.
_PASSED_OVER = re.compile(r"/usr/share|/usr/local/lib/python3\.\d+|/proc|/sys|/dev")
_LINK_DEPTH = 2
_MOST = 100_000


class Layout:
    """Files of trees as files of this machine, each written once.

    folder: an empty folder of ours. It holds plain files with names of ours, nothing else.
    """

    def __init__(self, folder: Path, epoch: int) -> None:
        self._folder = folder
        self._epoch = epoch
        self._written: dict[tuple[int, str], tuple[bytes, Path]] = {}

    def file(self, path: str, data: bytes) -> Path:
        """The file that has this content. path: whose it is; two equal headers stay two files."""
        key = (id(data), path)
        kept = self._written.get(key)
        if kept is None:
            target = self._folder / str(len(self._written))
            target.write_bytes(data)
            os.utime(target, (self._epoch, self._epoch))
            # The bytes are held, so that no others get their id.
            kept = self._written[key] = (data, target)
        return kept[1]


Entry = tuple[str, str]  # its type for clang, and the path on this machine
Entries = dict[str, "Entry | Entries"]


def overlay(
    tree: Tree, user: Ids, layout: Layout, headers: Path, more: Mapping[str, bytes]
) -> bytes:
    """clang's overlay file. headers: the SDK's folder of them. more: files beside the tree's.

    Raises RefusedError for a tree that is too large.
    """
    root = _Walk(tree, user, layout).entries(tree.root, "", _LINK_DEPTH)
    for path, data in more.items():
        *folders, name = path.strip("/").split("/")
        _folder_at(root, folders)[name] = ("file", str(layout.file(path, data)))
    own = _folder_at(root, HEADERS.strip("/").split("/"))
    for folder in sorted(headers.iterdir()):
        own[folder.name] = ("directory-remap", str(folder))
    table = {
        "version": 0,
        "case-sensitive": "true",
        "use-external-names": "false",
        "redirecting-with": "redirect-only",
        "overlay-relative": "false",
        "roots": [{"name": "/", "type": "directory", "contents": _listed(root)}],
    }
    return json.dumps(table).encode()


class _Walk:
    """The walk of one tree."""

    def __init__(self, tree: Tree, user: Ids, layout: Layout) -> None:
        self._tree = tree
        self._user = user
        self._layout = layout
        self._count = 0

    def entries(self, folder: Directory, path: str, links: int) -> Entries:
        """links: how many links to folders may still be followed on the way down."""
        found: Entries = {}
        for name, child in folder.sorted_entries():
            where = f"{path}/{name}"
            # Names that are no text cannot stand in the overlay.
            if _PASSED_OVER.fullmatch(where) or not name.isprintable():
                continue
            self._count += 1
            if self._count > _MOST:
                raise RefusedError(f"the stage has more than {_MOST} files for the compiler to see")
            is_link = isinstance(child, Symlink)
            node = self._followed(where) if is_link else child
            if isinstance(node, Directory) and (links or not is_link):
                found[name] = self.entries(node, where, links - is_link)
            elif isinstance(node, File) and permitted(node, self._user, READ):
                found[name] = ("file", str(self._layout.file(where, node.data)))
        return found

    def _followed(self, path: str) -> Node | None:
        try:
            return self._tree.get(path)
        except TreeError:
            return None


def _folder_at(root: Entries, names: list[str]) -> Entries:
    here = root
    for name in names:
        below = here.get(name)
        if not isinstance(below, dict):
            below = here[name] = {}
        here = below
    return here


def _listed(folder: Entries) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for name, entry in folder.items():
        if isinstance(entry, dict):
            listed.append({"name": name, "type": "directory", "contents": _listed(entry)})
        else:
            listed.append({"name": name, "type": entry[0], "external-contents": entry[1]})
    return listed
