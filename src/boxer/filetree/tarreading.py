"""Tar archives into a tree.

Belongs here: ustar, GNU and pax archives, plain or compressed (gzip, bzip2, xz, zstd), read from a
file object. Does not: writing them (`tarwriting`), the decision that a file is to be unpacked
(`instructions`).

Invariants
1. An archive changes nothing outside the directory it is read into: `..` is refused, absolute names
   are taken from that directory, a name that a symbolic link leads elsewhere is refused.
2. No archive makes us hold more than `Limits` says, whatever its headers claim.
3. A foreign error never leaves this module: a bad archive is `ArchiveError`, nothing else.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import zstandard

from boxer.errors import ArchiveError, ArchiveLimitError, TreeError
from boxer.filetree.compression import Counted, decompressed, too_large
from boxer.filetree.node import (
    Device,
    Directory,
    File,
    Node,
    Symlink,
)
from boxer.filetree.tree import Tree

_FOREIGN_ERRORS = (
    tarfile.TarError,
    zstandard.ZstdError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,  # what gzip and bz2 raise for bytes that are not theirs
    ValueError,
    OverflowError,
    IndexError,  # a pax record that lacks its parts
)


# The largest time of a file in a box (timespec of 64 bits has more; ext4 ends in 2446).
LATEST = (1 << 33) - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What one archive may unpack to. A box has 4 GiB of memory, and the whole tree is in it."""

    total_bytes: int = 1 << 30
    entries: int = 100_000


def read_tar(
    tree: Tree,
    fileobj: BinaryIO,
    at: str = "/",
    limits: Limits = Limits(),
    newest: int | None = None,
    owner: tuple[int, int] | None = None,
    top: bool = True,
) -> list[str]:
    """Unpacks an archive below the directory `at`, which is made if it is missing.

    fileobj: seekable. newest: later times are set to this one (SOURCE_DATE_EPOCH). owner: (uid,
    gid) for every entry in place of those the archive states. top: an entry for the archive's own
    root (`./`) changes `at` itself. Returns the paths written, in the order of the archive.

    Raises ArchiveError for an archive that is damaged or reaches outside, ArchiveLimitError for one
    that is too large. The tree may hold a part of the archive then.
    """
    unpacking = _Unpacking(tree, at, newest, owner, top)
    for entry in tar_entries(fileobj, limits):
        unpacking.add(entry)
    return unpacking.written


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive. name: as it is written there. node: None for a hard link, to the
    entry named by `link`. user, group: the owner's names, empty where there are none."""

    name: str
    node: Node | None
    link: str
    user: str
    group: str


def tar_entries(fileobj: BinaryIO, limits: Limits = Limits()) -> Iterator[Entry]:
    """The entries of an archive, in its order. Raises as `read_tar`."""
    entries, size = 0, 0
    try:
        stream = Counted(decompressed(fileobj), limits.total_bytes)
        with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|", errorlevel=2) as archive:
            for member in archive:
                entries += 1
                size += max(member.size, 0) if member.isreg() else 0
                if entries > limits.entries:
                    raise ArchiveLimitError(
                        f"The archive has more than {limits.entries} entries.",
                        hint="Unpack it outside and COPY only what the box needs.",
                    )
                if size > limits.total_bytes:
                    raise too_large(limits.total_bytes)
                node = None if member.islnk() else _node_of(archive, member)
                link = member.linkname if member.islnk() else ""
                yield Entry(member.name, node, link, member.uname, member.gname)
    except _FOREIGN_ERRORS as error:
        raise ArchiveError(f"The archive cannot be read: {error}.") from error


def _node_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Node:
    node = _bare_node(member)
    if isinstance(node, File):
        reader = archive.extractfile(member)
        node.data = reader.read() if reader is not None else b""
        if len(node.data) != member.size:
            raise ArchiveError(f"The archive ends within `{member.name}`.")
    node.uid, node.gid = max(member.uid, 0), max(member.gid, 0)
    node.mtime = min(max(int(member.mtime), 0), LATEST)
    return node


def is_tar(data: bytes) -> bool:
    """Whether the bytes are a tar archive, compressed or not: its first header can be read."""
    try:
        stream = Counted(decompressed(io.BytesIO(data)), 1 << 20)
        with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as archive:
            return archive.next() is not None
    except (*_FOREIGN_ERRORS, ArchiveError):
        return False


