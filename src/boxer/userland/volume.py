"""A stage's tree as the file system of the shell.

Belongs here: what reading, writing, renaming .. do to nodes, with owners, modes and permissions as
Linux has them. Does not: the C side (`abi`), commands (`commands`).

Invariants
1. The tree is the only truth: nothing is kept here between two calls but the limits' counters.
2. What is made belongs to the user of the step and carries the step's time, never a clock's.
3. A write goes into the file that is there: its owner, mode and other names stay.
4. A user other than root is held to the permission bits (path_resolution(7)).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from boxer.errors import DepthError, SymlinkLoopError, TreeError
from boxer.filetree import (
    READ,
    WRITE,
    Device,
    Directory,
    File,
    Ids,
    Node,
    Symlink,
    Tree,
    permitted,
    require_depth,
    searchable,
    usage,
)
from boxer.userland.abi import ErrorKind, FileKind, Status, VolumeError
from boxer.userland.invocation import owned
from boxer.userland.programs import BUILT_IN, OF_THE_SHELL, PROGRAM, named_for_the_shell

# A box has 4 GiB of memory and holds the whole tree; a loop that writes must end before that.
MAX_FILE_BYTES = 1 << 30
_DEVICE_BYTES = 1 << 16  # what one read of /dev/zero or /dev/urandom gives

NodeT = TypeVar("NodeT", Directory, File, Symlink)

# Programs of the shell that scripts call by path. They are there for who runs them, and are not
# listed: a box's own tree says what a machine finds.
_SHELL_FOLDERS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")


class TreeVolume:
    """A `Volume` (`abi`) over a tree.

    user: who the step runs as. epoch: the time of what is made. programs: the names of the shell's
    own programs, which scripts may call by path (`/bin/sh`). made_program: is told the path of each
    new executable that is no script of the shell's. moved_folder: is told that any may have come.
    """

    def __init__(self, tree: Tree, user: Ids, epoch: int, programs: frozenset[str]) -> None:
        self.tree = tree
        self.user = user
        self.epoch = epoch
        self._programs = programs
        self._used = usage(tree)
        self._random = random.Random(epoch)
        self.random_was_read = False
        self.made_program: Callable[[str], None] = lambda path: None
        self.moved_folder: Callable[[], None] = lambda: None

    # --- the calls -----------------------------------------------------------------------------

    def read_file(self, path: str) -> bytes:
        node = self._find(path)
        if node is None:
            return self._virtual_file(path)
        if isinstance(node, Directory):
            raise VolumeError(ErrorKind.IS_A_DIRECTORY, "Is a directory")
        if isinstance(node, File):
            self._allow(node, READ)
            return node.data + _in_the_shell(node)
        if isinstance(node, Device):
            return self._device(path)
        raise VolumeError(ErrorKind.OTHER, "is a symbolic link")

    def write_file(self, path: str, data: bytes) -> None:
        self._store(path, data, append=False)

    def append_file(self, path: str, data: bytes) -> None:
        self._store(path, data, append=True)

    def mkdir(self, path: str, recursive: bool) -> None:
        present = self._find(path)
        if present is not None:
            if recursive and isinstance(present, Directory):
                return
            raise VolumeError(ErrorKind.ALREADY_EXISTS, "File exists")
        if recursive:
            self._make_parents(path)
        parent, name = self._parent(path)
        self._require_depth(path)
        self._use(0, 1)
        parent.entries[name] = self._own(Directory(mode=0o755), parent)

    def remove(self, path: str, recursive: bool) -> None:
        parent, name = self._parent(path)
        node = parent.entries.get(name)
        if node is None:
            raise _missing()
        if isinstance(node, Directory) and node.entries and not recursive:
            raise VolumeError(ErrorKind.DIRECTORY_NOT_EMPTY, "Directory not empty")
        if isinstance(node, Directory):
            self._allow_emptying(node)
        del parent.entries[name]

    def stat(self, path: str) -> Status:
        node = self._find(path)
        if node is None:
            if _is_device(path):
                return Status(FileKind.FILE, 0, 0o666, self.epoch)
            return Status(FileKind.FILE, len(self._virtual_file(path)), 0o755, self.epoch)
        return status_of(node)

    def read_dir(self, path: str) -> list[tuple[str, Status]]:
        node = self._find(path)
        if node is None:
            raise _missing()
        if not isinstance(node, Directory):
            raise VolumeError(ErrorKind.NOT_A_DIRECTORY, "Not a directory")
        self._allow(node, READ)
        return [(name, status_of(child)) for name, child in node.sorted_entries()]

    def exists(self, path: str) -> bool:
        try:
            self.stat(path)
        except VolumeError:
            return False
        return True

    def rename(self, old: str, new: str) -> None:
        source, source_name = self._parent(old)
        target, target_name = self._parent(new)
        moved = source.entries.get(source_name)
        if moved is None:
            raise _missing()
        replaced = target.entries.get(target_name)
        # `sed -i` writes a new file over the old one and gives it the old one's owner.
        if source_name.startswith(".bashkit-") and replaced is not None:
            moved.uid, moved.gid = replaced.uid, replaced.gid
        try:
            self.tree.rename(old, new)
        except TreeError as error:
            raise VolumeError(ErrorKind.OTHER, error.message) from error
        self._noticed(new, moved)

    def copy(self, source: str, target: str) -> None:
        node = self._find(source)
        data = self.read_file(source)
        if isinstance(node, File):
            data = node.data
        existed = self._find(target) is not None
        self._store(target, data, append=False)
        made = self._find(target)
        if not existed and node is not None and made is not None:
            made.mode = node.mode & 0o777
            self._noticed(target, made)

    def symlink(self, target: str, link: str) -> None:
        parent, name = self._parent(link)
        if name in parent.entries:
            raise VolumeError(ErrorKind.ALREADY_EXISTS, "File exists")
        self._use(0, 1)
        parent.entries[name] = self._own(Symlink(target=target), parent)
        self._noticed(link, self.tree.get(link))

    def read_link(self, path: str) -> str:
        node = self._find(path)
        if node is None:
            raise _missing()
        if not isinstance(node, Symlink):
            raise VolumeError(ErrorKind.INVALID_INPUT, "Invalid argument")
        return node.target

    def chmod(self, path: str, mode: int) -> None:
        node = self._find(path)
        if node is None:
            raise _missing()
        if self.user.uid not in (0, node.uid):
            raise VolumeError(ErrorKind.PERMISSION_DENIED, "Operation not permitted")
        node.mode = mode & 0o7777
        self._noticed(path, node)

    # --- nodes ---------------------------------------------------------------------------------

    def _find(self, path: str) -> Node | None:
        """The node at a path, its last link not followed; None if it is not there."""
        self._check_search(path)
        try:
            return self.tree.get(path, follow=False)
        except SymlinkLoopError as error:
            raise VolumeError(ErrorKind.OTHER, "Too many levels of symbolic links") from error

    def _check_search(self, path: str) -> None:
        """Every folder on the way must be searchable by the user (invariant 4)."""
        if not searchable(self.tree, path, self.user):
            raise VolumeError(ErrorKind.PERMISSION_DENIED, "Permission denied")

    def _parent(self, path: str) -> tuple[Directory, str]:
        """The folder of a path's last name, which must be writable, and that name."""
        above, _, name = path.rstrip("/").rpartition("/")
        if not name:
            raise VolumeError(ErrorKind.OTHER, "Device or resource busy")
        self._check_search(path)
        node = self.tree.get(above or "/")
        if node is None:
            raise _missing()
        if not isinstance(node, Directory):
            raise VolumeError(ErrorKind.NOT_A_DIRECTORY, "Not a directory")
        self._allow(node, WRITE)
        return node, name

    def count_again(self) -> None:
        """Looks at the whole tree, which commands change without this volume, too."""
        self._used = usage(self.tree)
        if self._used.too_large:
            raise VolumeError(ErrorKind.OTHER, "No space left on device")

    def _use(self, size: int, names: int) -> None:
        """Counts what is about to be made; what was removed meanwhile shows in a look at all."""
        used = self._used
        self._used = replace(used, bytes=used.bytes + size, names=used.names + names)
        if self._used.too_large:
            self.count_again()

    def _require_depth(self, path: str) -> None:
        """As mkdir(2) refuses a path that is too long."""
        try:
            require_depth(path, self.tree.resolve(path).count("/"))
        except DepthError:
            raise VolumeError(ErrorKind.OTHER, "File name too long") from None

    def _make_parents(self, path: str) -> None:
        above = path.rstrip("/").rpartition("/")[0]
        missing = []
        while above and self._find(above) is None:
            missing.append(above)
            above = above.rpartition("/")[0]
        for folder in reversed(missing):
            self.mkdir(folder, False)

    def _store(self, path: str, data: bytes, append: bool) -> None:
        if _is_device(path):
            return
        node = self._find(path)
        if node is None:
            self._use(0, 1)
            parent, name = self._parent(path)
            node = parent.entries[name] = self._own(File(mode=0o644), parent)
        if isinstance(node, Directory):
            raise VolumeError(ErrorKind.IS_A_DIRECTORY, "Is a directory")
        if not isinstance(node, File):
            return
        self._allow(node, WRITE)
        if len(data) + (len(node.data) if append else 0) > MAX_FILE_BYTES:
            raise VolumeError(ErrorKind.OTHER, "File too large")
        self._use(len(data) if append else len(data) - len(node.data), 0)
        node.data = node.data + data if append else data
        node.mtime = self.epoch
        self._noticed(path, node)

    def _noticed(self, path: str, node: Node | None) -> None:
        """Tells of what may be a program now: a file that was made, a folder with files in it."""
        if isinstance(node, Directory):
            self.moved_folder()
        elif isinstance(node, File) and node.mode & 0o111 and named_for_the_shell(path, node.data):
            self.made_program(path)

    def _own(self, node: NodeT, parent: Directory) -> NodeT:
        return owned(node, parent, self.user, self.epoch)

    def _allow(self, node: Node, wanted: int) -> None:
        if not permitted(node, self.user, wanted):
            raise VolumeError(ErrorKind.PERMISSION_DENIED, "Permission denied")

    def _allow_emptying(self, directory: Directory) -> None:
        if directory.entries:
            self._allow(directory, WRITE)
        for child in directory.entries.values():
            if isinstance(child, Directory):
                self._allow_emptying(child)

    # --- what is not in the tree -----------------------------------------------------------------

    def _virtual_file(self, path: str) -> bytes:
        """The devices, and the shell's programs by their usual paths."""
        if _is_device(path):
            return self._device(path)
        folder, slash, name = path.rpartition("/")
        if folder + slash in _SHELL_FOLDERS and name in self._programs:
            return f'#!/bin/sh\n{OF_THE_SHELL.get(name, name)} "$@"\n'.encode()
        raise _missing()

    def _device(self, path: str) -> bytes:
        if path == "/dev/zero":
            return bytes(_DEVICE_BYTES)
        if path in ("/dev/urandom", "/dev/random"):
            self.random_was_read = True
            return self._random.randbytes(_DEVICE_BYTES)
        return b""


