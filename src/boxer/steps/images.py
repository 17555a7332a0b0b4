"""Images outside the Dockerfile that `COPY --from` names and that we have an answer for.

Belongs here: what such an image holds, as far as a build can use it. Does not: bases (`bases`).

There is one: uv's own image, from which nearly everyone who names an image copies `/uv`. A build's
uv is ours (`shell.commands.pip`), so the file only has to be there and lead to it.
"""

from __future__ import annotations

import re

from boxer.filetree import Tree
from boxer.steps.shell.programs import BUILT_IN

_UV = re.compile(r"(?:[^/]+/)?astral-sh/uv(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


def known_image(reference: str) -> Tree | None:
    """The files of an image Boxer knows, None for any other."""
    if not _UV.fullmatch(reference):
        return None
    tree = Tree()
    for folder in ("", "/usr/local/bin"):
        for name in ("uv", "uvx"):
            tree.add_file(f"{folder}/{name}", BUILT_IN + name.encode() + b"\n", mode=0o755)
    return tree