class _Unpacking:
    """The state of one read_tar."""

    def __init__(
        self,
        tree: Tree,
        at: str,
        newest: int | None,
        owner: tuple[int, int] | None,
        top: bool,
    ) -> None:
        self.tree = tree
        self.top = top
        tree.make_directories(at, uid=owner[0] if owner else 0, gid=owner[1] if owner else 0)
        self.base = tree.resolve(at)
        self.newest = newest
        self.owner = owner
        self.written: list[str] = []

    def add(self, entry: Entry) -> None:
        path = self._destination(entry.name)
        if path == self.base and isinstance(entry.node, Directory) and not self.top:
            return
        try:
            self._put(path, self._node(entry), entry)
        except TreeError as error:
            raise ArchiveError(
                f"The archive's entry `{entry.name}` cannot be unpacked: {error.message}"
            ) from error
        self.written.append(path)

    def _destination(self, name: str) -> str:
        """The path of an entry in the tree, with the links on its way followed."""
        parts = _inner_parts(name, name)
        above = self.tree.resolve("/".join([self.base, *parts[:-1]]))
        if not _is_below(above, self.base):
            raise ArchiveError(
                f"The archive's entry `{name}` leads out of `{self.base}` by a symbolic link."
            )
        return "/".join([above.rstrip("/"), *parts[-1:]]) or "/"

    def _node(self, entry: Entry) -> Node:
        node = entry.node
        if node is None:
            return self._linked(entry)
        node.uid, node.gid = self.owner or (node.uid, node.gid)
        if self.newest is not None:
            node.mtime = min(node.mtime, self.newest)
        return node

    def _linked(self, entry: Entry) -> Node:
        parts = _inner_parts(entry.link, entry.name)
        path = "/".join([self.base, *parts])
        if not _is_below(self.tree.resolve("/".join([self.base, *parts[:-1]])), self.base):
            raise ArchiveError(f"The archive's link `{entry.name}` leads out of `{self.base}`.")
        node = self.tree.get(path, follow=False)
        if isinstance(node, File):
            return node
        raise ArchiveError(
            f"The archive's link `{entry.name}` is to `{entry.link}`, no file in it."
        )

    def _put(self, path: str, node: Node, entry: Entry) -> None:
        present = self.tree.get(path, follow=False)
        if path == self.base and not isinstance(node, Directory):
            raise ArchiveError(f"The archive's entry `{entry.name}` is no name of a file.")
        if isinstance(node, Directory):
            # A directory over a link to a directory keeps the link, as GNU tar does.
            there = self.tree.get(path)
            if isinstance(there, Directory):
                if _is_below(self.tree.resolve(path), self.base):
                    there.mode, there.uid, there.gid = node.mode, node.uid, node.gid
                    there.mtime = node.mtime
                return
        if present is not None and present is not node:
            self.tree.remove(path, recursive=True)
        if present is not node:
            self.tree.put(path, node)


def _inner_parts(name: str, entry: str) -> list[str]:
    """The parts of a name within an archive, `..` taken lexically as BuildKit does.

    Raises ArchiveError for one that goes up and out.
    """
    parts = [part for part in posixpath.normpath("./" + name).split("/") if part not in ("", ".")]
    if parts[:1] == [".."]:
        raise ArchiveError(f"The archive's entry `{entry}` leads out of the archive by `..`.")
    if "\0" in name:
        raise ArchiveError(f"The archive's entry `{entry!r}` has a NUL in its name.")
    return parts


def _is_below(path: str, top: str) -> bool:
    return top == "/" or path == top or path.startswith(top + "/")


def _bare_node(member: tarfile.TarInfo) -> Node:
    mode = member.mode & 0o7777
    if member.isreg():
        return File(mode=mode)
    if member.isdir():
        return Directory(mode=mode)
    if member.issym():
        return Symlink(target=member.linkname)
    if member.ischr():
        return Device(mode=mode, kind="char", major=member.devmajor, minor=member.devminor)
    if member.isblk():
        return Device(mode=mode, kind="block", major=member.devmajor, minor=member.devminor)
    if member.isfifo():
        return Device(mode=mode, kind="fifo")
    raise ArchiveError(f"The archive's entry `{member.name}` is of an unknown kind.")
