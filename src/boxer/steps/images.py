"""Images outside the Dockerfile that a build has an answer for, and the program they are named for.

Belongs here: what such an image holds, as far as a build can use it. Does not: bases (`bases`).

There is one: uv's own image, from which nearly everyone who names an image copies `/uv`. In a RUN
uv is ours (`shell.commands.uv`) and the file only leads to it. When the box runs it is a script of
the shell, which knows `uv run` alone: it starts the program with the project's environment.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

from boxer.filetree import Tree

_UV = re.compile(r"(?:[^/]+/)?astral-sh/uv(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


@functools.cache
def uv_script() -> bytes:
    """uv's file in a box."""
    return resources.files(__package__).joinpath("uv.sh").read_bytes()


def known_image(reference: str) -> Tree | None:
    """The files of an image Boxer knows, None for any other."""
    if not _UV.fullmatch(reference):
        return None
    tree = Tree()
    for folder in ("", "/usr/local/bin"):
        add_uv(tree, folder, 0)
    return tree


def add_uv(tree: Tree, folder: str, epoch: int) -> None:
    """uv as a program of the tree."""
    tree.make_directories(folder or "/")
    for name in ("uv", "uvx"):
        tree.add_file(f"{folder}/{name}", uv_script(), 0o755, 0, 0, epoch)
