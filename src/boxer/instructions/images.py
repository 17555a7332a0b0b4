"""Images outside the Dockerfile that a build has an answer for, and the program they are named for.

Belongs here: what such an image holds, as far as a build can use it. Does not: bases (`bases`).

There is one: uv's own image, from which nearly everyone who names an image copies `/uv`.
"""

from __future__ import annotations

import re

from boxer.filetree import Tree
from boxer.userland import add_tool

_UV = re.compile(r"(?:[^/]+/)?astral-sh/uv(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


def known_image(reference: str) -> Tree | None:
    """The files of an image Boxer knows, None for any other."""
    if not _UV.fullmatch(reference):
        return None
    tree = Tree()
    for folder in ("", "/usr/local/bin"):
        add_tool(tree, "uv", folder, 0)
    return tree
