"""Files of a living machine: read, written, listed, watched; trees in and out.

Belongs here: whole files and trees. Does not: one request (guest/python/boxer/_files.py).

Invariants
1. A file is moved in pieces; what is kept of it here is bounded by `most`.
2. Names and sizes a guest tells are data: a download writes no name to this host, but a tar file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from boxer.errors import GuestFileError, InputTooLargeError, MachineOverError
from boxer.runtime import Attendance, Event, TooDeepError, TooManyError, measure

PIECE = 1 << 20
MOST = 1 << 30
MOST_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a machine says of a file. type: file, directory, symlink or other. mtime: nanoseconds
    since 1970. target: of a symbolic link."""

    name: str
    path: str
    type: str
    mode: int
    size: int
    mtime: int
    uid: int
    gid: int
    owner: str
    group: str
    inode: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """kind: create, write, remove or chmod. path: beneath the folder that is watched."""

    kind: str
    path: str
    entry: FileInfo | None = None


class Files:
    """The files of one machine. Paths are the machine's; relative ones begin in its working
    directory. What cannot be done raises `GuestFileError`, with Linux's errno; what ended the
    machine, `MachineOverError`."""

    def __init__(self, attendance: Attendance) -> None:
        self._attendance = attendance

    def read(self, path: str, *, most: int = MOST) -> bytes:
        """All of a file. most: bytes; `InputTooLargeError` beyond."""
        return b"".join(self.pieces(path, most=most))

    def read_text(self, path: str, *, most: int = MOST) -> str:
        """All of a file, as UTF-8."""
        return self.read(path, most=most).decode("utf-8")

    def pieces(self, path: str, *, most: int = MOST) -> Iterator[bytes]:
        """A file, MiB by MiB."""
        offset = 0
        while True:
            event = self._ask("read", path=path, offset=offset, size=PIECE)
            offset += len(event.body)
            if offset > most:
                raise InputTooLargeError(
                    f"The file `{path}` of the machine has more than {most} bytes."
                )
            if event.body:
                yield event.body
            if len(event.body) < PIECE:
                return

    def write(
        self,
        path: str,
        data: bytes | str | BinaryIO,
        *,
        mode: int | None = None,
        owner: tuple[int, int] | None = None,
    ) -> FileInfo:
        """Writes a file anew, and makes the folders it is in. mode: its permissions, default those
        it has, or 0644. owner: uid, gid of what is made."""
        source = io.BytesIO(data.encode() if isinstance(data, str) else data) if isinstance(
            data, (bytes, bytearray, str)) else data  # fmt: skip
        begins, event = True, None
        piece = source.read(PIECE)
        while True:
            following = source.read(PIECE)
            ends = not following
            event = self._ask(
                "write", piece, path=path, begins=begins, ends=ends, owner=owner,
                mode=mode if ends else None,
            )  # fmt: skip
            if ends:
                return info_of(event.head.get("entry"))
            begins, piece = False, following

    def list(self, path: str = ".", *, depth: int = 1) -> list[FileInfo]:
        """What is in a folder, so many folders deep; 100,000 at most."""
        if depth < 1:
            raise ValueError("depth is at least 1")
        return entries_of(self._ask("list", path=path, depth=min(depth, 256)))

    def stat(self, path: str, *, follow: bool = True) -> FileInfo:
        """follow: what a symbolic link leads to, not the link."""
        return info_of(self._ask("stat", path=path, follow=follow).head.get("entry"))

    def exists(self, path: str) -> bool:
        """Whether there is something of that name."""
        try:
            self.stat(path, follow=False)
        except GuestFileError as error:
            if error.type in ("FileNotFoundError", "NotADirectoryError"):
                return False
            raise
        return True

    def mkdir(self, path: str, *, owner: tuple[int, int] | None = None) -> bool:
        """Makes a folder and those it is in. False: it was there."""
        return bool(self._ask("mkdir", path=path, owner=owner).head.get("made"))

    def remove(self, path: str, *, recursive: bool = True) -> None:
        """Removes a file, or a folder with all in it."""
        self._ask("remove", path=path, recursive=recursive)

    def rename(self, path: str, to: str) -> FileInfo:
        """Renames, as rename(2)."""
        return info_of(self._ask("rename", path=path, to=to).head.get("entry"))

    def symlink(self, target: str, path: str) -> None:
        """Makes a symbolic link at `path`."""
        self._ask("link", path=path, target=target)

    def upload(self, source: str | os.PathLike[str] | BinaryIO, to: str = ".") -> int:
        """A folder or a tar file of this host's, into a folder of the machine. How many files.
        Names that lead out of it are refused with ValueError; devices are left out."""
        if not isinstance(source, (str, os.PathLike)):
            with contextlib.ExitStack() as stack:
                if not source.seekable():
                    whole = stack.enter_context(tempfile.TemporaryFile())
                    shutil.copyfileobj(source, whole)
                    whole.seek(0)
                    source = whole
                archive = stack.enter_context(tarfile.open(fileobj=source, mode="r:*"))
                return self._unpack(archive, to)
        if Path(source).is_dir():
            return self._upload_folder(Path(source), to)
        with tarfile.open(os.fspath(source), mode="r:*") as archive:
            return self._unpack(archive, to)

    def download(self, path: str, file: BinaryIO, *, inside: bool = False, most: int = MOST) -> int:
        """A file or folder of the machine, as a tar file written to `file`. How many files. inside:
        names begin in the folder, not with its own. most: bytes of all together;
        `InputTooLargeError` beyond."""
        top = self.stat(path, follow=False)
        entries = [top]
        if top.type == "directory":
            entries += self.list(path, depth=256)
        root, count = top.path.rstrip("/"), 0
        with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for entry in entries:
                inner = entry.path[len(root) :].lstrip("/")
                top_name = "." if inside else PurePosixPath(root).name or "."
                name = inner if inside and inner else f"{top_name}/{inner}".rstrip("/")
                most -= self._pack(archive, entry, name, most)
                count += 1
        return count

    def watch(
        self,
        path: str,
        *,
        recursive: bool = False,
        interval: float = 0.2,
        timeout: float | None = None,
    ) -> Iterator[Change]:
        """What changes in a folder from now on, seen each `interval` seconds, for `timeout` seconds
        (None: as long as one asks)."""
        before = self.scan(path, recursive=recursive)
        until = None if timeout is None else time.monotonic() + timeout
        return self._changes(before, path, recursive, interval, until)

    def _changes(
        self,
        before: dict[str, FileInfo],
        path: str,
        recursive: bool,
        interval: float,
        until: float | None,
    ) -> Iterator[Change]:
        while until is None or time.monotonic() < until:
            time.sleep(interval)
            now = self.scan(path, recursive=recursive)
            yield from changes(before, now)
            before = now

    def scan(self, path: str, *, recursive: bool = False) -> dict[str, FileInfo]:
        """What is in a folder now, by its path beneath it."""
        start = len(path.rstrip("/")) + 1
        entries = self.list(path, depth=256 if recursive else 1)
        return {entry.path[start:]: entry for entry in entries}

    def users(self) -> dict[str, Any]:
        """The machine's accounts: {"users": {name: [uid, gid, home]}, "uid", "cwd", "home"}."""
        return dict(self._ask("users").head)

    def _ask(self, what: str, body: bytes = b"", **more: Any) -> Event:
        for value in more.values():
            if isinstance(value, str) and "\0" in value:
                raise ValueError("a path cannot hold a NUL character")
        return self._attendance.ask({"op": "file", "do": what, **more}, body).result()

    def _upload_folder(self, folder: Path, to: str) -> int:
        count = 0
        for parent, folders, names in os.walk(folder):
            below = Path(parent).relative_to(folder)
            for name in folders:
                self.mkdir(str(PurePosixPath(to, below, name)))
            for name in names:
                source, target = Path(parent, name), str(PurePosixPath(to, below, name))
                if source.is_symlink():
                    self._replace_link(str(source.readlink()), target)
                elif source.is_file():
                    with source.open("rb") as file:
                        self.write(target, file, mode=source.stat().st_mode & 0o777)
                else:
                    continue
                count += 1
        return count

    def _unpack(self, archive: tarfile.TarFile, to: str) -> int:
        count = 0
        for member in archive:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise ValueError(f"the archive's `{member.name}` leads out of its folder")
            target = str(PurePosixPath(to, name))
            if member.isdir():
                self.mkdir(target)
            elif member.issym():
                self._replace_link(member.linkname, target)
            elif member.isfile() and (content := archive.extractfile(member)) is not None:
                self.write(target, content, mode=member.mode & 0o777)  # type: ignore[arg-type]
            elif member.islnk():
                linked = archive.extractfile(member)
                if linked is not None:
                    self.write(target, linked, mode=member.mode & 0o777)  # type: ignore[arg-type]
            else:
                continue
            count += 1
        return count

    def _replace_link(self, target: str, path: str) -> None:
        self.mkdir(str(PurePosixPath(path).parent))
        if self.exists(path):
            self.remove(path)
        self.symlink(target, path)

    def _pack(self, archive: tarfile.TarFile, entry: FileInfo, name: str, most: int) -> int:
        member = tarfile.TarInfo(name)
        member.mode, member.mtime = entry.mode, entry.mtime / 1e9
        member.uid, member.gid = entry.uid, entry.gid
        if entry.type == "directory":
            member.type = tarfile.DIRTYPE
        elif entry.type == "symlink":
            member.type, member.linkname = tarfile.SYMTYPE, entry.target or ""
        elif entry.type == "file":
            # It may change while it is read: the size is that of what was read.
            content = self.read(entry.path, most=most)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            return len(content)
        else:
            return 0
        archive.addfile(member)
        return 0


