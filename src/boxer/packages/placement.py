"""A wheel's files into a prefix, and out of it again.

Belongs here: a source and a destination for `installer`, which knows what a wheel means, and
uninstalling by RECORD. Does not: reading wheels (`wheel`).

Invariants
1. Nothing is written or removed outside the prefix; a wheel that tries is refused before anything
   is written.
2. All times are the step's, RECORD is sorted: the same wheel gives the same bytes.

Source: PyPA, "Binary distribution format", "Recording installed projects", "Entry points".
"""

from __future__ import annotations

import configparser
import csv
import io
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InvalidWheelSource
from installer.records import Hash, RecordEntry
from installer.sources import WheelContentElement, WheelSource
from installer.utils import SCHEME_NAMES, Scheme, construct_record_file

from boxer.filetree import Directory, File, Tree
from boxer.packages.prefix import Installed, Prefix
from boxer.packages.wheel import Wheel, bad_wheel, record_digest

if TYPE_CHECKING:
    from installer.scripts import ScriptSection


def install(
    tree: Tree,
    prefix: Prefix,
    wheel: Wheel,
    owner: tuple[int, int],
    epoch: int,
    requested: bool,
) -> None:
    """Puts a wheel's files into a prefix. requested: named by the user, not only a dependency.

    Raises BadWheelError; nothing is written then.
    """
    _check_data_files(wheel)
    destination = _Destination(prefix, wheel)
    own = {"INSTALLER": b"pip\n", **({"REQUESTED": b""} if requested else {})}
    try:
        installer.install(_Source(wheel), destination, own)
    except configparser.Error as error:
        raise bad_wheel(wheel.filename, f"its entry_points.txt cannot be read: {error}") from error
    except AssertionError as error:  # what `installer` says of an entry point without a function
        raise bad_wheel(wheel.filename, "its entry_points.txt has a script that is none") from error
    except InvalidWheelSource as error:
        raise bad_wheel(wheel.filename, str(error)) from error
    _check_places(tree, prefix, wheel, destination.files)
    uid, gid = owner
    for path, (data, executable) in destination.files.items():
        mode = 0o755 if executable else 0o644
        tree.make_directories(path.rpartition("/")[0], uid=uid, gid=gid, mtime=epoch)
        tree.add_file(path, data, mode, uid, gid, epoch)


def uninstall(tree: Tree, prefix: Prefix, present: Installed) -> None:
    """Removes the files a distribution's RECORD lists, and the folders that are empty then."""
    record = tree.get(f"{present.folder}/RECORD")
    text = record.data.decode("utf-8", "replace") if isinstance(record, File) else ""
    base = prefix.site_packages.strip("/").split("/")
    folders: set[str] = set()
    for row in csv.reader(io.StringIO(text)):
        if not row:
            continue
        path = _recorded_path(base, row[0])
        if not path.startswith(prefix.root.rstrip("/") + "/"):
            continue
        if isinstance(tree.get(path, follow=False), File):
            tree.remove(path)
        folders.add(path.rpartition("/")[0])
    tree_info = tree.get(present.folder)
    if isinstance(tree_info, Directory):
        tree.remove(present.folder, recursive=True)
    for folder in sorted(folders, key=len, reverse=True):
        _remove_empty(tree, folder, prefix.site_packages)


class _Source(WheelSource):
    """A wheel that was read, as `installer` asks for it. Signatures of its RECORD, which is made
    anew, and byte code, which the box's interpreter makes itself, are left out."""

    def __init__(self, wheel: Wheel) -> None:
        super().__init__(wheel.name, wheel.version)
        self._wheel = wheel

    @property
    def dist_info_dir(self) -> str:
        return self._wheel.info

    @property
    def data_dir(self) -> str:
        return _data_folder(self._wheel)

    @property
    def dist_info_filenames(self) -> list[str]:
        head = f"{self._wheel.info}/"
        return [m.name.removeprefix(head) for m in self._wheel.members if m.name.startswith(head)]

    def read_dist_info(self, filename: str) -> str:
        return self._wheel.text(filename)

    def get_contents(self) -> Iterator[WheelContentElement]:
        skipped = {f"{self._wheel.info}/{name}" for name in ("RECORD.jws", "RECORD.p7s")}
        for member in self._wheel.members:
            if member.name not in skipped and "__pycache__" not in member.name.split("/")[:-1]:
                yield (member.name, "", ""), io.BytesIO(member.data), member.executable


