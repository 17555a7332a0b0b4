"""A file system as a value: paths, their walk, and the changes that mkdir, ln, mv and rm make.

Belongs here: one tree and the operations on its names. Does not: the host's disk (nothing here
touches it), archives (`tarreading`, `tarwriting`), the meaning of user names (`accounts`).

Invariants
1. A path is absolute or is taken from the root; no path and no symbolic link leads out of the
   root: `..` of the root is the root (path_resolution(7)).
2. A walk follows at most 40 symbolic links (Linux, MAXSYMLINKS), then fails.
3. Directories are created with the owner and the time the caller states, never with a clock's.
4. The root is a directory and is never replaced, removed or renamed.
5. What is made here is never below more than 256 folders.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxer.errors import DepthError, MissingPathError, PathKindError, SymlinkLoopError
from boxer.filetree.canonical import digest_of
from boxer.filetree.node import Directory, File, Node, Symlink, copy_node

MAX_SYMLINKS = 40
# Folders in one another. Functions that call themselves for each folder have room for twice that.
DEEPEST = 256


class Tree:
    """A file system in memory. `root` may be changed directly; the invariants of `node` hold."""

    __slots__ = ("root",)

    def __init__(self, root: Directory | None = None) -> None:
        self.root = Directory() if root is None else root

    # --- looking -------------------------------------------------------------------------------

    def get(self, path: str, follow: bool = True) -> Node | None:
        """The node at the path, or None. follow: also follow a symbolic link at its very end.

        Raises SymlinkLoopError for more than 40 links on the way.
        """
        return self._walk(path, follow)[1]

    def resolve(self, path: str) -> str:
        """The path with every symbolic link followed. What does not exist stays as it is written.

        Raises SymlinkLoopError.
        """
        return self._walk(path, follow=True)[0]

    def directory(self, path: str) -> Directory:
        """The directory at the path. Raises MissingPathError, PathKindError, SymlinkLoopError."""
        node = self.get(path)
        if node is None:
            raise MissingPathError(f"`{path}` does not exist.")
        return _require_directory(node, path)

    def file(self, path: str) -> File:
        """The regular file at the path. Raises MissingPathError, PathKindError."""
        node = self.get(path)
        if node is None:
            raise MissingPathError(f"`{path}` does not exist.")
        if not isinstance(node, File):
            raise PathKindError(f"`{path}` is not a regular file.")
        return node

    def walk(self, path: str = "/") -> Iterator[tuple[str, Node]]:
        """Every node below the path, itself first, parents before children, siblings sorted.

        The names are absolute paths; symbolic links are not followed. Nothing if the path is not
        there. The tree may not change during the walk.
        """
        start, node = self._walk(path, follow=True)
        if node is not None:
            yield from _walk_node(start, node)

    def copy(self) -> Tree:
        """An independent tree; file data is shared, hard links stay hard links."""
        root = copy_node(self.root, {})
        assert isinstance(root, Directory)
        return Tree(root)

    def digest(self) -> str:
        """sha256 (hex) of the canonical form: names, kinds, modes, owners, times, data, links."""
        return digest_of(_walk_node("/", self.root))

    # --- changing ------------------------------------------------------------------------------

    def make_directories(
        self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0, mtime: int = 0
    ) -> Directory:
        """As `mkdir -p`: makes what is missing, leaves what is there as it is; links are followed.

        Returns the directory. Raises PathKindError where something else is in the way.
        """
        here = self.root
        names = _names(self.resolve(path))
        require_depth(path, len(names))
        for name in names:
            child = here.entries.get(name)
            if child is None:
                child = Directory(mode=mode, uid=uid, gid=gid, mtime=mtime)
                here.entries[name] = child
            here = _require_directory(child, path)
        return here

    def put(self, path: str, node: Node) -> None:
        """Puts the node at the path, in the place of a file or a link that is there.

        Missing parents are made (0755, the node's owner and time). A symbolic link at the end of
        the path is replaced, not followed. Raises PathKindError where a directory is there.
        """
        if isinstance(node, Directory) and node.entries:
            require_depth(path, len(_names(self.resolve(path))) + depth_of(node))
        parent, name = self._parent(path, make_for=node)
        present = parent.entries.get(name)
        if isinstance(present, Directory):
            raise PathKindError(f"`{path}` is a directory.")
        parent.entries[name] = node

    def add_file(
        self,
        path: str,
        data: bytes,
        mode: int = 0o644,
        uid: int = 0,
        gid: int = 0,
        mtime: int = 0,
    ) -> File:
        """A new regular file, put as `put` does. Other names of a file it replaces keep theirs."""
        node = File(mode=mode, uid=uid, gid=gid, mtime=mtime, data=data)
        self.put(path, node)
        return node

    def add_symlink(
        self, path: str, target: str, uid: int = 0, gid: int = 0, mtime: int = 0
    ) -> Symlink:
        """A new symbolic link, put as `put` does. The target need not exist."""
        node = Symlink(target=target, uid=uid, gid=gid, mtime=mtime)
        self.put(path, node)
        return node

    def add_link(self, path: str, existing: str) -> File:
        """Another name (hard link) for the regular file at `existing`. Symbolic links of it are not
        followed at the end, as in link(2)."""
        node = self.get(existing, follow=False)
        if node is None:
            raise MissingPathError(f"`{existing}` does not exist.")
        if not isinstance(node, File):
            raise PathKindError(
                f"`{existing}` is not a regular file and cannot have a second name."
            )
        self.put(path, node)
        return node

    def remove(self, path: str, recursive: bool = False) -> None:
        """Removes a name; a link at the end is not followed. recursive: directories with what is in
        them. Raises MissingPathError; PathKindError for a directory that is not empty, or the root.
        """
        parent, name = self._parent(path)
        node = parent.entries.get(name)
        if node is None:
            raise MissingPathError(f"`{path}` does not exist.")
        if isinstance(node, Directory) and node.entries and not recursive:
            raise PathKindError(f"`{path}` is a directory and not empty.")
        del parent.entries[name]

    def rename(self, old: str, new: str) -> None:
        """As rename(2): the target is replaced if it is a file, or an empty directory for a
        directory. Raises MissingPathError, PathKindError."""
        source, source_name = self._parent(old)
        node = source.entries.get(source_name)
        if node is None:
            raise MissingPathError(f"`{old}` does not exist.")
        target, target_name = self._parent(new)
        if isinstance(node, Directory):
            require_depth(new, len(_names(self.resolve(new))) + depth_of(node))
        present = target.entries.get(target_name)
        if present is node:
            return
        if isinstance(node, Directory) and contains(node, target):
            raise PathKindError(f"`{old}` cannot be moved into itself, `{new}`.")
        if present is not None:
            _require_replaceable(node, present, new)
        del source.entries[source_name]
        target.entries[target_name] = node

    # --- the walk ------------------------------------------------------------------------------

    def _walk(self, path: str, follow: bool) -> tuple[str, Node | None]:
        """The resolved path and what is there. A part that is missing is taken as written."""
        rest = _names(path)
        rest.reverse()
        trail: list[tuple[str, Node | None]] = []
        links = 0
        while rest:
            name = rest.pop()
            if name == "..":
                if trail:
                    trail.pop()
                continue
            here = trail[-1][1] if trail else self.root
            child = here.entries.get(name) if isinstance(here, Directory) else None
            if isinstance(child, Symlink) and (rest or follow):
                links += 1
                if links > MAX_SYMLINKS:
                    raise SymlinkLoopError(f"`{path}` leads through too many symbolic links.")
                if child.target.startswith("/"):
                    trail.clear()
                rest.extend(reversed(_names(child.target)))
                continue
            trail.append((name, child))
        resolved = "/" + "/".join(name for name, _ in trail)
        return resolved, trail[-1][1] if trail else self.root

    def _parent(self, path: str, make_for: Node | None = None) -> tuple[Directory, str]:
        """The directory a path's last name is in, and that name. make_for: make what is missing."""
        names = _names(path)
        if not names or names[-1] == "..":
            raise PathKindError(f"`{path}` does not name an entry of a directory.")
        above = "/" + "/".join(names[:-1])
        if make_for is None:
            return self.directory(above), names[-1]
        made = self.make_directories(above, 0o755, make_for.uid, make_for.gid, make_for.mtime)
        return made, names[-1]


def require_depth(path: str, depth: int) -> None:
    """Raises DepthError for more than `DEEPEST` names from the root down."""
    if depth > DEEPEST:
        shown = path if len(path) <= 60 else f"{path[:57]}..."
        raise DepthError(f"`{shown}` is below more than {DEEPEST} folders.")


def depth_of(node: Node) -> int:
    """How many names lie below a node, one in another; 0 for what is no folder."""
    deepest, waiting = 0, [(node, 0)]
    while waiting:
        current, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(current, Directory):
            waiting.extend((child, depth + 1) for child in current.entries.values())
    return deepest


def _names(path: str) -> list[str]:
    """The components of a path without the empty ones and `.`."""
    return [name for name in path.split("/") if name not in ("", ".")]


def _walk_node(path: str, node: Node) -> Iterator[tuple[str, Node]]:
    stack = [(path, node)]
    while stack:
        at, current = stack.pop()
        yield at, current
        if isinstance(current, Directory):
            prefix = "/" if at == "/" else at + "/"
            entries = current.sorted_entries()
            stack.extend((prefix + name, child) for name, child in reversed(entries))


def _require_directory(node: Node, path: str) -> Directory:
    if not isinstance(node, Directory):
        raise PathKindError(f"`{path}` leads through something that is not a directory.")
    return node


def _require_replaceable(node: Node, present: Node, path: str) -> None:
    if isinstance(present, Directory):
        if not isinstance(node, Directory):
            raise PathKindError(f"`{path}` is a directory.")
        if present.entries:
            raise PathKindError(f"`{path}` is a directory and not empty.")
    elif isinstance(node, Directory):
        raise PathKindError(f"`{path}` is not a directory.")


def contains(top: Directory, wanted: Directory) -> bool:
    """Whether a folder is another, or within it."""
    if top is wanted:
        return True
    return any(isinstance(c, Directory) and contains(c, wanted) for c in top.entries.values())
