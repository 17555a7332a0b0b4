"""The build context: the user's folder, of which COPY and ADD may read what is inside and no more.

Belongs here: finding and reading files below the context, with `.dockerignore` left out. Does not:
where they go in the box (`copying`).

Invariants
1. Nothing outside the context is opened: `..` is refused and every symbolic link on the way to a
   source is followed by us, component by component, and refused where it leaves the context. The
   system follows none (`opening`), so a link that is swapped in meanwhile is an error.
2. A symbolic link inside a copied folder is copied as a link: it means something in the box only.
3. What `.dockerignore` excludes does not exist.
4. One source has limits on its bytes, its number of files, and its depth.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boxer.blobstore import size_text
from boxer.errors import ContextEscapeError, CopySourceError, DepthError, InputTooLargeError
from boxer.filetree import DEEPEST, MAX_SYMLINKS, Directory, File, Node, Symlink, name_text
from boxer.instructions.opening import Below
from boxer.instructions.patterns import compile_pattern, deep_patterns, split_pattern

MOST_BYTES = 1 << 31
MOST_ENTRIES = 100_000


class Excludes(Protocol):
    """What `.dockerignore` says; paths are relative to the context, with `/`."""

    def excludes(self, path: str, is_dir: bool) -> bool: ...


class NothingExcluded:
    def excludes(self, path: str, is_dir: bool) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Found:
    """A source that was found. name: what it is called in a folder it is copied into."""

    path: str
    name: str
    node: Node


class Context:
    """The files below one folder, as nodes of a file tree owned by root."""

    def __init__(self, root: Path, ignore: Excludes | None = None) -> None:
        self.root = root
        self._below = Below(root)
        self._bytes_left, self._entries_left = MOST_BYTES, MOST_ENTRIES
        self._ignore: Excludes = ignore or NothingExcluded()

    def find(self, source: str, deep: bool = False) -> list[Found]:
        """What a source of COPY names, patterns resolved, sorted; empty if there is no such thing.

        deep: a `**` is any number of folders. A source that is a symbolic link is followed. Raises
        ContextEscapeError, CopySourceError, BadPatternError.
        """
        clean = posixpath.normpath(source.lstrip("/"))
        if clean.split("/")[0] == "..":
            raise _outside(source)
        self._bytes_left, self._entries_left = MOST_BYTES, MOST_ENTRIES
        prefix, patterns = split_pattern(clean)
        if not patterns:
            return list(self._one(prefix, source))
        if deep:
            patterns = deep_patterns(patterns)
        if len(patterns) > DEEPEST:
            raise DepthError(f"A source of more than {DEEPEST} folders cannot be looked for.")
        base = self._resolve(prefix, source)
        matches = [] if base is None else self._match(base, patterns, deep)
        return [found for path in matches for found in self._matched(path, source)]

    def names(self, folder: str) -> list[str]:
        """The names in a folder of the context, for people; empty if it cannot be read."""
        try:
            path = self._resolve(folder, folder)
            listed = [] if path is None else self._names(path)
        except (ContextEscapeError, CopySourceError):
            return []
        return [name for name, _ in listed]

    def _one(self, path: str, source: str) -> Iterator[Found]:
        resolved = self._resolve(path, source)
        if resolved is None:
            return
        node = self._load(resolved, source, top=True)
        if node is not None:
            yield Found(resolved, path.rpartition("/")[2], node)

    def _matched(self, path: str, source: str) -> list[Found]:
        """What a pattern has matched. Raises CopySourceError for a link to what is not there."""
        found = list(self._one(path, source))
        status = None if found else self._lstat(path)
        if status is not None and stat.S_ISLNK(status.st_mode):
            raise CopySourceError(
                f"`{source}` matches the symbolic link `{path}`, which leads to nothing in the"
                " build context.",
                hint=f"Remove the link, or add `{path}` to `.dockerignore`.",
            )
        return found

    def _match(self, base: str, patterns: list[str], deep: bool) -> list[str]:
        """The paths below `base` whose components match the patterns; links are not followed."""
        paths = [base]
        for left, pattern in zip(range(len(patterns) - 1, -1, -1), patterns, strict=True):
            if deep and pattern == "**":
                paths = list(dict.fromkeys(f for path in paths for f in self._folders(path)))
                continue
            regex = compile_pattern(pattern)
            paths = [
                path
                for above in paths
                for path, is_directory in self._children(above)
                if regex.fullmatch(path.rpartition("/")[2]) and (is_directory or not left)
            ]
        return paths

    def _children(self, folder: str) -> Iterator[tuple[str, bool]]:
        """What is in a folder and not excluded, sorted, and whether it is a folder."""
        for name, mode in self._names(folder):
            path, is_directory = f"{folder}/{name}" if folder else name, stat.S_ISDIR(mode)
            if not self._excluded(path, is_directory):
                yield path, is_directory

    def _folders(self, top: str) -> Iterator[str]:
        """A folder and those below it."""
        if top.count("/") >= DEEPEST:
            raise DepthError(f"`{top}` is more than {DEEPEST} folders deep.")
        yield top
        for path, is_directory in self._children(top):
            if is_directory:
                yield from self._folders(path)

    def _resolve(self, path: str, source: str) -> str | None:
        """The path with all links followed, relative to the context; None if it does not exist."""
        rest = [part for part in path.split("/") if part not in ("", ".")]
        rest.reverse()
        done: list[str] = []
        links = 0
        while rest:
            part = rest.pop()
            if part == "..":
                if not done:
                    raise _outside(source, link=True)
                done.pop()
                continue
            done.append(part)
            status = self._lstat("/".join(done))
            if status is None:
                return None
            if stat.S_ISLNK(status.st_mode):
                links += 1
                rest.extend(reversed(self._link_parts("/".join(done), source, links)))
                done.pop()
        return "/".join(done)

    def _link_parts(self, path: str, source: str, links: int) -> list[str]:
        if links > MAX_SYMLINKS:
            raise CopySourceError(f"`{source}` leads through too many symbolic links.")
        try:
            target = os.fsdecode(self._below.readlink(path))
        except OSError as error:
            raise _unreadable(path, source, error) from error
        if target.startswith("/"):
            raise _outside(source, link=True)
        return [part for part in target.split("/") if part not in ("", ".")]

    def _load(self, path: str, source: str, top: bool = False) -> Node | None:
        """The node of a path without links on the way; None if it is excluded or is a socket."""
        status = self._lstat(path)
        if status is None:
            return None
        is_directory = stat.S_ISDIR(status.st_mode)
        if path and self._excluded(path, is_directory):
            return None
        node = self._bare(path, source, status)
        if node is None:
            return None
        node.mtime = int(status.st_mtime // 1)
        if isinstance(node, Directory):
            self._fill(node, path, source)
            # A folder that is itself excluded is there only for what a `!` line brings back.
            if path and not node.entries and self._excluded(path, False):
                return None
        return node

    def _bare(self, path: str, source: str, status: os.stat_result) -> Node | None:
        mode = stat.S_IMODE(status.st_mode)
        self._entries_left -= 1
        if self._entries_left < 0:
            raise _too_much(f"{MOST_ENTRIES} files", source)
        if path.count("/") >= DEEPEST:
            raise DepthError(f"`{source}` holds more than {DEEPEST} folders in one another.")
        try:
            if stat.S_ISREG(status.st_mode):
                data = self._below.read(path, self._bytes_left)
                if data is None:
                    raise _too_much(size_text(MOST_BYTES), source)
                self._bytes_left -= len(data)
                return File(mode=mode, data=data)
            if stat.S_ISDIR(status.st_mode):
                return Directory(mode=mode)
            if stat.S_ISLNK(status.st_mode):
                return Symlink(target=name_text(self._below.readlink(path)))
        except OSError as error:
            raise _unreadable(path, source, error) from error
        return None

    def _fill(self, directory: Directory, path: str, source: str) -> None:
        try:
            names = sorted(self._below.names(path), key=_by_bytes)
        except OSError as error:  # also one that is no folder any more
            raise _unreadable(path, source, error) from error
        for name, _mode in names:
            child = self._load(f"{path}/{name}" if path else name, source)
            if child is not None:
                directory.entries[name] = child

    def _names(self, path: str) -> list[tuple[str, int]]:
        """The names in a folder with their modes, sorted by their bytes."""
        try:
            names = self._below.names(path)
        except NotADirectoryError:
            return []
        except OSError as error:
            raise _unreadable(path, path, error) from error
        return sorted(names, key=_by_bytes)

    def _lstat(self, path: str) -> os.stat_result | None:
        try:
            return self._below.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(path, path, error) from error

    def _excluded(self, path: str, is_directory: bool) -> bool:
        return self._ignore.excludes(path, is_directory)


def _by_bytes(entry: tuple[str, int]) -> bytes:
    return os.fsencode(entry[0])


def _outside(source: str, link: bool = False) -> ContextEscapeError:
    how = "leads out of the build context by a symbolic link" if link else "is outside the context"
    return ContextEscapeError(
        f"`{source}` {how}.",
        hint="Copy what is needed into the context, or choose a context that contains it.",
    )


def _too_much(limit: str, source: str) -> InputTooLargeError:
    return InputTooLargeError(
        f"`{source}` is more than {limit}.",
        hint="Name what the box does not need in `.dockerignore`, or copy single folders.",
    )


def _unreadable(path: str, source: str, error: Exception) -> CopySourceError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return CopySourceError(
        f"`{path or source}` cannot be read: {reason}.",
        hint=f"Make it readable, or leave it out: add `{path or source}` to `.dockerignore`.",
    )