def entries_of(event: Event) -> list[FileInfo]:
    """What `list` says. Raises `MachineOverError` where it is no list."""
    try:
        measure(event.body, 1 << 30)
        told = json.loads(event.body)
    except (ValueError, RecursionError, TooDeepError, TooManyError):
        told = None
    if not isinstance(told, list) or len(told) > MOST_ENTRIES:
        raise MachineOverError("The machine's answer cannot be read.")
    return [info_of(one) for one in told]


def info_of(told: object) -> FileInfo:
    """An entry as a machine tells it. Raises `MachineOverError` where it is none."""
    if isinstance(told, dict):
        numbers = [told.get(name) for name in ("mode", "size", "mtime", "uid", "gid", "ino")]
        texts = [told.get(name) for name in ("name", "path", "type", "owner", "group")]
        target = told.get("target")
        if all(type(one) is int for one in numbers) and all(type(one) is str for one in texts):
            mode, size, mtime, uid, gid, inode = (int(str(one)) for one in numbers)
            name, path, kind, owner, group = (str(one) for one in texts)
            link = target if isinstance(target, str) else None
            return FileInfo(
                name, path, kind, mode, size, mtime, uid, gid, owner, group, inode, link
            )
    raise MachineOverError("The machine's answer cannot be read.")


def changes(before: dict[str, FileInfo], now: dict[str, FileInfo]) -> Iterator[Change]:
    """What happened between two scans, so far as they tell. A renamed file is one that was removed
    and one that was made."""
    for path, entry in before.items():
        if path not in now:
            yield Change("remove", path, entry)
    for path, entry in now.items():
        known = before.get(path)
        if known is None:
            yield Change("create", path, entry)
            if entry.type == "file" and entry.size:
                yield Change("write", path, entry)
        elif (known.mtime, known.size) != (entry.mtime, entry.size) and entry.type == "file":
            yield Change("write", path, entry)
        elif known.mode != entry.mode:
            yield Change("chmod", path, entry)
