"""Where copied things go: the destination rules of COPY and ADD.

Belongs here: one source node into one destination of a tree, as BuildKit's copier does it. Does
not: finding sources (`context`, `stagefiles`), unpacking archives (`addition`).

Rules (BuildKit, fsutil's copy package)
1. A folder is copied as its contents; a file goes into the destination if that is a folder.
2. What the destination needs above it is made, 0755, with the owner of `--chown` or root.
3. The destination itself, where it is a folder, keeps its mode, owner and time, or is made as in
   rule 2. Folders below it take the source's, whether they are made or were there.
4. A file or link takes the place of a file or link, never of a folder; a folder never that of a
   file. Links above the destination are followed, inside the box.
5. Two names of one file stay so within one copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from boxer.errors import CopyTargetError, TreeError
from boxer.filetree import Directory, Node, Symlink, Tree, shallow_copy

ModeChange = Callable[[int, bool], int]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What copied things get. owner: (uid, gid), None keeps the source's.

    new_mode: from the source's mode and whether it is a folder, None keeps it. newest: later times
    are set to this one.
    """

    owner: tuple[int, int] | None = (0, 0)
    new_mode: ModeChange | None = None
    newest: int = 0

    def made_owner(self) -> tuple[int, int]:
        """The owner of folders that are made on the way."""
        return self.owner or (0, 0)


def make_parents(tree: Tree, destination: str, attributes: Attributes) -> None:
    """Makes the folder a destination is in, or is if it ends in a slash."""
    folder = destination if destination.endswith("/") else destination.rpartition("/")[0] or "/"
    _make_folder(tree, folder, attributes)


def copy_into(tree: Tree, node: Node, name: str, destination: str, attributes: Attributes) -> None:
    """Copies one source to an absolute destination. name: the source's own, for rule 1.

    Raises CopyTargetError where rule 4 forbids it.
    """
    try:
        make_parents(tree, destination, attributes)
        target = tree.resolve(destination)
        present = tree.get(target, follow=False)
        copier = _Copier(tree, attributes)
        if isinstance(node, Directory):
            if present is None:
                _make_folder(tree, target, attributes)
            copier.contents(node, target)
        else:
            inside = isinstance(present, Directory)
            copier.put(node, f"{target.rstrip('/')}/{name}" if inside else target)
    except CopyTargetError:
        raise
    except TreeError as error:
        raise CopyTargetError(
            f"Nothing can be copied to `{destination}`: {error.message}"
        ) from error


class _Copier:
    def __init__(self, tree: Tree, attributes: Attributes) -> None:
        self._tree = tree
        self._attributes = attributes
        self._copied: dict[Node, Node] = {}

    def contents(self, source: Directory, path: str) -> None:
        target = self._tree.get(path)
        if not isinstance(target, Directory):
            raise CopyTargetError(
                f"A folder cannot be copied to `{path}`, which is a file.",
                hint="Choose another destination, or remove the file in a RUN before.",
            )
        for name, child in source.sorted_entries():
            self.put(child, f"{path.rstrip('/')}/{name}")

    def put(self, node: Node, path: str) -> None:
        present = self._tree.get(path, follow=False)
        if isinstance(node, Directory):
            copied = self._copy(node)
            if present is None:
                self._tree.put(path, copied)
            elif isinstance(present, Directory):
                present.mode, present.uid, present.gid = copied.mode, copied.uid, copied.gid
                present.mtime = copied.mtime
            elif isinstance(present, Symlink) and isinstance(self._tree.get(path), Directory):
                path = self._tree.resolve(path)
            self.contents(node, path)
            return
        if isinstance(present, Directory):
            raise CopyTargetError(
                f"A file cannot be copied to `{path}`, which is a folder.",
                hint="End the destination with a slash to copy into the folder.",
            )
        self._tree.put(path, self._copy(node))

    def _copy(self, node: Node) -> Node:
        """A new node with the attributes; an empty one for a folder."""
        known = self._copied.get(node)
        if known is not None:
            return known
        copied = shallow_copy(node)
        if self._attributes.owner is not None:
            copied.uid, copied.gid = self._attributes.owner
        if self._attributes.new_mode is not None and not isinstance(node, Symlink):
            copied.mode = self._attributes.new_mode(node.mode, isinstance(node, Directory))
        copied.mtime = max(0, min(node.mtime, self._attributes.newest))
        self._copied[node] = copied
        return copied


def _make_folder(tree: Tree, path: str, attributes: Attributes) -> None:
    uid, gid = attributes.made_owner()
    tree.make_directories(path, 0o755, uid, gid, attributes.newest)
