"""Results of RUN instructions, kept between builds.

Belongs here: the files of the cache, listing and pruning them. Does not: what a result depends on
(`cachekeys`).

    boxer/steps/KEY    length of the head (8 bytes, little-endian), the head as JSON, the data of
                       the files it brings, sha256 of all before

The head describes the whole tree; of the files' data only those are here that neither the base nor
the results it names as `parents` have.

Invariants
1. A result is there wholly or not at all; two builds may write the same one at once.
2. A result that is damaged, or whose parents are gone, is none: the instruction is run.
3. A cache that cannot be written costs time, never a build.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxer.blobstore import cache_folder, make_folder, sha256, write_atomically
from boxer.boxfile import ImageConfig
from boxer.errors import BadFieldError, WriteError
from boxer.filetree import Device, Directory, File, Node, Symlink, Tree

_LENGTH = 8
_DIGEST = 32
# What a cache may hold before the results that were not used for longest are thrown away.
LARGEST = 4 << 30


@dataclass(frozen=True, slots=True)
class Kept:
    """A step's result. notices: message and hint of what the step told the user."""

    tree: Tree
    config: ImageConfig
    command_set: bool
    notices: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `boxer cache ls`. used: seconds since 1970. size: bytes."""

    key: str
    text: str
    size: int
    used: float


class StepCache:
    """The results of one base's stages. data: contents of the base's files by sha256, hex."""

    def __init__(self, base: Tree, folder: Path | None = None) -> None:
        self._folder = folder or steps_folder()
        self._known = {
            sha256(node.data): node.data for _, node in base.walk() if isinstance(node, File)
        }
        self._parents: list[str] = []

    def get(self, key: str) -> Kept | None:
        """The result under a key; later results are kept as additions to it."""
        path = self._folder / key
        head = self._load(path, set())
        if head is None:
            return None
        try:
            tree = _tree(head["nodes"], self._known)
            config = ImageConfig.from_oci(head["config"])
        except (KeyError, TypeError, ValueError, BadFieldError):
            return None
        self._parents = [*head["parents"], key]
        with contextlib.suppress(OSError):
            os.utime(path)
        notices = tuple((str(text), hint) for text, hint in head["notices"])
        return Kept(tree, config, bool(head["command_set"]), notices)

    def put(self, key: str, text: str, kept: Kept) -> bool:
        """Keeps a result, if it can. text: the instruction, for people."""
        fresh: dict[str, bytes] = {}
        nodes = _records(kept.tree, self._known, fresh)
        head = {
            "text": text,
            "parents": self._parents,
            "config": kept.config.to_oci(),
            "command_set": kept.command_set,
            "notices": kept.notices,
            "nodes": nodes,
            "data": [(digest, len(data)) for digest, data in fresh.items()],
        }
        packed = zlib.compress(json.dumps(head).encode(), 1)
        self._known.update(fresh)
        with contextlib.suppress(WriteError):
            make_folder(self._folder)
            _write(self._folder / key, [packed, *fresh.values()])
            self._parents = [*self._parents, key]
            prune_steps(LARGEST, self._folder)
            return True
        return False

    def _load(self, path: Path, seen: set[str]) -> dict[str, Any] | None:
        """The head of a result, with its data and its parents' data taken in."""
        read = _read(path)
        if read is None or path.name in seen:
            return None
        head, data = read
        for parent in head.get("parents", ()):
            if not self._has(parent, {*seen, path.name}):
                return None
        at = 0
        for digest, size in head.get("data", ()):
            self._known[digest] = data[at : at + size]
            at += size
        return head

    def _has(self, parent: str, seen: set[str]) -> bool:
        if parent in self._parents or parent in seen:
            return True
        return self._load(self._folder / parent, seen) is not None


def steps_folder() -> Path:
    """steps/ in the cache."""
    return cache_folder() / "steps"


def cached_steps(folder: Path | None = None) -> list[Entry]:
    """What is kept, the one used last first."""
    found = []
    for path in _paths(folder or steps_folder()):
        with contextlib.suppress(OSError):
            status = path.stat()
            read = _read(path)
            text = str(read[0].get("text", "")) if read else "(damaged)"
            found.append(Entry(path.name, text, status.st_size, status.st_mtime))
    return sorted(found, key=lambda entry: (-entry.used, entry.key))


def prune_steps(keep: int, folder: Path | None = None) -> int:
    """Throws away what was not used for longest until `keep` bytes are left; the bytes freed."""
    found = []
    for path in _paths(folder or steps_folder()):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    left = sum(size for _, size, _ in found)
    freed = 0
    for _, size, path in sorted(found):
        if left - freed <= keep:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            freed += size
    return freed


def _paths(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if len(path.name) == 64]
    except OSError:
        return []


def _read(path: Path) -> tuple[dict[str, Any], bytes] | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    body = content[:-_DIGEST]
    if hashlib.sha256(body).digest() != content[-_DIGEST:]:
        return None
    start = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    head: dict[str, Any] = json.loads(zlib.decompress(body[_LENGTH:start]))
    return head, body[start:]


def _write(path: Path, chunks: list[bytes]) -> None:
    parts = [len(chunks[0]).to_bytes(_LENGTH, "little"), *chunks]
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    write_atomically(path, [*parts, total.digest()])


def _records(tree: Tree, known: Mapping[str, bytes], fresh: dict[str, bytes]) -> list[list[object]]:
    """The tree as rows of path, kind, mode, uid, gid, mtime and what the kind needs."""
    rows: list[list[object]] = []
    first: dict[Node, str] = {}
    for path, node in tree.walk():
        row: list[object] = [path, "", node.mode, node.uid, node.gid, node.mtime]
        match node:
            case File():
                same = first.setdefault(node, path)
                digest = sha256(node.data)
                if digest not in known:
                    fresh.setdefault(digest, node.data)
                row[1:2] = ["f" if same == path else "h"]
                row.append(digest if same == path else same)
            case Symlink():
                row[1:2] = ["l"]
                row.append(node.target)
            case Device():
                row[1:2] = ["n"]
                row += [node.kind, node.major, node.minor]
            case _:
                row[1:2] = ["d"]
        rows.append(row)
    return rows


def _tree(rows: Iterable[list[Any]], known: Mapping[str, bytes]) -> Tree:
    """Raises KeyError where data is missing."""
    tree = Tree()
    files: dict[str, File] = {}
    folders = {"": tree.root, "/": tree.root}
    for path, kind, mode, uid, gid, mtime, *rest in rows:
        owned = {"mode": mode, "uid": uid, "gid": gid, "mtime": mtime}
        node: Node
        if path == "/":
            tree.root.mode, tree.root.uid, tree.root.gid, tree.root.mtime = mode, uid, gid, mtime
            continue
        if kind == "f":
            node = files[path] = File(**owned, data=known[rest[0]])
        elif kind == "h":
            node = files[rest[0]]
        elif kind == "l":
            node = Symlink(**owned, target=rest[0])
        elif kind == "n":
            node = Device(**owned, kind=rest[0], major=rest[1], minor=rest[2])
        else:
            node = folders[path] = Directory(**owned)
        above, _, name = path.rpartition("/")
        folders[above].entries[name] = node
    return tree
