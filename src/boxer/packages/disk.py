"""Files of the box on this machine's disk, for programs that read projects: uv, build back ends.

Belongs here: writing them at their own paths below a folder, so that `../lib` means what it means
in the box; the way back, also in what such a program says. Does not: running any program.

What describes projects and archives of packages is written wherever it lies in the box; all of a
project's files only where they are asked for.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from boxer.filetree import Directory, File, Node, Symlink, Tree
from boxer.packages.projects.shapes import PYPROJECT, read_toml

IN_BOX = "box://"  # before the path of a file of the box, where others have `https://`
_DESCRIBING = re.compile(
    r"pyproject\.toml|uv\.lock|uv\.toml|pylock\.(?:[^.]+\.)?toml|\.python-version"
    r"|README[^/]*|setup\.(?:py|cfg)|.+\.whl|.+\.tar\.gz"
)
# Where such a file names a path of the box: an address, or an absolute path as a value.
_READ_BY_UV = ("pyproject.toml", "uv.lock", "uv.toml")
_SETTINGS = ("uv.toml", "pyproject.toml")
_ADDRESS = re.compile(rb"\bfile://(?=/)")
_PATH = re.compile(
    rb"((?:path|url|directory|editable|registry|find-links)[\"']?\s*=\s*\[?\s*[\"'])(?=/)"
)
# What was installed, and what no project's description lies in.
_PASSED_OVER = frozenset(("site-packages", "node_modules", ".git", "__pycache__", ".venv"))
_DYNAMIC = re.compile(rb"^\s*dynamic\s*=", re.MULTILINE)


class Disk:
    """Files of a tree below `folder`, which is empty. Paths of the box are absolute."""

    def __init__(self, tree: Tree, folder: Path) -> None:
        self._tree = tree
        self.root = folder.resolve() / "box"
        self.root.mkdir()
        (self.root / "uv.toml").touch()  # what lies above is this machine's
        self._write_descriptions(tree.directory("/"), "/")

    def host(self, path: str) -> Path:
        """Where a path of the box lies, or would lie, on this machine."""
        return self.root / self._tree.resolve(path).lstrip("/")

    def host_word(self, word: str) -> str:
        """An argument of a command line: absolute paths, `file:` addresses, values of `--name=`.
        A file that is named is written."""
        name, equals, value = word.partition("=")
        if name.startswith("-") and equals:
            return f"{name}={self.host_word(value)}"
        if word.startswith("/"):
            self.write_file(word)
            return str(self.host(word))
        return re.sub(r"\bfile://(?=/)", lambda _: f"file://{self.root}", word)

    def box(self, path: str | Path) -> str | None:
        """The path in the box of one of this machine; None for one that is none of ours."""
        text = posixpath.normpath(str(path))
        if text == str(self.root):
            return "/"
        head = f"{self.root}/"
        return text.removeprefix(str(self.root)) if text.startswith(head) else None

    def address(self, url: str) -> str:
        """An address with IN_BOX as one of this machine."""
        return self.host(url.removeprefix(IN_BOX)).as_uri() if url.startswith(IN_BOX) else url

    def box_address(self, url: str) -> str:
        """The way back: an address of this machine that means a file of the box."""
        return (
            IN_BOX + url.removeprefix(self.root.as_uri())
            if url.startswith(self.root.as_uri() + "/")
            else url
        )

    def holds(self, path: str) -> bool:
        """Whether the box has something at a path."""
        return self._tree.get(path) is not None

    def uv_tables(self, cwd: str, variables: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The settings of uv that count in a folder of the box: those of its projects, its user."""
        user = variables.get("XDG_CONFIG_HOME") or f"{variables.get('HOME') or '/root'}/.config"
        folders = [cwd, *(str(path) for path in PurePosixPath(cwd).parents)]
        places = [f"{folder}/{name}" for folder in folders for name in _SETTINGS]
        for path in (*places, f"{user}/uv/uv.toml", "/etc/uv/uv.toml"):
            node = self._tree.get(path)
            with contextlib.suppress(ValueError):  # uv says what is wrong with it
                data = node.data if isinstance(node, File) else b""
                if path.endswith("pyproject.toml"):
                    yield read_toml(data, PYPROJECT).get("tool", {}).get("uv", {})
                else:
                    yield read_toml(data, PYPROJECT["tool"]["uv"])

    def uv_settings(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Variables by which uv finds the box's uv.toml of its user and machine, where it has
        them, in the place of this machine's. variables: the RUN's."""
        home = variables.get("HOME") or "/root"
        user = variables.get("XDG_CONFIG_HOME") or f"{home}/.config"
        places = {"XDG_CONFIG_HOME": user, "XDG_CONFIG_DIRS": "/etc"}
        return {
            name: str(self.host(path))
            for name, path in places.items()
            if self.holds(f"{path}/uv/uv.toml")
        }

    def words(self, text: str) -> str:
        """What a program said, with the paths of the box."""
        return text.replace(str(self.root), "")

    def write(self, path: str) -> Path:
        """Writes all of a folder of the box. Gives where it lies."""
        place = self.host(path)
        self._write(self._tree.directory(path), place)
        return place

    def write_file(self, path: str) -> None:
        """Writes one file of the box, if it is one."""
        node, place = self._tree.get(path), self.host(path)
        if isinstance(node, File) and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            self._write(node, place)

    def changed(self, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
        """The files of these names that a program made or changed, by their paths in the box."""
        for place in sorted(self.root.rglob("*")):
            path = self.box(place)
            if place.name in names and path is not None and place.is_file():
                data = place.read_bytes().replace(str(self.root).encode(), b"")
                node = self._tree.get(path)
                if not isinstance(node, File) or node.data != data:
                    yield path, data

    def _write_descriptions(self, folder: Directory, path: str) -> None:
        described = [n for n in ("pyproject.toml", "setup.py") if n in folder.entries]
        if described and _must_be_built(folder):
            self._write(folder, self.root / path.lstrip("/"))
        for name, child in folder.sorted_entries():
            if isinstance(child, File) and _DESCRIBING.fullmatch(name):
                place = self.root / path.lstrip("/")
                place.mkdir(parents=True, exist_ok=True)
                self._write(child, place / name)
            elif isinstance(child, Directory) and name not in _PASSED_OVER:
                self._write_descriptions(child, posixpath.join(path, name))

    def _write(self, node: Node, path: Path) -> None:
        """A node without owners. Links that lead out of their folder are left out: they mean
        nothing here."""
        if isinstance(node, Directory):
            path.mkdir(parents=True, exist_ok=True)
            for name, child in node.sorted_entries():
                self._write(child, path / name)
        elif isinstance(node, File):
            data = node.data
            if path.name in _READ_BY_UV:
                root = str(self.root).encode()
                data = _ADDRESS.sub(lambda m: m[0] + root, data)
                data = _PATH.sub(lambda m: m[0] + root, data)
            path.write_bytes(data)
            path.chmod(0o755 if node.mode & 0o111 else 0o644)
        elif isinstance(node, Symlink) and _stays_inside(node.target) and not _there(path):
            path.symlink_to(node.target)


def _must_be_built(folder: Directory) -> bool:
    """Whether a project's requirements show only when its back end is asked."""
    node = folder.entries.get("pyproject.toml")
    data = node.data if isinstance(node, File) else b""
    return b"[project]" not in data or _DYNAMIC.search(data) is not None


def _stays_inside(target: str) -> bool:
    return not target.startswith("/") and ".." not in target.split("/")


def _there(path: Path) -> bool:
    return path.is_symlink() or path.exists()