def _in_the_shell(node: File) -> bytes:
    """What the shell is to do where it reads a program of the base, which is a name only.

    The shell runs whatever file it does not know by name as a script, and this way any path, link
    or copy leads to the program."""
    if not (node.data.startswith(BUILT_IN) and node.mode & 0o111):
        return b""
    name = node.data[len(BUILT_IN) :].split(b"\n", 1)[0].decode("utf-8", "replace")
    if name in OF_THE_SHELL:
        return f'{OF_THE_SHELL[name]} "$@"\n'.encode()
    return f'{PROGRAM} "$0" "$@"\n'.encode()


def status_of(node: Node) -> Status:
    """What stat tells of a node."""
    if isinstance(node, File):
        return Status(FileKind.FILE, len(node.data), node.mode, node.mtime)
    if isinstance(node, Directory):
        return Status(FileKind.DIRECTORY, 4096, node.mode, node.mtime)
    if isinstance(node, Symlink):
        return Status(FileKind.SYMLINK, len(node.target), node.mode, node.mtime)
    fifo = isinstance(node, Device) and node.kind == "fifo"
    return Status(FileKind.FIFO if fifo else FileKind.FILE, 0, node.mode, node.mtime)


def _is_device(path: str) -> bool:
    return path in (
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/urandom",
        "/dev/random",
        "/dev/tty",
    )


def _missing() -> VolumeError:
    return VolumeError(ErrorKind.NOT_FOUND, "No such file or directory")
