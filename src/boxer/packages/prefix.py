"""Where Python packages live in a tree: the base's own place, or a virtual environment.

Belongs here: the paths below a prefix, and the distributions that are installed there. Does not:
installing (`wheel`), resolving (`resolve`).

Source: PyPA, "Recording installed projects", "Core metadata specifications".
"""

from __future__ import annotations

import email.parser
import re
from dataclasses import dataclass
from email.message import Message

from boxer.filetree import Directory, File, Tree
from boxer.images import Python

_MAX_LICENSE = 100  # a longer License field is the text itself, not a name


@dataclass(frozen=True, slots=True)
class Prefix:
    """A place packages are installed in.

    root: `/usr/local`, a virtual environment's folder, what --prefix or --target names, ~/.local.
    version: the `X.Y` of the interpreter, and python its path, which scripts name in their first
    line. flat: modules lie in the root itself (--target). sees_base: the base's packages can be
    imported there too.
    """

    root: str
    version: str
    python: str
    flat: bool = False
    sees_base: bool = False

    @classmethod
    def of_base(cls, python: Python) -> Prefix:
        """The base's own place."""
        return cls(python.prefix, python.series, python.program)

    @classmethod
    def of_environment(cls, root: str, python: Python, *, sees_base: bool = False) -> Prefix:
        """A virtual environment's."""
        return cls(root, python.series, f"{root}/bin/python", sees_base=sees_base)

    @property
    def site_packages(self) -> str:
        return self.root if self.flat else f"{self.root}/lib/python{self.version}/site-packages"

    @property
    def scripts(self) -> str:
        return f"{self.root}/bin"

    def headers(self, name: str) -> str:
        return f"{self.root}/include/python{self.version}/{name}"


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution found in a tree. folder: its .dist-info."""

    name: str
    version: str
    folder: str
    metadata: Message

    @property
    def key(self) -> str:
        return normalize(self.name)


def normalize(name: str) -> str:
    """The name by which projects are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(tree: Tree, prefix: Prefix) -> dict[str, Installed]:
    """The distributions in a prefix by their normalised names; broken ones are left out."""
    node = tree.get(prefix.site_packages)
    found: dict[str, Installed] = {}
    if not isinstance(node, Directory):
        return found
    for name, child in node.sorted_entries():
        if not name.endswith(".dist-info") or not isinstance(child, Directory):
            continue
        file = child.entries.get("METADATA")
        if isinstance(file, File):
            metadata = parse_metadata(file.data)
            folder = f"{prefix.site_packages}/{name}"
            entry = Installed(metadata["Name"] or "", metadata["Version"] or "", folder, metadata)
            if entry.name:
                found[entry.key] = entry
    return found


def parse_metadata(data: bytes) -> Message:
    """METADATA as a message; bytes that are not UTF-8 are replaced."""
    return email.parser.Parser().parsestr(data.decode("utf-8", "replace"))


def license_of(metadata: Message) -> str:
    """The licence a distribution states: SPDX expression, field or classifier; empty if none."""
    expression = metadata["License-Expression"]
    if expression:
        return str(expression).strip()
    classified = [
        str(line).rpartition("::")[2].strip()
        for line in metadata.get_all("Classifier", [])
        if str(line).startswith("License ::")
    ]
    stated = str(metadata["License"] or "").strip()
    if stated and "\n" not in stated and len(stated) <= _MAX_LICENSE and stated != "UNKNOWN":
        return stated
    return " AND ".join(name for name in classified if name != "OSI Approved")
