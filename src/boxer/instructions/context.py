"""The build context: the user's folder, of which COPY and ADD may read what is inside and no more.

Belongs here: finding and reading files below the context, with `.dockerignore` left out. Does not:
where they go in the box (`copying`).

Invariants
1. Nothing outside the context is opened: `..` is refused and every symbolic link on the way to a
   source is followed by us, component by component, and refused where it leaves the context.
2. A symbolic link inside a copied folder is copied as a link: it means something in the box only.
3. What `.dockerignore` excludes does not exist.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boxer.errors import ContextEscapeError, CopySourceError
from boxer.filetree import MAX_SYMLINKS, Directory, File, Node, Symlink, name_text
from boxer.instructions.patterns import compile_pattern, split_pattern


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
        self._ignore: Excludes = ignore or NothingExcluded()

    def find(self, source: str) -> list[Found]:
        """What a source of COPY names, patterns resolved, sorted; empty if there is no such thing.

        A source that is a symbolic link is followed. Raises ContextEscapeError, CopySourceError,
        BadPatternError.
        """
        if ".." in source.split("/"):
            raise _outside(source)
        prefix, patterns = split_pattern(source)
        if not patterns:
            return list(self._one(prefix, source))
        base = self._resolve(prefix, source)
        matches = [] if base is None else self._match(base, patterns)
        return [found for path in matches for found in self._one(path, source)]

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

    def _match(self, base: str, patterns: list[str]) -> list[str]:
        """The paths below `base` whose components match the patterns; links are not followed."""
        pattern = compile_pattern(patterns[0])
        found = []
        for name, mode in self._names(base):
            path = f"{base}/{name}" if base else name
            if not pattern.fullmatch(name) or self._excluded(path, stat.S_ISDIR(mode)):
                continue
            if len(patterns) == 1:
                found.append(path)
            elif stat.S_ISDIR(mode):
                found.extend(self._match(path, patterns[1:]))
        return found

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
        target = os.readlink(self.root / path)  # noqa: PTH115 (a Path would change the text)
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
        try:
            if stat.S_ISREG(status.st_mode):
                return File(mode=mode, data=(self.root / path).read_bytes())
            if stat.S_ISDIR(status.st_mode):
                return Directory(mode=mode)
            if stat.S_ISLNK(status.st_mode):
                target = os.readlink(self.root / path)  # noqa: PTH115
                return Symlink(target=name_text(os.fsencode(target)))
        except OSError as error:
            raise _unreadable(path, source, error) from error
        return None

    def _fill(self, directory: Directory, path: str, source: str) -> None:
        for name, _mode in self._names(path):
            child = self._load(f"{path}/{name}" if path else name, source)
            if child is not None:
                directory.entries[name] = child

    def _names(self, path: str) -> list[tuple[str, int]]:
        """The names in a folder with their modes, sorted by their bytes."""
        try:
            with os.scandir(self.root / path) as entries:
                names = [
                    (entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in entries
                ]
        except NotADirectoryError:
            return []
        except OSError as error:
            raise _unreadable(path, path, error) from error
        return sorted(names, key=lambda pair: os.fsencode(pair[0]))

    def _lstat(self, path: str) -> os.stat_result | None:
        try:
            return (self.root / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(path, path, error) from error

    def _excluded(self, path: str, is_directory: bool) -> bool:
        return self._ignore.excludes(path, is_directory)


def _outside(source: str, link: bool = False) -> ContextEscapeError:
    how = "leads out of the build context by a symbolic link" if link else "is outside the context"
    return ContextEscapeError(
        f"`{source}` {how}.",
        hint="Copy what is needed into the context, or choose a context that contains it.",
    )


def _unreadable(path: str, source: str, error: Exception) -> CopySourceError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return CopySourceError(
        f"`{path or source}` cannot be read: {reason}.",
        hint=f"Make it readable, or leave it out: add `{path or source}` to `.dockerignore`.",
    )