class _Destination(WheelDestination):
    """Keeps what is to be written, by its absolute path: bytes, and whether it is executable."""

    def __init__(self, prefix: Prefix, wheel: Wheel) -> None:
        self.files: dict[str, tuple[bytes, bool]] = {}
        self._prefix = prefix
        self._wheel = wheel
        self._homes = {
            "purelib": prefix.site_packages,
            "platlib": prefix.site_packages,
            "scripts": prefix.scripts,
            "headers": prefix.headers(wheel.name),
            "data": prefix.root,
        }

    def write_script(
        self, name: str, module: str, attr: str, section: ScriptSection
    ) -> RecordEntry:
        if "/" in name or name in ("", ".", "..") or not attr:
            raise bad_wheel(self._wheel.filename, f"its script `{name}` is not one")
        code = _launcher(self._prefix.python, module, attr)
        return self._keep("scripts", name, code.encode(), True)

    def write_file(
        self, scheme: Scheme, path: str | PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        data = stream.read()
        if scheme == "scripts":
            return self._keep(scheme, str(path), _script(data, self._prefix), True)
        return self._keep(scheme, str(path), data, is_executable)

    def finalize_installation(
        self,
        scheme: Scheme,
        record_file_path: str,
        records: Iterable[tuple[Scheme, RecordEntry]],
    ) -> None:
        with construct_record_file(records) as stream:
            self._keep(scheme, record_file_path, stream.read(), False)

    def _keep(self, scheme: str, path: str, data: bytes, executable: bool) -> RecordEntry:
        place = f"{self._homes[scheme]}/{path}"
        self.files[place] = (data, executable)
        algorithm, _, digest = record_digest(data).partition("=")
        return RecordEntry(_relative(place, self._prefix), Hash(algorithm, digest), len(data))


def _data_folder(wheel: Wheel) -> str:
    return wheel.info.removesuffix(".dist-info") + ".data"


def _check_data_files(wheel: Wheel) -> None:
    """Every file of NAME-VERSION.data is a file of a kind: `installer` counts on it."""
    folder = _data_folder(wheel)
    for member in wheel.members:
        head, _, rest = member.name.partition("/")
        kind, _, path = rest.partition("/")
        if head == folder and not (kind in SCHEME_NAMES and path):
            raise bad_wheel(wheel.filename, f"`{member.name}` is of no known kind")


def _script(data: bytes, prefix: Prefix) -> bytes:
    """`#!python` in a script means the prefix's interpreter."""
    if not data.startswith((b"#!python", b"#!pythonw")):
        return data
    first, newline, rest = data.partition(b"\n")
    arguments = first.partition(b" ")[2]
    line = b"#!" + prefix.python.encode() + (b" " + arguments if arguments else b"")
    return line + newline + rest


def _launcher(python: str, module: str, function: str) -> str:
    """The script pip writes (distlib's template)."""
    imported = function.split(".")[0]
    return (
        f"#!{python}\n"
        "import sys\n"
        f"from {module} import {imported}\n"
        "if __name__ == '__main__':\n"
        "    if sys.argv[0].endswith('.exe'):\n"
        "        sys.argv[0] = sys.argv[0][:-4]\n"
        f"    sys.exit({function}())\n"
    )


def _relative(path: str, prefix: Prefix) -> str:
    if path.startswith(prefix.site_packages + "/"):
        return path[len(prefix.site_packages) + 1 :]
    ups = prefix.site_packages[len(prefix.root) :].count("/")
    return "../" * ups + path[len(prefix.root) + 1 :]


def _recorded_path(base: list[str], row: str) -> str:
    """A path of RECORD, which is relative to site-packages, as an absolute one."""
    parts = [] if row.startswith("/") else list(base)
    for part in row.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _check_places(tree: Tree, prefix: Prefix, wheel: Wheel, files: Iterable[str]) -> None:
    """No file may take a folder's place or go through a link that leads out of the prefix."""
    root = tree.resolve(prefix.root)
    for folder in {path.rpartition("/")[0] for path in files}:
        resolved = tree.resolve(folder)
        if root != "/" and resolved != root and not resolved.startswith(root + "/"):
            raise bad_wheel(wheel.filename, f"`{folder}` leads out of `{prefix.root}`")
    for path in files:
        if isinstance(tree.get(path, follow=False), Directory):
            raise bad_wheel(wheel.filename, f"`{path}` is a folder of the box")


def _remove_empty(tree: Tree, folder: str, stop: str) -> None:
    while folder.startswith(stop + "/"):
        node = tree.get(folder, follow=False)
        if isinstance(node, Directory):
            cache = node.entries.get("__pycache__")
            if set(node.entries) == {"__pycache__"} and isinstance(cache, Directory):
                del node.entries["__pycache__"]
            if node.entries:
                return
            tree.remove(folder)
        folder = folder.rpartition("/")[0]
