"""A wheel's files into a prefix, and out of it again.

Belongs here: where each file goes, scripts, RECORD, and uninstalling by RECORD. Does not: reading
wheels (`wheel`).

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
import re
from collections.abc import Iterator

from boxer.filetree import Directory, File, Tree
from boxer.packages.prefix import Installed, Prefix
from boxer.packages.wheel import Wheel, bad_wheel, record_digest

_ENTRY_POINT = re.compile(r"([\w.]+)\s*(?::\s*([\w.]+))?\s*(?:\[.*\])?")


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
    files = list(_placed(prefix, wheel))
    files += _entry_point_scripts(prefix, wheel)
    files.append((f"{prefix.site_packages}/{wheel.info}/INSTALLER", b"pip\n", False))
    if requested:
        files.append((f"{prefix.site_packages}/{wheel.info}/REQUESTED", b"", False))
    files.append(_record(prefix, wheel, files))
    _check_places(tree, prefix, wheel, files)
    uid, gid = owner
    for path, data, executable in files:
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


def _placed(prefix: Prefix, wheel: Wheel) -> Iterator[tuple[str, bytes, bool]]:
    """Where each member goes. RECORD is made anew, and signatures of it mean nothing then."""
    data_folder = wheel.info.removesuffix(".dist-info") + ".data/"
    homes = {
        "purelib": prefix.site_packages,
        "platlib": prefix.site_packages,
        "scripts": prefix.scripts,
        "headers": prefix.headers(wheel.name),
        "data": prefix.root,
    }
    skipped = {f"{wheel.info}/{name}" for name in ("RECORD", "RECORD.jws", "RECORD.p7s")}
    for member in wheel.members:
        if member.name in skipped:
            continue
        if not member.name.startswith(data_folder):
            yield f"{prefix.site_packages}/{member.name}", member.data, member.executable
            continue
        kind, _, rest = member.name[len(data_folder) :].partition("/")
        if kind not in homes or not rest:
            raise bad_wheel(wheel.filename, f"`{member.name}` is of no known kind")
        if kind == "scripts":
            yield f"{homes[kind]}/{rest}", _script(member.data, prefix), True
        else:
            yield f"{homes[kind]}/{rest}", member.data, member.executable


def _script(data: bytes, prefix: Prefix) -> bytes:
    """`#!python` in a script means the prefix's interpreter."""
    if not data.startswith((b"#!python", b"#!pythonw")):
        return data
    first, newline, rest = data.partition(b"\n")
    arguments = first.partition(b" ")[2]
    line = b"#!" + prefix.python.encode() + (b" " + arguments if arguments else b"")
    return line + newline + rest


def _entry_point_scripts(prefix: Prefix, wheel: Wheel) -> list[tuple[str, bytes, bool]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(wheel.text("entry_points.txt"))
    except configparser.Error as error:
        raise bad_wheel(wheel.filename, f"its entry_points.txt cannot be read: {error}") from error
    scripts = []
    for section in ("console_scripts", "gui_scripts"):
        for name, target in parser.items(section) if parser.has_section(section) else ():
            match = _ENTRY_POINT.fullmatch(target.strip())
            if "/" in name or name in ("", ".", "..") or match is None or not match[2]:
                raise bad_wheel(wheel.filename, f"its script `{name}` is not one")
            code = _launcher(prefix.python, match[1], match[2])
            scripts.append((f"{prefix.scripts}/{name}", code.encode(), True))
    return scripts


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


def _record(
    prefix: Prefix, wheel: Wheel, files: list[tuple[str, bytes, bool]]
) -> tuple[str, bytes, bool]:
    path = f"{prefix.site_packages}/{wheel.info}/RECORD"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = [
        (_relative(file, prefix), record_digest(data), str(len(data))) for file, data, _ in files
    ]
    writer.writerows(sorted([*rows, (_relative(path, prefix), "", "")]))
    return path, out.getvalue().encode("utf-8", "surrogateescape"), False


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


def _check_places(
    tree: Tree, prefix: Prefix, wheel: Wheel, files: list[tuple[str, bytes, bool]]
) -> None:
    """No file may take a folder's place or go through a link that leads out of the prefix."""
    root = tree.resolve(prefix.root)
    for folder in {path.rpartition("/")[0] for path, _, _ in files}:
        resolved = tree.resolve(folder)
        if root != "/" and resolved != root and not resolved.startswith(root + "/"):
            raise bad_wheel(wheel.filename, f"`{folder}` leads out of `{prefix.root}`")
    for path, _, _ in files:
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
